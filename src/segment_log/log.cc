#include "segment_log/log.h"

#include <utility>

#include "segment_log/core.h"

namespace millrace::segment_log {

Log::Log(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Log::~Log() = default;

Result<std::unique_ptr<Log>> Log::open(Options options, World world) {
  auto core = std::make_unique<Core>(std::move(options), std::move(world));
  if (Status opened = core->open(); !opened) return fail(opened.error());
  return std::unique_ptr<Log>(new Log(std::move(core)));
}

Result<TargetId> Log::target(const TargetName& name) { return core_->target(name); }
void Log::observe(Observer* observer) { core_->observe(observer); }
std::vector<std::pair<TargetName, Amount>> Log::orphans() const { return core_->orphans(); }
Amount Log::untaken(TargetId target) const { return core_->untaken(target); }
std::optional<Amount> Log::settled_untaken(TargetId target) const {
  return core_->settled_untaken(target);
}
void Log::set_cap(std::span<const TargetId> targets, const Cap& cap) {
  core_->set_cap(targets, cap);
}
GivingUp Log::give_up_oldest(std::span<const TargetId> targets, RecordId before) {
  return core_->give_up_oldest(targets, before);
}
uint64_t Log::untaken_records(TargetId target) const { return core_->untaken_records(target); }
Result<RecordId> Log::append(NewRecord record, OnDurable on_durable) {
  return core_->append(std::move(record), std::move(on_durable));
}
void Log::finish(TargetId target, RecordId id) { core_->finish(target, id); }
void Log::untake(TargetId target, RecordId id, Amount rest) { core_->untake(target, id, rest); }
void Log::take(TargetId target, size_t bytes_max, Order order, OnRead on_read) {
  core_->take(target, bytes_max, order, std::move(on_read));
}
Numbers Log::numbers() const { return core_->numbers(); }
std::string Log::trouble() const { return core_->trouble(); }
std::string Log::refusal() const { return core_->refusal(); }
void Log::tick() { core_->tick(); }
void Log::close(std::move_only_function<void()> done) { core_->close(std::move(done)); }

}  // namespace millrace::segment_log
