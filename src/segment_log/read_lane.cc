#include "segment_log/read_lane.h"

#include <utility>

#include "segment_log/quarantine.h"
#include "segment_log/segment_reader.h"

namespace millrace::segment_log {
namespace {

Record record_of(const ReadRecord& read, const LogState::Taken& taken) {
  const BlockHeader& header = read.header;
  Record record;
  record.id = taken.id;
  record.item_count = header.count;
  record.admitted_bytes = header.admitted_bytes;
  record.admitted_at = WallTime(Duration(header.time));
  record.owed = taken.amount;
  if (header.metadata_bytes > 0) {
    auto metadata = decode_metadata(read.body.view().first(header.metadata_bytes));
    if (metadata) record.metadata = std::make_shared<const Metadata>(std::move(*metadata));
  }
  record.bytes = read.body.slice(header.metadata_bytes, header.body_bytes - header.metadata_bytes);
  return record;
}

}  // namespace

bool load_segment_index(LogShared& shared, const SegmentRef& segment, Notices& notices) {
  if (!segment->has_index()) {
    shared.mutex.unlock();
    Result<LoadedIndex> index = load_index(shared.place, shared.world.log, *segment);
    shared.mutex.lock();
    if (!shared.state.segments.contains(*segment)) return false;
    if (!index) {
      shared.state.note_read_failure(*segment, index.error(), shared.now());
      return false;
    }
    shared.state.install_index(segment, std::move(*index), notices);
    if (!shared.state.segments.contains(*segment)) return false;
  }
  if (segment->is_closed()) shared.state.segments.keep_index(segment);
  return true;
}

void ReadLane::submit(Request request) {
  shared_.world.reads.submit(
      [this, request = std::move(request)]() mutable { run(std::move(request)); });
}

void ReadLane::run(Request request) {
  std::vector<Record> records;
  while (records.empty()) {
    Notices notices(shared_.untold);
    for (const Selection& selection : select(request, notices)) {
      read(request, selection, records, notices);
    }
    shared_.tell(notices);
    const MutexLock lock(shared_.mutex);
    LogState& state = shared_.state;
    if (!records.empty()) break;
    if (state.segments.next_untaken(request.target, request.order, shared_.now(), {}) != nullptr) {
      continue;
    }
    if (state.is_closing || state.pending.untaken_count(request.target) == 0) break;
    state.park([this, again = std::move(request)]() mutable { run(std::move(again)); });
    return;
  }
  request.on_read(std::move(records));
}

std::vector<ReadLane::Selection> ReadLane::select(const Request& request, Notices& notices) {
  std::vector<Selection> selected;
  std::vector<uint64_t> passed;
  size_t bytes = 0;
  {
    const MutexLock lock(shared_.mutex);
    while (const SegmentRef segment = shared_.state.segments.next_untaken(
               request.target, request.order, shared_.now(), passed)) {
      passed.push_back(segment->name().number);
      if (!load_segment_index(shared_, segment, notices)) continue;
      Selection chosen{segment, {}, {}};
      const bool is_full = select_in(*segment, request, bytes, chosen);
      if (!chosen.records.empty()) selected.push_back(std::move(chosen));
      if (is_full) break;
    }
  }
  shared_.place.point("records_taken");
  return selected;
}

// True when the request has all it wants.
bool ReadLane::select_in(Segment& segment, const Request& request, size_t& bytes, Selection& into) {
  const bool is_forward = request.order == Order::kOldestFirst;
  const TargetId target = request.target;
  std::optional<size_t> at = is_forward ? segment.next_untaken(target, 0)
                                        : segment.previous_untaken(target, segment.count());
  while (at) {
    const IndexEntry& entry = segment.index()[*at];
    // An empty payload counts too, so that a request always ends.
    const size_t size = entry.payload_bytes + kHeaderBytes;
    if (bytes > 0 && bytes + size > request.bytes_max) return true;
    bytes += size;
    into.records.push_back(shared_.state.take(target, segment, *at));
    into.entries.push_back(entry);
    at = is_forward ? segment.next_untaken(target, *at + 1) : segment.previous_untaken(target, *at);
  }
  return false;
}

void ReadLane::read(const Request& request, const Selection& selection,
                    std::vector<Record>& records, Notices& notices) {
  const SegmentRef& segment = selection.segment;
  const Result<io::DiskFile*> file = files_.open(segment->name());
  if (!file) {
    for (const LogState::Taken& taken : selection.records) {
      put_back(request.target, segment, taken, file.error());
    }
    return;
  }
  RecordReader reader(**file, segment->epoch(), selection.entries);
  for (size_t i = 0; i < selection.records.size(); ++i) {
    const LogState::Taken& taken = selection.records[i];
    Result<std::optional<ReadRecord>> found = reader.read(i);
    if (!found) {
      if (is_read_in_vain(*segment)) {
        quarantine(request.target, segment, taken, notices);
      } else {
        put_back(request.target, segment, taken, found.error());
      }
      continue;
    }
    if (!*found || (*found)->header.id != taken.id) {
      const IndexEntry& entry = selection.entries[i];
      quarantine_stretch(shared_.place, shared_.world.log, **file, segment->name(),
                         {uint64_t{entry.position} * kUnit, block_bytes(entry.body_bytes)});
      quarantine(request.target, segment, taken, notices);
      continue;
    }
    records.push_back(record_of(**found, taken));
    const MutexLock lock(shared_.mutex);
    segment->backoff().note_success();
    shared_.state.trouble.note_read();
  }
}

void ReadLane::close_removed_files() {
  shared_.world.reads.submit([this] {
    const MutexLock lock(shared_.mutex);
    const SegmentSet& segments = shared_.state.segments;
    files_.close_if([&segments](uint64_t number) { return !segments.contains(number); });
  });
}

bool ReadLane::is_read_in_vain(const Segment& segment) {
  const MutexLock lock(shared_.mutex);
  return segment.backoff().is_exhausted();
}

// The disk did not let us read it now. When the segment has been removed meanwhile, its loss is
// told.
void ReadLane::put_back(TargetId target, const SegmentRef& segment, const LogState::Taken& record,
                        const Error& error) {
  Notices notices(shared_.untold);
  {
    const MutexLock lock(shared_.mutex);
    LogState& state = shared_.state;
    if (state.segments.contains(*segment) && !segment->backoff().is_pausing(shared_.now())) {
      state.note_read_failure(*segment, error, shared_.now());
    }
    state.give_back(target, record.id, record.amount, notices);
  }
  shared_.tell(notices);
}

void ReadLane::quarantine(TargetId target, const SegmentRef& segment, const LogState::Taken& record,
                          Notices& notices) {
  const MutexLock lock(shared_.mutex);
  LogState& state = shared_.state;
  if (quarantined_.insert(record.id).second) ++state.numbers.records_quarantined;
  notices.add_loss({target, Loss::kStorageFailed, record.amount, {record.id, record.id + 1}});
  if (!state.segments.contains(*segment)) return;
  if (segment->finish(target, record.id)) state.finished.add({record.id, 1, target});
  state.remove_if_finished(segment);
}

}  // namespace millrace::segment_log
