// The write lane: one commit at a time, each one write and one sync; segments begun, sealed and
// removed between commits. What callers queue meanwhile goes into the next commit, which may wait a
// little for more (gathering.h).
#include <algorithm>

#include "base/allocation_name.h"
#include "segment_log/core.h"

namespace millrace::segment_log {
namespace {

// A commit is not larger, so that those who wait first don't wait for those who came last.
constexpr uint64_t kCommitBytesMax = uint64_t{16} << 20;

std::vector<const Segment*> pointers_to(const std::vector<Segment>& segments) {
  std::vector<const Segment*> pointers;
  for (const Segment& segment : segments) pointers.push_back(&segment);
  return pointers;
}

}  // namespace

void Log::Core::run_writes() {
  {
    const MutexLock lock(mutex_);
    if (!gather()) return;
    writes_scheduled_ = false;
  }
  const bool has_more = commit_once();
  const MutexLock lock(mutex_);
  if (has_more) schedule_writes();
  if (std::exchange(closes_after_gathering_, false)) {
    world_.writes.submit([this] { finish_closing(); });
  }
}

// False: the commit waits for company, and this task comes again. One wait for each commit.
bool Log::Core::gather() {
  if (gathering_since_) {
    size_t late = 0;
    for (size_t i = gathering_from_; i < queue_.size(); ++i) {
      late += queue_[i].admitted_at - *gathering_since_ > Gathering::kLate;
    }
    gathering_.waited(late);
    gathering_since_.reset();
    return true;
  }
  if (queue_.empty() || disk_trouble_ || is_closing_) return true;
  const WallTime time = now();
  const Duration wait = gathering_.wait_before_commit(queue_.size(), queued_bytes_, time);
  if (wait <= 0s) return true;
  gathering_since_ = time;
  gathering_from_ = queue_.size();
  world_.writes.submit_after(wait, [this] { run_writes(); });
  return false;
}

// True when there is more to do at once.
bool Log::Core::commit_once() {
  remove_gone_files();
  MutexLock lock(mutex_);
  if (disk_trouble_) {
    lock.unlock();
    probe();
    return false;
  }
  const bool watches = std::exchange(wants_watch_, false);
  if (queue_.empty() && done_to_write_.empty() && !wants_new_segment_) {
    lock.unlock();
    if (watches) watch_place();
    return false;
  }
  const bool wants_new = std::exchange(wants_new_segment_, false);
  lock.unlock();

  if (watches) watch_place();
  if (wants_new && writer_ != nullptr) seal_active();
  if (writer_ == nullptr) {
    if (Status begun = begin_segment(); !begun) {
      refuse_appends(begun.error());
      return false;
    }
  }
  if (!take_batch()) {
    seal_active();
    return true;
  }
  BlockBuffer blocks = writer_->next_blocks();
  std::vector<IndexEntry> entries;
  lay_out_batch(blocks, entries);
  lay_out_done(blocks);
  if (blocks.empty()) return false;
  if (Status status = write_batch(blocks); !status) {
    commit_failed(status.error());
  } else {
    place_.point("after_sync_before_answer");
    commit_succeeded(blocks, entries);
  }
  lock.lock();
  return !queue_.empty();
}

Status Log::Core::write_batch(const BlockBuffer& blocks) {
  place_.point("before_write");
  if (Status written = writer_->write(blocks); !written) {
    writer_->give_up();
    return written;
  }
  // That something is done need not be synced.
  if (batch_.empty()) return {};
  place_.point("after_write_before_sync");
  if (Status synced = writer_->sync(); !synced) return synced;
  return writer_->check_in_place();
}

// Once a second: a directory that was removed or replaced under the open files is noticed also when
// nothing is written.
void Log::Core::watch_place() {
  Status in_place = hold_directory();
  if (in_place && writer_ != nullptr) in_place = writer_->check_in_place();
  if (in_place) return;
  {
    const MutexLock lock(mutex_);
    ++numbers_.commit_failures;
  }
  if (world_.log != nullptr) {
    world_.log->error("storage: the directory or the segment that is written is not in its place",
                      {{"directory", options_.directory}, {"error", in_place.error().message}});
  }
  if (writer_ != nullptr) abandon_segment();
  if (Status begun = begin_segment(); !begun) refuse_appends(begun.error());
}

// Another process may have the directory once the locked file is not the one that its path names.
Status Log::Core::hold_directory() {
  Status held = directory_lock_->check_in_place();
  if (held) return held;
  Result<std::unique_ptr<io::DirectoryLock>> lock = world_.disk.lock_directory(options_.directory);
  if (!lock) {
    // Where the directory is not there, that is what a person has to know.
    return lock.error().code == Code::kNotFound ? held : Status(fail(lock.error()));
  }
  directory_lock_ = std::move(*lock);
  return {};
}

// Moves what fits into the segment from the queue. False: the segment is too full for the next.
bool Log::Core::take_batch() {
  const MutexLock lock(mutex_);
  uint64_t bytes = 0;
  while (!queue_.empty() && bytes < kCommitBytesMax) {
    const uint64_t cost = queue_.front().cost;
    const bool is_first = active_->count == 0 && writing_.empty();
    if (!is_first && writer_->end() + bytes + cost > segment_bytes_) break;
    bytes += cost;
    const AllocationName name("constant lane of the log");
    writing_.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  batch_.clear();
  for (const Queued& record : writing_) batch_.push_back(&record);
  return !writing_.empty() || queue_.empty();
}

void Log::Core::lay_out_batch(BlockBuffer& blocks, std::vector<IndexEntry>& entries) {
  for (const Queued* queued : batch_) {
    const Queued& record = *queued;
    const std::string metadata =
        record.metadata ? encode_metadata(*record.metadata) : std::string();
    BlockHeader header;
    header.kind = BlockKind::kRecord;
    header.signal = static_cast<uint8_t>(record.signal);
    header.count = record.items;
    header.admitted_bytes = record.admitted_bytes;
    header.time = record.admitted_at.time_since_epoch().count();
    header.id = record.id;
    header.targets = record.wanted;
    IndexEntry entry;
    entry.position = static_cast<uint32_t>(blocks.end() / kUnit);
    entry.body_bytes = static_cast<uint32_t>(metadata.size() + record.bytes.size());
    entry.payload_bytes = static_cast<uint32_t>(record.bytes.size());
    entry.items = record.items;
    entry.admitted_bytes = record.admitted_bytes;
    entry.targets = record.wanted;
    entries.push_back(entry);
    blocks.add_record(header, metadata, record.bytes);
  }
}

void Log::Core::lay_out_done(BlockBuffer& blocks) {
  std::vector<DoneRange> done;
  {
    const MutexLock lock(mutex_);
    done.swap(done_to_write_);
    // What belonged to a segment that is gone needs no remembering.
    std::erase_if(done, [this](const DoneRange& range) MILLRACE_REQUIRES(mutex_) {
      return find_segment(range.first) == nullptr;
    });
  }
  if (done.empty()) return;
  std::sort(done.begin(), done.end(), [](const DoneRange& a, const DoneRange& b) {
    return a.target != b.target ? a.target < b.target : a.first < b.first;
  });
  std::vector<DoneRange> ranges;
  for (const DoneRange& range : done) {
    if (!ranges.empty() && ranges.back().target == range.target &&
        ranges.back().first + ranges.back().count == range.first) {
      ranges.back().count += range.count;
    } else {
      ranges.push_back(range);
    }
  }
  BlockHeader header;
  header.kind = BlockKind::kDoneRanges;
  header.count = static_cast<uint32_t>(ranges.size());
  blocks.add(header, encode_done_ranges(ranges));
}

void Log::Core::commit_succeeded(const BlockBuffer& blocks,
                                 const std::vector<IndexEntry>& entries) {
  MutexLock lock(mutex_);
  std::vector<Queued> records = std::move(writing_);
  writing_.clear();
  Segment& segment = *active_;
  for (size_t i = 0; i < records.size(); ++i) {
    const Queued& record = records[i];
    if (segment.count == 0) by_id_[record.id] = active_;
    segment.add(record.id, entries[i], record.taken, record.done);
    segment.newest = std::max(segment.newest, record.admitted_at);
    queued_bytes_ -= record.cost;
    for (uint64_t rest = record.wanted; rest != 0; rest &= rest - 1) {
      const auto target = static_cast<TargetId>(std::countr_zero(rest));
      const uint64_t bit = uint64_t{1} << target;
      if ((record.done & bit) != 0) {
        done_to_write_.push_back({record.id, 1, target});
      } else if ((record.taken & bit) == 0) {
        --untaken_queued_[target];
        TargetPart& part = segment.parts[target];
        part.untaken -= amount_of(entries[i]);
        part.untaken += rest_or(target, record.id, amount_of(entries[i]));
      }
    }
  }
  segment.data_bytes += blocks.bytes();
  segment.file_bytes = std::max(segment.file_bytes, blocks.end());
  segment_bytes_sum_ += blocks.bytes();
  numbers_.bytes_written += blocks.bytes();
  numbers_.records_written += records.size();
  if (!records.empty()) {
    ++numbers_.commits;
    gathering_.committed(now());
  }
  release_parked();
  lock.unlock();
  for (Queued& record : records) {
    record.bytes.clear();
    record.on_durable(Status());
  }
}

void Log::Core::commit_failed(const Error& error) {
  if (world_.log != nullptr) {
    world_.log->error("storage: a commit failed; its segment is abandoned",
                      {{"directory", options_.directory}, {"error", error.message}});
  }
  std::vector<Queued> records;
  {
    const MutexLock lock(mutex_);
    ++numbers_.commit_failures;
    records.swap(writing_);
  }
  abandon_segment();
  place_.point("segment_abandoned");
  fail_records(std::move(records), error);
  // Whether the disk works is seen at once.
  if (Status begun = begin_segment(); !begun) refuse_appends(begun.error());
}

void Log::Core::abandon_segment() {
  const MutexLock lock(mutex_);
  writer_.reset();
  const std::shared_ptr<Segment> abandoned = std::exchange(active_, nullptr);
  abandoned->is_closed = true;
  abandoned->drop_index();
}

void Log::Core::fail_records(std::vector<Queued> records, const Error& error) {
  Notices notices;
  MutexLock lock(mutex_);
  for (const Queued& record : records) {
    queued_bytes_ -= record.cost;
    for (uint64_t rest = record.wanted & ~record.taken & ~record.done; rest != 0;
         rest &= rest - 1) {
      const auto target = static_cast<TargetId>(std::countr_zero(rest));
      --untaken_queued_[target];
      lose_untaken(target, rest_or(target, record.id, record.amount()), Loss::kStorageFailed,
                   notices, {record.id, record.id + 1});
      rests_.erase({target, record.id});
    }
  }
  release_parked();
  lock.unlock();
  for (Queued& record : records) {
    record.bytes.clear();
    record.on_durable(fail(error));
  }
  tell(notices);
}

void Log::Core::refuse_appends(const Error& error) {
  MutexLock lock(mutex_);
  const bool is_new = !disk_trouble_.has_value();
  disk_trouble_ = error;
  probed_at_ = now();
  std::vector<Queued> records(std::make_move_iterator(queue_.begin()),
                              std::make_move_iterator(queue_.end()));
  queue_.clear();
  lock.unlock();
  if (is_new && world_.log != nullptr) {
    world_.log->error("storage: the disk refuses; appends are refused until it works again",
                      {{"directory", options_.directory}, {"error", error.message}});
  }
  fail_records(std::move(records), error);
}

void Log::Core::probe() {
  if (writer_ != nullptr) seal_active();
  if (Status begun = begin_segment(); !begun) {
    const MutexLock lock(mutex_);
    disk_trouble_ = begun.error();
    return;
  }
  Notices notices;
  notices.has_room = true;
  {
    const MutexLock lock(mutex_);
    disk_trouble_.reset();
  }
  if (world_.log != nullptr) {
    world_.log->info("storage: the disk works again", {{"directory", options_.directory}});
  }
  tell(notices);
}

Status Log::Core::begin_segment() {
  if (Status held = hold_directory(); !held) return held;
  while (true) {
    Status begun = begin_segment_once();
    if (begun || begun.error().code != Code::kResourceExhausted || !drop_oldest_for_space()) {
      return begun;
    }
  }
}

// A full disk is handled as a full log is, where the oldest may go.
bool Log::Core::drop_oldest_for_space() {
  if (options_.on_full != OnFull::kDropOldest) return false;
  Notices notices;
  {
    const MutexLock lock(mutex_);
    const std::shared_ptr<Segment> oldest = oldest_closed();
    if (oldest == nullptr) return false;
    drop_segment(oldest, Loss::kDropOldest, notices);
  }
  tell(notices);
  return remove_gone_files();
}

Status Log::Core::begin_segment_once() {
  SegmentWriter::Beginning beginning;
  std::vector<Segment> copies;
  {
    const MutexLock lock(mutex_);
    beginning.name = {number_next_++, world_.disk.unguessable_number()};
    beginning.first_id = queue_.empty() ? id_next_ : queue_.front().id;
    beginning.now = now();
    beginning.targets = target_table();
    copies = copy_for_done();
    uint64_t allocate = segment_bytes_;
    if (options_.bytes_max > 0) {
      const uint64_t left = options_.bytes_max - std::min(options_.bytes_max, segment_bytes_sum_);
      allocate = std::min(allocate, left / kUnit * kUnit);
    }
    if (!queue_.empty()) allocate = std::max(allocate, queue_.front().cost + kBlockBytesMin);
    beginning.allocate_bytes = allocate;
  }
  beginning.done_in = pointers_to(copies);
  Result<std::unique_ptr<SegmentWriter>> writer = SegmentWriter::begin(place_, beginning);
  if (!writer) return fail(writer.error());
  writer_ = std::move(*writer);

  const MutexLock lock(mutex_);
  active_ = std::make_shared<Segment>();
  active_->name = beginning.name;
  active_->epoch = beginning.name.epoch;
  active_->has_index = active_->is_detailed = true;
  active_->data_bytes = writer_->end();
  active_->file_bytes = std::max(beginning.allocate_bytes, writer_->end());
  segment_bytes_sum_ += active_->data_bytes;
  segments_[beginning.name.number] = active_;
  // What was kept only because it was the last may go now.
  const auto earlier = segments_;
  for (const auto& [number, segment] : earlier) retire_if_finished(segment);
  return {};
}

void Log::Core::seal_active() {
  std::vector<Segment> copies;
  FooterContent content;
  Segment sealed;
  {
    const MutexLock lock(mutex_);
    copies = copy_for_done();
    content.targets = target_table();
    sealed = *active_;
  }
  content.segment = &sealed;
  content.done_in = pointers_to(copies);
  place_.point("before_seal");
  const Result<uint64_t> size = writer_->seal(content);
  place_.point("sealed");
  writer_.reset();
  const MutexLock lock(mutex_);
  const std::shared_ptr<Segment> segment = std::exchange(active_, nullptr);
  segment->is_closed = true;
  segment->drop_index();
  if (size) {
    segment_bytes_sum_ += *size - segment->data_bytes;
    segment->data_bytes = segment->file_bytes = *size;
  } else if (world_.log != nullptr) {
    world_.log->warn("storage: a segment could not be sealed and is scanned at the next start",
                     {{"segment", place_.path(segment->name)}, {"error", size.error().message}});
  }
}

// True when something went.
bool Log::Core::remove_gone_files() {
  std::vector<std::string> paths;
  {
    const MutexLock lock(mutex_);
    paths.swap(gone_files_);
  }
  if (paths.empty()) return false;
  place_.point("before_remove");
  bool removed = false;
  std::vector<std::string> left;
  for (std::string& path : paths) {
    const Status status = world_.disk.remove(path);
    if (status || status.error().code == Code::kNotFound) {
      removed = true;
    } else {
      left.push_back(std::move(path));
    }
  }
  place_.point("files_removed");
  if (removed && place_.syncing == Syncing::kYes) {
    // When this fails they may come back after a power cut, which is allowed.
    static_cast<void>(world_.disk.sync_directory(options_.directory));
  }
  Notices notices;
  {
    const MutexLock lock(mutex_);
    // The next tick tries again.
    gone_files_.insert(gone_files_.end(), std::make_move_iterator(left.begin()),
                       std::make_move_iterator(left.end()));
    note_room(notices);
    if (!is_closing_) world_.reads.submit([this] { close_stale_readers(); });
  }
  tell(notices);
  return removed;
}

void Log::Core::finish_closing() {
  {
    const MutexLock lock(mutex_);
    if (gathering_since_) {
      closes_after_gathering_ = true;  // its task must have run when nothing may run any more
      return;
    }
    if (writes_scheduled_) {
      // Behind the task that is on its way.
      world_.writes.submit([this] { finish_closing(); });
      return;
    }
    writes_scheduled_ = true;  // no other task of this lane from now on
  }
  while (commit_once()) {
  }
  if (writer_ != nullptr) seal_active();
  remove_gone_files();
  std::move_only_function<void()> done;
  {
    const MutexLock lock(mutex_);
    done = std::move(on_closed_);
  }
  done();
}

}  // namespace millrace::segment_log
