// The public functions. Each is one section under the log's lock, after which its messages go to
// the observer.
#include "segment_log/log.h"

#include <utility>

#include "base/check.h"
#include "segment_log/eviction.h"
#include "segment_log/read_lane.h"
#include "segment_log/shared.h"
#include "segment_log/write_lane.h"

namespace millrace::segment_log {
namespace {

// Bytes of the log's limit that the record takes.
uint64_t cost_of(const NewRecord& record) {
  const size_t metadata = record.metadata ? encoded_metadata_bytes(*record.metadata) : 0;
  return block_bytes(metadata + record.bytes.size()) + kIndexEntryBytes;
}

PendingRecord pending_record_of(NewRecord record, uint64_t cost, Log::OnDurable on_durable) {
  PendingRecord pending{.signal = record.signal,
                        .items = record.item_count,
                        .admitted_bytes = record.admitted_bytes,
                        .cost = cost,
                        .admitted_at = record.admitted_at,
                        .metadata = std::move(record.metadata),
                        .bytes = std::move(record.bytes),
                        .on_durable = std::move(on_durable)};
  for (const NewRecord::Want& want : record.wants) {
    MILLRACE_CHECK(want.target < kTargetsMax);
    const uint64_t bit = uint64_t{1} << want.target;
    pending.wanted |= bit;
    if (want.is_taken) pending.taken |= bit;
  }
  return pending;
}

}  // namespace

struct Log::Parts {
  Parts(Options options, World world) : shared(std::move(options), std::move(world)) {}

  LogShared shared;
  ReadLane reads{shared};
  WriteLane writes{shared, reads};
  Eviction eviction{shared};
};

Log::Log(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Log::~Log() = default;

Result<std::unique_ptr<Log>> Log::open(Options options, World world) {
  auto parts = std::make_unique<Parts>(std::move(options), std::move(world));
  LogShared& shared = parts->shared;
  if (Status opened = parts->writes.directory().open(); !opened) return fail(opened.error());
  Result<Recovered> recovered = recover(shared.place, shared.world.log);
  if (!recovered) return fail(recovered.error());
  {
    const MutexLock lock(shared.mutex);
    shared.state.adopt(std::move(*recovered));
  }
  const std::string& directory = shared.options.directory;
  if (Status writable = shared.world.disk.check_writable(directory); !writable) {
    parts->writes.refuse_appends(writable.error());
  }
  if (shared.world.log != nullptr && !shared.options.fsync) {
    shared.world.log->warn(
        "storage: fsync is off: what is answered as durable survives the end of the "
        "process, not a power cut",
        {{"directory", directory}});
  }
  return std::unique_ptr<Log>(new Log(std::move(parts)));
}

// --- Targets -----------------------------------------------------------------------------------

Result<TargetId> Log::target(const TargetName& name) {
  LogShared& shared = parts_->shared;
  const MutexLock lock(shared.mutex);
  if (const std::optional<TargetId> target = shared.state.targets.ask(name)) return *target;
  return fail(Code::kResourceExhausted,
              "storage " + shared.options.directory + " has " + std::to_string(kTargetsMax) +
                  " pairs of pipeline and destination already, with data of all of them; "
                  "there is no place for " +
                  name.pipeline + " to " + name.destination);
}

void Log::observe(Observer* observer) { parts_->shared.observer = observer; }

void Log::set_cap(std::span<const TargetId> targets, const Cap& cap) {
  parts_->eviction.set_cap(targets, cap);
}

std::vector<std::pair<TargetName, Amount>> Log::orphans() const {
  LogShared& shared = parts_->shared;
  const MutexLock lock(shared.mutex);
  std::vector<std::pair<TargetName, Amount>> orphans;
  for (const auto& [id, name] : shared.state.targets.names()) {
    const Amount& untaken = shared.state.untaken.of(id);
    if (!shared.state.targets.is_asked(id) && untaken.records > 0) {
      orphans.emplace_back(name, untaken);
    }
  }
  return orphans;
}

Amount Log::untaken(TargetId target) const {
  LogShared& shared = parts_->shared;
  const MutexLock lock(shared.mutex);
  return shared.state.untaken.of(target);
}

std::optional<Amount> Log::settled_untaken(TargetId target) const {
  LogShared& shared = parts_->shared;
  const MutexLock lock(shared.mutex);
  if (!shared.untold.empty()) return std::nullopt;
  return shared.state.untaken.of(target);
}

uint64_t Log::untaken_records(TargetId target) const {
  return parts_->shared.untaken_records.of(target);
}

// --- Records -----------------------------------------------------------------------------------

Result<RecordId> Log::append(NewRecord record, OnDurable on_durable) {
  const uint64_t cost = cost_of(record);
  LogShared& shared = parts_->shared;
  Notices notices(shared.untold);
  MutexLock lock(shared.mutex);
  LogState& state = shared.state;
  if (state.is_closing) return fail(Code::kUnavailable, "storage is being closed");
  if (const std::optional<Error>& error = state.trouble.write_error()) {
    if (state.trouble.try_begin_probe(shared.now())) state.writes.schedule();
    return fail(Code::kUnavailable, error->message);
  }
  if (cost + 4 * kBlockBytesMin > kSegmentBytesMax) {
    return fail(Code::kInvalidArgument, "a record of " + std::to_string(cost >> 20) +
                                            " MiB is larger than " +
                                            std::to_string(kSegmentBytesMax >> 20) + " MiB");
  }
  Result<RecordId> id = RecordId{0};
  if (const Status room = state.make_room(cost, notices); !room) {
    id = fail(room.error());
  } else {
    id = state.append(pending_record_of(std::move(record), cost, std::move(on_durable)));
  }
  lock.unlock();
  shared.tell(notices);
  return id;
}

void Log::finish(TargetId target, RecordId id) {
  LogShared& shared = parts_->shared;
  Notices notices(shared.untold);
  {
    const MutexLock lock(shared.mutex);
    shared.state.finish(target, id, notices);
  }
  shared.tell(notices);
}

void Log::untake(TargetId target, RecordId id, Amount rest) {
  LogShared& shared = parts_->shared;
  Notices notices(shared.untold);
  {
    const MutexLock lock(shared.mutex);
    shared.state.give_back(target, id, rest, notices);
  }
  shared.tell(notices);
}

void Log::take(TargetId target, size_t bytes_max, Order order, OnRead on_read) {
  parts_->reads.submit({target, bytes_max, order, std::move(on_read)});
}

GivingUp Log::give_up_oldest(std::span<const TargetId> targets, RecordId before) {
  return parts_->eviction.drop_oldest(targets, before);
}

// --- The state of the log ----------------------------------------------------------------------

Numbers Log::numbers() const {
  LogShared& shared = parts_->shared;
  const MutexLock lock(shared.mutex);
  return shared.state.numbers_now();
}

std::string Log::trouble() const {
  LogShared& shared = parts_->shared;
  const MutexLock lock(shared.mutex);
  if (std::string refusal = shared.state.refusal(); !refusal.empty()) return refusal;
  const std::optional<std::string>& error = shared.state.trouble.read_error();
  if (!error) return {};
  return "storage " + shared.options.directory + " can't be read: " + *error;
}

std::string Log::refusal() const {
  LogShared& shared = parts_->shared;
  const MutexLock lock(shared.mutex);
  return shared.state.refusal();
}

void Log::tick() {
  LogShared& shared = parts_->shared;
  Notices notices(shared.untold);
  {
    const MutexLock lock(shared.mutex);
    LogState& state = shared.state;
    if (state.is_closing) return;
    const WallTime now = shared.now();
    if (shared.options.age_max > 0s) state.expire(now - shared.options.age_max, notices);
    Eviction::tick(state, now, notices);
    if (!state.trouble.write_error()) {
      state.writes.schedule_check();
    } else if (state.trouble.try_begin_probe(now)) {
      state.writes.schedule();
    }
    // A caller that found nothing to take may ask again.
    if (state.segments.may_be_read_again(now)) notices.add_room();
    state.note_room(notices);
  }
  shared.tell(notices);
}

void Log::close(std::move_only_function<void()> done) {
  LogShared& shared = parts_->shared;
  const MutexLock lock(shared.mutex);
  MILLRACE_CHECK(!shared.state.is_closing);
  shared.state.is_closing = true;
  shared.state.release_parked();
  // Behind every take that was asked for.
  shared.world.reads.submit([parts = parts_.get(), done = std::move(done)]() mutable {
    parts->shared.world.writes.submit(
        [parts, done = std::move(done)]() mutable { parts->writes.close(std::move(done)); });
  });
}

}  // namespace millrace::segment_log
