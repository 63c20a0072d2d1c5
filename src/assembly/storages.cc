#include "assembly/storages.h"

#include <algorithm>
#include <utility>

namespace millrace::assembly {
namespace {

// What one destination may keep in memory at least: a few batches, whatever the budget.
constexpr uint64_t kMemoryShareMin = 2 << 20;

}  // namespace

Storages::~Storages() { end(); }

Status Storages::open(const Plan& plan, const World& world) {
  log_ = world.log;
  for (const StoragePlan& planned : plan.storages) {
    const segment_log::Options& options = planned.options.log;
    if (world.disk == nullptr || !world.make_lane) {
      return fail(Code::kFailedPrecondition, planned.id + ": no disk is at hand here");
    }
    if (!planned.options.creates_directory && !world.disk->list(options.directory)) {
      return fail(Code::kNotFound, "extension " + planned.id + ": the directory " +
                                       options.directory +
                                       " is not there (make it, or set create_directory: true)");
    }
    auto unit = std::make_unique<Unit>();
    unit->id = planned.id;
    unit->writes = world.make_lane("disk-writes");
    unit->reads = world.make_lane("disk-reads");
    auto log = segment_log::Log::open(options, {.disk = *world.disk,
                                                .writes = *unit->writes,
                                                .reads = *unit->reads,
                                                .wall_clock = world.wall_clock,
                                                .log = world.log,
                                                .at_point = world.at_point});
    if (!log) {
      return fail(log.error().code, "extension " + planned.id + ": " + log.error().message);
    }
    unit->log = std::move(*log);
    unit->storage = std::make_unique<pipeline::Storage>(*unit->log);
    units_.push_back(std::move(unit));
  }
  return {};
}

Status Storages::attach(const ExporterPlan& exporter, pipeline::Destination& destination,
                        ledger::Account& account, Budget& budget, size_t share_count) {
  if (!exporter.storage) return {};
  const config::SendingQueueConfig& queue = exporter.helper.queue;
  const uint64_t share = budget.limit() / 2 / std::max<size_t>(1, share_count);
  const pipeline::Backlog::Options options{
      .memory_bytes_max = std::max(kMemoryShareMin, share),
      .order = queue.order == config::QueueOrder::kNewestFirst ? segment_log::Order::kNewestFirst
                                                               : segment_log::Order::kOldestFirst,
      .spills = queue.spill,
      .survives_in_memory = queue.on_storage_error == config::OnStorageError::kMemory,
      .cap = {.payload_bytes_max = static_cast<uint64_t>(queue.storage_max_size),
              .age_max = queue.storage_max_age}};
  return units_[*exporter.storage]->storage->attach(destination.queue(), account, budget, options);
}

void Storages::add_loop(io::Loop& loop) {
  for (const auto& unit : units_) unit->storage->add_loop(loop);
}

void Storages::report(const Plan& plan) const {
  for (size_t index = 0; index < units_.size(); ++index) {
    const segment_log::Numbers numbers = units_[index]->log->numbers();
    const segment_log::Options& options = plan.storages[index].options.log;
    log_->info("storage is open", {{"extension", units_[index]->id},
                                   {"directory", options.directory},
                                   {"synced", options.fsync ? "yes" : "no"},
                                   {"recovered_records", numbers.records_recovered},
                                   {"quarantined_records", numbers.records_quarantined},
                                   {"torn_bytes_cut", numbers.torn_bytes_cut}});
    for (const auto& [name, amount] : units_[index]->log->orphans()) {
      log_->warn("data on disk is for a destination that is not configured",
                 {{"extension", units_[index]->id},
                  {"signal", signal_name(name.signal)},
                  {"pipeline", name.pipeline},
                  {"exporter", name.destination},
                  {"items", amount.items}});
    }
  }
}

void Storages::tick() {
  for (const auto& unit : units_) unit->log->tick();
}

void Storages::close(io::Loop& loop, std::function<void()> done) {
  if (units_.empty()) {
    done();
    return;
  }
  auto left = std::make_shared<size_t>(units_.size());
  auto shared_done = std::make_shared<std::function<void()>>(std::move(done));
  for (const auto& unit : units_) {
    unit->log->close([&loop, left, shared_done] {
      loop.post([left, shared_done] {
        if (--*left == 0) (*shared_done)();
      });
    });
  }
}

void Storages::end() {
  if (std::exchange(has_ended_, true)) return;  // the destinations may be gone by now
  for (const auto& unit : units_) {
    unit->storage->clear();
    unit->reads.reset();
    unit->writes.reset();
    unit->storage->clear();  // what the last read brought
  }
}

Storages::State Storages::state(size_t index) const {
  const Unit& unit = *units_[index];
  return {.id = unit.id, .numbers = unit.log->numbers(), .trouble = unit.log->trouble()};
}

}  // namespace millrace::assembly
