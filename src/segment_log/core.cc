#include "segment_log/core.h"

#include <algorithm>

#include "base/check.h"

namespace millrace::segment_log {
namespace {

// With a small cap segments are smaller, so that space is given back in useful parts.
constexpr uint64_t kSegmentsOfCap = 4;
constexpr uint64_t kSegmentBytesMin = 2048;
// Finishes that wait longer than a commit or a tick are written when there are that many.
constexpr size_t kDoneWaitingMax = 4096;
constexpr Duration kProbeEvery = 1s;
// More ranges than this are forgotten, oldest first: they only tell why something was lost.
constexpr size_t kLostRangesMax = 1024;

uint64_t usual_segment_bytes(const Options& options) {
  uint64_t bytes = std::min(options.segment_bytes, kSegmentBytesMax / 2);
  if (options.bytes_max > 0) bytes = std::min(bytes, options.bytes_max / kSegmentsOfCap);
  return std::max(bytes, kSegmentBytesMin) / kUnit * kUnit;
}

uint64_t cost_of(const NewRecord& record) {
  const size_t metadata = record.metadata ? encoded_metadata_bytes(*record.metadata) : 0;
  return block_bytes(metadata + record.bytes.size()) + kIndexEntryBytes;
}

std::string megabytes(uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

}  // namespace

Log::Core::Core(Options options, World world)
    : options_(std::move(options)),
      world_(std::move(world)),
      place_{world_.disk, options_.directory, options_.fsync ? Syncing::kYes : Syncing::kNo,
             world_.at_point},
      segment_bytes_(usual_segment_bytes(options_)) {}

Status Log::Core::open() {
  const Status made = world_.disk.create_directories(options_.directory, options_.directory_mode);
  // What lies on a file system that has become read-only can still be delivered.
  if (!made && !world_.disk.list(options_.directory)) return made;
  auto directory_lock = world_.disk.lock_directory(options_.directory);
  if (!directory_lock) return fail(directory_lock.error());
  directory_lock_ = std::move(*directory_lock);
  Result<Recovered> recovered = recover(place_, world_.log);
  if (!recovered) return fail(recovered.error());
  {
    const MutexLock lock(mutex_);
    adopt(std::move(*recovered));
  }
  if (Status writable = world_.disk.check_writable(options_.directory); !writable) {
    refuse_appends(writable.error());
  }
  if (world_.log != nullptr && !options_.fsync) {
    world_.log->warn(
        "storage: fsync is off: what is answered as durable survives the end of the "
        "process, not a power cut",
        {{"directory", options_.directory}});
  }
  return {};
}

void Log::Core::adopt(Recovered recovered) {
  targets_ = std::move(recovered.targets);
  number_next_ = recovered.number_next;
  id_next_ = recovered.id_next;
  numbers_ = recovered.numbers;
  for (std::shared_ptr<Segment>& segment : recovered.segments) {
    segment_bytes_sum_ += segment->data_bytes;
    for (const auto& [target, part] : segment->parts) add_untaken(target, part.untaken);
    if (segment->count > 0) by_id_[segment->first_id] = segment;
    const uint64_t number = segment->name.number;
    segments_[number] = std::move(segment);
  }
}

Result<TargetId> Log::Core::target(const TargetName& name) {
  const MutexLock lock(mutex_);
  const auto is_it = [&name](const auto& entry) {
    return entry.second.signal == name.signal && entry.second.pipeline == name.pipeline &&
           entry.second.destination == name.destination;
  };
  auto found = std::find_if(targets_.begin(), targets_.end(), is_it);
  if (found == targets_.end()) {
    TargetId id = 0;
    while (targets_.contains(id)) ++id;
    if (id >= kTargetsMax) {
      return fail(Code::kResourceExhausted,
                  "storage " + options_.directory + " has " + std::to_string(kTargetsMax) +
                      " pairs of pipeline and destination already, with data of all of them; "
                      "there is no place for " +
                      name.pipeline + " to " + name.destination);
    }
    found = targets_.emplace(id, name).first;
  }
  asked_targets_ |= uint64_t{1} << found->first;
  return found->first;
}

std::vector<std::pair<TargetName, Amount>> Log::Core::orphans() const {
  const MutexLock lock(mutex_);
  std::vector<std::pair<TargetName, Amount>> orphans;
  for (const auto& [id, name] : targets_) {
    if ((asked_targets_ >> id & 1) == 0 && untaken_[id].records > 0) {
      orphans.emplace_back(name, untaken_[id]);
    }
  }
  return orphans;
}

Amount Log::Core::untaken(TargetId target) const {
  const MutexLock lock(mutex_);
  return untaken_[target];
}

std::optional<Amount> Log::Core::settled_untaken(TargetId target) const {
  const MutexLock lock(mutex_);
  if (untold_.load(std::memory_order_acquire) != 0) return std::nullopt;
  return untaken_[target];
}

void Log::Core::note_lost(Notices& notices, const Notices::Lost& lost) {
  untold_.fetch_add(1, std::memory_order_relaxed);
  notices.lost.push_back(lost);
}

void Log::Core::tell(const Notices& notices) {
  if (observer_ == nullptr) return;
  for (const auto& [target, loss, amount, range] : notices.lost) {
    observer_->on_lost(target, loss, amount, range);
    untold_.fetch_sub(1, std::memory_order_release);
  }
  if (notices.has_room) observer_->on_room();
}

Result<RecordId> Log::Core::append(NewRecord record, OnDurable on_durable) {
  const uint64_t cost = cost_of(record);
  Notices notices;
  MutexLock lock(mutex_);
  if (is_closing_) return fail(Code::kUnavailable, "storage is being closed");
  if (disk_trouble_) {
    schedule_probe();
    return fail(Code::kUnavailable, disk_trouble_->message);
  }
  if (cost + 4 * kBlockBytesMin > kSegmentBytesMax) {
    return fail(Code::kInvalidArgument, "a record of " + megabytes(cost) + " is larger than " +
                                            megabytes(kSegmentBytesMax));
  }
  const Status room = make_room(cost, notices);
  if (!room) {
    lock.unlock();
    tell(notices);
    return fail(room.error());
  }
  Queued queued{.id = id_next_++,
                .signal = record.signal,
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
    queued.wanted |= bit;
    if (want.is_taken) {
      queued.taken |= bit;
    } else {
      add_untaken(want.target, queued.amount());
      ++untaken_queued_[want.target];
      check_cap_of(want.target);
    }
  }
  const RecordId id = queued.id;
  queued_bytes_ += cost;
  queue_.push_back(std::move(queued));
  schedule_writes();
  lock.unlock();
  tell(notices);
  return id;
}

Status Log::Core::make_room(uint64_t cost, Notices& notices) {
  if (options_.bytes_max == 0) return {};
  while (used_bytes() + cost > options_.bytes_max) {
    const std::shared_ptr<Segment> oldest =
        options_.on_full == OnFull::kDropOldest ? oldest_closed() : nullptr;
    if (oldest == nullptr) {
      refused_for_room_ = true;
      return fail(Code::kResourceExhausted, "storage " + options_.directory +
                                                " is full: " + megabytes(used_bytes()) + " of " +
                                                megabytes(options_.bytes_max));
    }
    drop_segment(oldest, Loss::kDropOldest, notices);
  }
  return {};
}

std::shared_ptr<Segment> Log::Core::oldest_closed() const {
  for (const auto& [number, segment] : segments_) {
    // The last one stays (see the format).
    if (segment->is_closed && segment != segments_.rbegin()->second) return segment;
  }
  return nullptr;
}

void Log::Core::drop_segment(const std::shared_ptr<Segment>& segment, Loss loss, Notices& notices) {
  for (auto& [target, part] : segment->parts) {
    lose_untaken(target, part.untaken, loss, notices,
                 {segment->first_id, segment->first_id + segment->count});
  }
  if (segment->has_taken()) {
    lost_ranges_[segment->first_id] = {segment->first_id + segment->count, loss};
    if (lost_ranges_.size() > kLostRangesMax) lost_ranges_.erase(lost_ranges_.begin());
  }
  forget_rests(segment->first_id, segment->count);
  retire_segment(segment);
}

void Log::Core::add_untaken(TargetId target, const Amount& amount) {
  untaken_[target] += amount;
  untaken_records_[target].store(untaken_[target].records, std::memory_order_seq_cst);
}

void Log::Core::remove_untaken(TargetId target, const Amount& amount) {
  untaken_[target] -= amount;
  untaken_records_[target].store(untaken_[target].records, std::memory_order_seq_cst);
}

void Log::Core::lose_untaken(TargetId target, const Amount& amount, Loss loss, Notices& notices,
                             RecordRange range) {
  if (amount.records == 0) return;
  remove_untaken(target, amount);
  note_lost(notices, {target, loss, amount, range});
}

void Log::Core::retire_segment(const std::shared_ptr<Segment>& segment) {
  segment_bytes_sum_ -= segment->data_bytes;
  gone_files_.push_back(place_.path(segment->name));
  std::erase(indexed_, segment->name.number);
  if (segment->count > 0) by_id_.erase(segment->first_id);
  segments_.erase(segment->name.number);
  schedule_writes();
}

void Log::Core::retire_if_finished(const std::shared_ptr<Segment>& segment) {
  if (!segment->is_closed || !segment->is_finished()) return;
  if (segment == segments_.rbegin()->second) return;
  retire_segment(segment);
}

void Log::Core::note_room(Notices& notices) {
  if (!refused_for_room_ || used_bytes() >= options_.bytes_max) return;
  refused_for_room_ = false;
  notices.has_room = true;
}

void Log::Core::forget_rests(RecordId first, uint64_t count) {
  std::erase_if(rests_, [&](const auto& entry) {
    return entry.first.second >= first && entry.first.second - first < count;
  });
}

Amount Log::Core::rest_or(TargetId target, RecordId id, const Amount& whole) const {
  const auto found = rests_.find({target, id});
  return found == rests_.end() ? whole : found->second;
}

void Log::Core::schedule_writes() {
  if (writes_scheduled_) return;
  writes_scheduled_ = true;
  world_.writes.submit([this] { run_writes(); });
}

void Log::Core::schedule_probe() {
  const WallTime time = now();
  // A clock that was set back must not stop the probes.
  if (time >= probed_at_ && time < probed_at_ + kProbeEvery) return;
  probed_at_ = time;
  schedule_writes();
}

Log::Core::Queued* Log::Core::find_queued(RecordId id) {
  const auto find_in = [id](auto& records) -> Queued* {
    if (records.empty() || id < records.front().id) return nullptr;
    const size_t at = id - records.front().id;
    return at < records.size() ? &records[at] : nullptr;
  };
  if (Queued* const found = find_in(writing_)) return found;
  return find_in(queue_);
}

std::shared_ptr<Segment> Log::Core::find_segment(RecordId id) const {
  auto found = by_id_.upper_bound(id);
  if (found == by_id_.begin()) return nullptr;
  --found;
  return found->second->holds(id) ? found->second : nullptr;
}

void Log::Core::finish(TargetId target, RecordId id) {
  Notices notices;
  MutexLock lock(mutex_);
  if (Queued* const queued = find_queued(id)) {
    queued->done |= uint64_t{1} << target;
    queued->taken &= ~(uint64_t{1} << target);
    return;
  }
  const std::shared_ptr<Segment> segment = find_segment(id);
  if (segment == nullptr || !segment->finish(target, id)) return;
  done_to_write_.push_back({id, 1, target});
  retire_if_finished(segment);
  note_room(notices);
  if (done_to_write_.size() >= kDoneWaitingMax && !disk_trouble_) schedule_writes();
  lock.unlock();
  tell(notices);
}

void Log::Core::untake(TargetId target, RecordId id, Amount rest) {
  Notices notices;
  MutexLock lock(mutex_);
  const uint64_t bit = uint64_t{1} << target;
  if (Queued* const queued = find_queued(id)) {
    queued->taken &= ~bit;
    ++untaken_queued_[target];
    add_untaken(target, rest);
    rests_[{target, id}] = rest;
    check_cap_of(target);
    return;
  }
  const std::shared_ptr<Segment> segment = find_segment(id);
  TargetPart* const part = segment == nullptr ? nullptr : segment->part(target);
  if (part != nullptr && part->taken.get(id - segment->first_id)) {
    const size_t ordinal = id - segment->first_id;
    part->taken.clear(ordinal);
    --part->taken_count;
    part->untaken += rest;
    part->low = std::min(part->low, ordinal);
    add_untaken(target, rest);
    rests_[{target, id}] = rest;
    check_cap_of(target);
    return;
  }
  auto range = lost_ranges_.upper_bound(id);
  Loss loss = Loss::kStorageFailed;
  if (range != lost_ranges_.begin() && id < (--range)->second.first) loss = range->second.second;
  note_lost(notices, {target, loss, rest, {id, id + 1}});
  lock.unlock();
  tell(notices);
}

Numbers Log::Core::numbers() const {
  const MutexLock lock(mutex_);
  Numbers numbers = numbers_;
  numbers.segments = segments_.size();
  numbers.bytes_max = options_.bytes_max;
  for (const auto& [number, segment] : segments_) numbers.bytes_on_disk += segment->file_bytes;
  return numbers;
}

std::string Log::Core::trouble() const {
  const MutexLock lock(mutex_);
  if (std::string refusal = refusal_now(); !refusal.empty()) return refusal;
  if (read_trouble_) return "storage " + options_.directory + " can't be read: " + *read_trouble_;
  return {};
}

std::string Log::Core::refusal() const {
  const MutexLock lock(mutex_);
  return refusal_now();
}

// Under the lock.
std::string Log::Core::refusal_now() const {
  if (disk_trouble_) {
    return "storage " + options_.directory + " can't be written: " + disk_trouble_->message;
  }
  if (refused_for_room_) {
    return "storage " + options_.directory + " is full: " + megabytes(used_bytes()) + " of " +
           megabytes(options_.bytes_max);
  }
  return {};
}

void Log::Core::tick() {
  Notices notices;
  MutexLock lock(mutex_);
  if (is_closing_) return;
  expire(notices);
  check_caps(notices);
  if (disk_trouble_) {
    schedule_probe();
  } else {
    wants_watch_ = true;
    schedule_writes();
  }
  for (const auto& [number, segment] : segments_) {
    // Whoever found nothing to take may ask again.
    if (segment->read_failures > 0 && !is_resting(*segment)) notices.has_room = true;
  }
  note_room(notices);
  lock.unlock();
  tell(notices);
}

void Log::Core::expire(Notices& notices) {
  if (options_.age_max <= 0s) return;
  const WallTime limit = now() - options_.age_max;
  while (const std::shared_ptr<Segment> oldest = oldest_closed()) {
    if (oldest->newest >= limit) break;
    drop_segment(oldest, Loss::kAgeExpired, notices);
  }
  // What is alone can't be dropped before there is another to write to.
  if (!segments_.empty()) {
    const Segment& last = *segments_.rbegin()->second;
    if (last.count > 0 && !last.is_finished() && last.newest < limit && segments_.size() == 1) {
      wants_new_segment_ = true;
      schedule_writes();
    }
  }
}

std::vector<NamedTarget> Log::Core::target_table() const {
  std::vector<NamedTarget> table;
  for (const auto& [id, name] : targets_) table.push_back({id, name});
  return table;
}

std::vector<Segment> Log::Core::copy_for_done() const {
  std::vector<Segment> copies;
  for (const auto& [number, segment] : segments_) {
    Segment copy;
    copy.name = segment->name;
    copy.epoch = segment->epoch;
    copy.first_id = segment->first_id;
    copy.count = segment->count;
    copy.is_detailed = segment->is_detailed;
    copy.parts = segment->parts;
    copies.push_back(std::move(copy));
  }
  return copies;
}

void Log::Core::close(std::move_only_function<void()> done) {
  MutexLock lock(mutex_);
  MILLRACE_CHECK(!is_closing_);
  is_closing_ = true;
  on_closed_ = std::move(done);
  release_parked();
  // Behind every take that was asked for.
  world_.reads.submit([this] { world_.writes.submit([this] { finish_closing(); }); });
}

}  // namespace millrace::segment_log
