#include "segment_log/write_lane.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/allocation_name.h"

namespace millrace::segment_log {
namespace {

// Of one list.
constexpr size_t kLaneBytesMax = 4 * kIndexBytesMax;
// A commit is not larger, so that its first records do not wait for the last.
constexpr uint64_t kCommitBytesMax = uint64_t{16} << 20;

BlockHeader header_of(const PendingRecord& record) {
  BlockHeader header;
  header.kind = BlockKind::kRecord;
  header.signal = static_cast<uint8_t>(record.signal);
  header.count = record.items;
  header.admitted_bytes = record.admitted_bytes;
  header.time = record.admitted_at.time_since_epoch().count();
  header.id = record.id;
  header.targets = record.wanted;
  return header;
}

}  // namespace

WriteLane::WriteLane(LogShared& shared, ReadLane& reads)
    : shared_(shared),
      directory_(shared, reads),
      active_(shared, directory_),
      segment_bytes_(usual_segment_bytes(shared.options)) {
  const MutexLock lock(shared_.mutex);
  shared_.state.writes.set_task([this] { run(); });
}

// --- Tasks -------------------------------------------------------------------------------------

void WriteLane::run() {
  {
    const MutexLock lock(shared_.mutex);
    if (!end_or_begin_wait()) return;
    shared_.state.writes.begin_task();
  }
  const bool has_more = commit_once();
  const MutexLock lock(shared_.mutex);
  if (has_more) shared_.state.writes.schedule();
  if (std::exchange(closes_after_wait_, false)) {
    shared_.world.writes.submit([this] { finish_closing(); });
  }
}

// False: the commit waits for more records, and this task comes again. One wait for each commit.
bool WriteLane::end_or_begin_wait() {
  LogState& state = shared_.state;
  const size_t pending = state.pending.waiting_count();
  if (waiting_since_) {
    size_t late = 0;
    for (size_t i = waiting_from_; i < pending; ++i) {
      late += state.pending.waiting(i).admitted_at - *waiting_since_ > CommitWait::kLate;
    }
    commit_wait_.waited(late);
    waiting_since_.reset();
    return true;
  }
  if (pending == 0 || state.trouble.write_error() || state.is_closing) return true;
  const WallTime time = shared_.now();
  const Duration wait = commit_wait_.wait_before_commit(pending, state.pending.bytes(), time);
  if (wait <= 0s) return true;
  waiting_since_ = time;
  waiting_from_ = pending;
  shared_.world.writes.submit_after(wait, [this] { run(); });
  return false;
}

// True when there is more to do at once.
bool WriteLane::commit_once() {
  // Lists of a commit, the index of a segment and its footer.
  const AllocationName name("constant lane of the log", kLaneBytesMax);
  directory_.remove_gone_files();
  bool is_refusing = false;
  bool has_work = false;
  bool wants_check = false;
  bool wants_new_segment = false;
  {
    const MutexLock lock(shared_.mutex);
    LogState& state = shared_.state;
    is_refusing = state.trouble.write_error().has_value();
    if (!is_refusing) {
      wants_check = state.writes.take_check();
      wants_new_segment = state.writes.take_new_segment();
      has_work = state.pending.has_waiting() || !state.finished.empty() || wants_new_segment;
    }
  }
  if (is_refusing) {
    probe();
    return false;
  }
  if (wants_check) check_place();
  if (!has_work) return false;
  if (wants_new_segment && active_.exists()) active_.seal();
  if (!active_.exists()) {
    if (Status begun = active_.begin(); !begun) {
      refuse_appends(begun.error());
      return false;
    }
  }
  const std::optional<Batch> batch = take_batch();
  if (!batch) {
    active_.seal();
    return true;
  }
  BlockBuffer blocks = active_.writer().next_blocks();
  const std::vector<IndexEntry> entries = lay_out_records(*batch, blocks);
  lay_out_finished(blocks);
  if (blocks.empty()) return false;
  if (Status status = write(blocks, !batch->empty()); !status) {
    on_commit_failed(status.error());
  } else {
    shared_.place.point("after_sync_before_answer");
    on_committed(blocks, entries);
  }
  const MutexLock lock(shared_.mutex);
  return shared_.state.pending.has_waiting();
}

// --- A commit ----------------------------------------------------------------------------------

// The pending records that fit into the active segment. Nothing: the segment is too full for the
// next one.
std::optional<WriteLane::Batch> WriteLane::take_batch() {
  const MutexLock lock(shared_.mutex);
  LogState& state = shared_.state;
  const uint64_t count = state.segments.active()->count();
  const uint64_t end = active_.writer().end();
  Batch batch = state.pending.begin_commit(
      {.takes_first = count == 0,
       .room_bytes = segment_bytes_ - std::min(segment_bytes_, end),
       .enough_bytes = kCommitBytesMax,
       .records_max = kSegmentRecordsMax - std::min(kSegmentRecordsMax, count)});
  if (batch.empty() && state.pending.has_waiting()) return {};
  return batch;
}

std::vector<IndexEntry> WriteLane::lay_out_records(const Batch& batch, BlockBuffer& blocks) {
  std::vector<IndexEntry> entries;
  for (const PendingRecord* record : batch) {
    const std::string metadata =
        record->metadata ? encode_metadata(*record->metadata) : std::string();
    IndexEntry entry;
    entry.position = static_cast<uint32_t>(blocks.end() / kUnit);
    entry.body_bytes = static_cast<uint32_t>(metadata.size() + record->bytes.size());
    entry.payload_bytes = static_cast<uint32_t>(record->bytes.size());
    entry.items = record->items;
    entry.admitted_bytes = record->admitted_bytes;
    entry.targets = record->wanted;
    entries.push_back(entry);
    blocks.add_record(header_of(*record), metadata, record->bytes);
  }
  return entries;
}

void WriteLane::lay_out_finished(BlockBuffer& blocks) {
  std::vector<DoneRange> ranges;
  {
    const MutexLock lock(shared_.mutex);
    const SegmentSet& segments = shared_.state.segments;
    ranges = shared_.state.finished.take(
        [&segments](RecordId id) { return segments.find(id) == nullptr; });
  }
  if (ranges.empty()) return;
  BlockHeader header;
  header.kind = BlockKind::kDoneRanges;
  header.count = static_cast<uint32_t>(ranges.size());
  blocks.add(header, encode_done_ranges(ranges));
}

// That something is finished need not be synced.
Status WriteLane::write(const BlockBuffer& blocks, bool needs_sync) {
  SegmentWriter& writer = active_.writer();
  shared_.place.point("before_write");
  if (Status written = writer.write(blocks); !written) {
    writer.give_up();
    return written;
  }
  if (!needs_sync) return {};
  shared_.place.point("after_write_before_sync");
  if (Status synced = writer.sync(); !synced) return synced;
  return writer.check_in_place();
}

void WriteLane::on_committed(const BlockBuffer& blocks, const std::vector<IndexEntry>& entries) {
  MutexLock lock(shared_.mutex);
  LogState& state = shared_.state;
  std::vector<PendingRecord> records = state.pending.end_commit();
  for (size_t i = 0; i < records.size(); ++i) state.move_to_segment(records[i], entries[i]);
  state.segments.note_written(blocks.bytes(), blocks.end());
  state.numbers.bytes_written += blocks.bytes();
  state.numbers.records_written += records.size();
  if (!records.empty()) {
    ++state.numbers.commits;
    commit_wait_.committed(shared_.now());
  }
  state.release_parked();
  lock.unlock();
  for (PendingRecord& record : records) {
    record.bytes.clear();
    record.on_durable(Status());
  }
}

void WriteLane::on_commit_failed(const Error& error) {
  if (shared_.world.log != nullptr) {
    shared_.world.log->error("storage: a commit failed; its segment is abandoned",
                             {{"directory", shared_.options.directory}, {"error", error.message}});
  }
  std::vector<PendingRecord> records;
  {
    const MutexLock lock(shared_.mutex);
    ++shared_.state.numbers.commit_failures;
    records = shared_.state.pending.end_commit();
  }
  active_.abandon();
  shared_.place.point("segment_abandoned");
  fail_records(std::move(records), error);
  // Whether the disk works is seen at once.
  if (Status begun = active_.begin(); !begun) refuse_appends(begun.error());
}

void WriteLane::fail_records(std::vector<PendingRecord> records, const Error& error) {
  Notices notices(shared_.untold);
  {
    const MutexLock lock(shared_.mutex);
    shared_.state.lose_pending(records, notices);
    shared_.state.release_parked();
  }
  for (PendingRecord& record : records) {
    record.bytes.clear();
    record.on_durable(fail(error));
  }
  shared_.tell(notices);
}

// --- A disk that refuses -----------------------------------------------------------------------

void WriteLane::refuse_appends(const Error& error) {
  bool is_new = false;
  std::vector<PendingRecord> records;
  {
    const MutexLock lock(shared_.mutex);
    is_new = shared_.state.trouble.refuse_writes(error, shared_.now());
    records = shared_.state.pending.remove_all();
  }
  if (is_new && shared_.world.log != nullptr) {
    shared_.world.log->error("storage: the disk refuses; appends are refused until it works again",
                             {{"directory", shared_.options.directory}, {"error", error.message}});
  }
  fail_records(std::move(records), error);
}

void WriteLane::probe() {
  if (active_.exists()) active_.seal();
  if (Status begun = active_.begin(); !begun) {
    const MutexLock lock(shared_.mutex);
    shared_.state.trouble.note_failed_probe(begun.error());
    return;
  }
  Notices notices(shared_.untold);
  notices.add_room();
  {
    const MutexLock lock(shared_.mutex);
    shared_.state.trouble.end_refusal();
  }
  if (shared_.world.log != nullptr) {
    shared_.world.log->info("storage: the disk works again",
                            {{"directory", shared_.options.directory}});
  }
  shared_.tell(notices);
}

// Once a second: a directory that was removed or replaced under the open files is noticed also when
// nothing is written.
void WriteLane::check_place() {
  Status in_place = directory_.hold();
  if (in_place && active_.exists()) in_place = active_.writer().check_in_place();
  if (in_place) return;
  {
    const MutexLock lock(shared_.mutex);
    ++shared_.state.numbers.commit_failures;
  }
  if (shared_.world.log != nullptr) {
    shared_.world.log->error(
        "storage: the directory or the segment that is written is not in its place",
        {{"directory", shared_.options.directory}, {"error", in_place.error().message}});
  }
  if (active_.exists()) active_.abandon();
  if (Status begun = active_.begin(); !begun) refuse_appends(begun.error());
}

// --- The end -----------------------------------------------------------------------------------

void WriteLane::close(std::move_only_function<void()> done) {
  on_closed_ = std::move(done);
  finish_closing();
}

void WriteLane::finish_closing() {
  {
    const MutexLock lock(shared_.mutex);
    if (waiting_since_) {
      closes_after_wait_ = true;  // its task must have run when nothing may run any more
      return;
    }
    if (shared_.state.writes.is_scheduled()) {
      // Behind the task that is on its way.
      shared_.world.writes.submit([this] { finish_closing(); });
      return;
    }
    shared_.state.writes.stop();
  }
  while (commit_once()) {
  }
  if (active_.exists()) active_.seal();
  directory_.remove_gone_files();
  std::move_only_function<void()> done = std::move(on_closed_);
  done();
}

}  // namespace millrace::segment_log
