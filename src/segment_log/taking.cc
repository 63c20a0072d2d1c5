// The read lane: untaken records are chosen under the lock, then read and checked without it.
#include <algorithm>

#include "segment_log/core.h"
#include "segment_log/quarantine.h"
#include "segment_log/segment_reader.h"

namespace millrace::segment_log {
namespace {

constexpr size_t kIndexesMax = 4;  // of closed segments, kept in memory
constexpr size_t kReadersMax = 4;  // open files
constexpr Duration kReadRetryAfter = 1s;
// After as many failures in a row, with a pause behind each, a record counts as damaged.
constexpr uint32_t kReadFailuresMax = 10;

}  // namespace

void Log::Core::take(TargetId target, size_t bytes_max, Order order, OnRead on_read) {
  world_.reads.submit(
      [this, request = TakeRequest{target, bytes_max, order, std::move(on_read)}]() mutable {
        run_take(std::move(request));
      });
}

void Log::Core::release_parked() {
  for (TakeRequest& request : std::exchange(parked_, {})) {
    world_.reads.submit(
        [this, again = std::move(request)]() mutable { run_take(std::move(again)); });
  }
}

void Log::Core::run_take(TakeRequest request) {
  std::vector<Record> records;
  while (records.empty()) {
    Notices notices;
    const std::vector<SelectedSegment> selected = select(request, notices);
    for (const SelectedSegment& segment : selected) {
      read_segment(request, segment, records, notices);
    }
    tell(notices);
    const MutexLock lock(mutex_);
    if (!records.empty() || next_segment_for(request, {}) != nullptr) continue;
    if (is_closing_ || untaken_queued_[request.target] == 0) break;
    parked_.push_back(std::move(request));
    return;
  }
  request.on_read(std::move(records));
}

std::vector<Log::Core::SelectedSegment> Log::Core::select(const TakeRequest& request,
                                                          Notices& notices) {
  std::vector<SelectedSegment> selected;
  std::vector<uint64_t> passed;
  size_t bytes = 0;
  MutexLock lock(mutex_);
  while (const std::shared_ptr<Segment> segment = next_segment_for(request, passed)) {
    passed.push_back(segment->name.number);
    if (!give_index(segment, notices)) continue;
    SelectedSegment chosen{segment, {}, {}};
    const bool is_full = select_in(*segment, request, bytes, chosen);
    if (!chosen.records.empty()) selected.push_back(std::move(chosen));
    if (is_full) break;
  }
  lock.unlock();
  place_.point("records_taken");
  return selected;
}

std::shared_ptr<Segment> Log::Core::next_segment_for(const TakeRequest& request,
                                                     const std::vector<uint64_t>& passed) const {
  const auto fits = [&](const auto& entry) MILLRACE_REQUIRES(mutex_) {
    Segment& segment = *entry.second;
    const TargetPart* const part = segment.part(request.target);
    if (part == nullptr || part->untaken.records == 0) return false;
    if (is_resting(segment)) return false;
    return std::find(passed.begin(), passed.end(), entry.first) == passed.end();
  };
  if (request.order == Order::kOldestFirst) {
    const auto found = std::find_if(segments_.begin(), segments_.end(), fits);
    return found == segments_.end() ? nullptr : found->second;
  }
  const auto found = std::find_if(segments_.rbegin(), segments_.rend(), fits);
  return found == segments_.rend() ? nullptr : found->second;
}

// Loads the index when it isn't there, without the lock. False: it can't be read now, or the
// segment is gone meanwhile.
bool Log::Core::give_index(const std::shared_ptr<Segment>& segment, Notices& notices) {
  const uint64_t number = segment->name.number;
  if (!segment->has_index) {
    mutex_.unlock();
    Result<LoadedIndex> index = load_index(place_, world_.log, *segment);
    mutex_.lock();
    if (!segments_.contains(number)) return false;
    if (!index) {
      note_read_failure(*segment, index.error());
      return false;
    }
    numbers_.records_quarantined += index->quarantined;
    const auto rest_of = [this](TargetId target, RecordId id) MILLRACE_REQUIRES(mutex_) {
      const auto rest = rests_.find({target, id});
      return rest == rests_.end() ? std::optional<Amount>() : rest->second;
    };
    for (const auto& [target, amount] :
         segment->install_index(index->first_id, std::move(index->entries), rest_of)) {
      remove_untaken(target, amount);
      // A summary that says less than there is has lost nothing.
      if (static_cast<int64_t>(amount.records) > 0) {
        note_lost(notices, {target, Loss::kStorageFailed, amount, {}});
      }
    }
    retire_if_finished(segment);
    if (!segments_.contains(number)) return false;
  }
  if (!segment->is_closed) return true;
  std::erase(indexed_, number);
  indexed_.push_back(number);
  if (indexed_.size() > kIndexesMax) {
    if (const auto oldest = segments_.find(indexed_.front()); oldest != segments_.end()) {
      oldest->second->drop_index();
    }
    indexed_.pop_front();
  }
  return true;
}

// True when the request has all it wants.
bool Log::Core::select_in(Segment& segment, const TakeRequest& request, size_t& bytes,
                          SelectedSegment& into) {
  TargetPart* const part = segment.part(request.target);
  if (part == nullptr) return false;
  const bool is_forward = request.order == Order::kOldestFirst;
  std::optional<size_t> at = is_forward ? segment.next_untaken(*part, 0)
                                        : segment.previous_untaken(*part, part->open.size());
  while (at) {
    const IndexEntry& entry = segment.index[*at];
    // An empty payload counts too, so that a request always ends.
    const size_t size = entry.payload_bytes + kHeaderBytes;
    if (bytes > 0 && bytes + size > request.bytes_max) return true;
    bytes += size;
    const RecordId id = segment.id_at(*at);
    const Amount amount = rest_or(request.target, id, amount_of(entry));
    rests_.erase({request.target, id});
    part->taken.set(*at);
    ++part->taken_count;
    part->untaken -= amount;
    remove_untaken(request.target, amount);
    into.records.push_back({id, amount});
    into.entries.push_back(entry);
    if (is_forward) part->low = *at + 1;
    at = is_forward ? segment.next_untaken(*part, *at + 1) : segment.previous_untaken(*part, *at);
  }
  return false;
}

void Log::Core::read_segment(const TakeRequest& request, const SelectedSegment& selected,
                             std::vector<Record>& records, Notices& notices) {
  Segment& segment = *selected.segment;
  Error error;
  io::DiskFile* const file = reader_of(segment, error);
  if (file == nullptr) {
    for (const Selected& chosen : selected.records) {
      give_back(request.target, selected.segment, chosen, error);
    }
    return;
  }
  RecordReader reader(*file, segment.epoch, selected.entries);
  for (size_t i = 0; i < selected.records.size(); ++i) {
    const Selected& chosen = selected.records[i];
    Result<std::optional<ReadRecord>> read = reader.read(i);
    if (!read) {
      if (gives_up_reading(segment)) {
        set_aside(request.target, selected.segment, chosen, notices);
      } else {
        give_back(request.target, selected.segment, chosen, read.error());
      }
      continue;
    }
    if (!*read || (*read)->header.id != chosen.id) {
      const IndexEntry& entry = selected.entries[i];
      quarantine_stretch(place_, world_.log, *file, segment.name,
                         {uint64_t{entry.position} * kUnit, block_bytes(entry.body_bytes)});
      set_aside(request.target, selected.segment, chosen, notices);
      continue;
    }
    const BlockHeader& header = (*read)->header;
    Record record;
    record.id = chosen.id;
    record.item_count = header.count;
    record.admitted_bytes = header.admitted_bytes;
    record.admitted_at = WallTime(Duration(header.time));
    record.owed = chosen.amount;
    if (header.metadata_bytes > 0) {
      auto metadata = decode_metadata((*read)->body.view().first(header.metadata_bytes));
      if (metadata) record.metadata = std::make_shared<const Metadata>(std::move(*metadata));
    }
    record.bytes =
        (*read)->body.slice(header.metadata_bytes, header.body_bytes - header.metadata_bytes);
    records.push_back(std::move(record));
    const MutexLock lock(mutex_);
    segment.read_failures = 0;
    read_trouble_.reset();
  }
}

io::DiskFile* Log::Core::reader_of(const Segment& segment, Error& error) {
  const uint64_t number = segment.name.number;
  const auto found = std::find_if(readers_.begin(), readers_.end(),
                                  [number](const auto& entry) { return entry.first == number; });
  if (found != readers_.end()) {
    std::rotate(found, found + 1, readers_.end());
    return readers_.back().second.get();
  }
  auto file = world_.disk.open(place_.path(segment.name), io::DiskOpen::kRead);
  if (!file) {
    error = file.error();
    return nullptr;
  }
  if (readers_.size() >= kReadersMax) readers_.erase(readers_.begin());
  readers_.emplace_back(number, std::move(*file));
  return readers_.back().second.get();
}

void Log::Core::close_stale_readers() {
  const MutexLock lock(mutex_);
  std::erase_if(readers_, [this](const auto& entry) MILLRACE_REQUIRES(mutex_) {
    return !segments_.contains(entry.first);
  });
}

void Log::Core::note_read_failure(Segment& segment, const Error& error) {
  ++segment.read_failures;
  segment.retry_read_at = now() + kReadRetryAfter;
  read_trouble_ = error.message;
}

// After a failed read, for a while; not longer when the clock is set back.
bool Log::Core::is_resting(const Segment& segment) const {
  const WallTime time = now();
  return segment.read_failures > 0 && time < segment.retry_read_at &&
         time >= segment.retry_read_at - kReadRetryAfter;
}

bool Log::Core::gives_up_reading(const Segment& segment) const {
  const MutexLock lock(mutex_);
  return segment.read_failures >= kReadFailuresMax;
}

// The disk did not let us read it now. When the segment is gone meanwhile, untake() tells why.
void Log::Core::give_back(TargetId target, const std::shared_ptr<Segment>& segment,
                          const Selected& record, const Error& error) {
  {
    const MutexLock lock(mutex_);
    if (segments_.contains(segment->name.number) && !is_resting(*segment)) {
      note_read_failure(*segment, error);
    }
  }
  untake(target, record.id, record.amount);
}

void Log::Core::set_aside(TargetId target, const std::shared_ptr<Segment>& segment,
                          const Selected& record, Notices& notices) {
  const MutexLock lock(mutex_);
  if (quarantined_.insert(record.id).second) ++numbers_.records_quarantined;
  note_lost(notices, {target, Loss::kStorageFailed, record.amount, {record.id, record.id + 1}});
  if (!segments_.contains(segment->name.number)) return;
  if (segment->finish(target, record.id)) done_to_write_.push_back({record.id, 1, target});
  retire_if_finished(segment);
}

}  // namespace millrace::segment_log
