#include "segment_log/log_state.h"

#include <bit>
#include <utility>

#include "base/check.h"

namespace millrace::segment_log {
namespace {

// Finishes that wait longer than a commit or a tick are written when there are that many.
constexpr size_t kFinishedMax = 4096;

std::string megabytes(uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

RecordRange range_of(const Segment& segment) { return {segment.first_id(), segment.end_id()}; }

}  // namespace

LogState::LogState(const Options& options, UntakenRecords& records, io::Executor& writes_lane,
                   io::Executor& reads_lane)
    : untaken(records),
      caps(reads_lane),
      writes(writes_lane),
      options_(options),
      reads_(reads_lane) {}

void LogState::adopt(Recovered recovered) {
  targets.adopt(std::move(recovered.targets));
  number_next_ = recovered.number_next;
  id_next_ = recovered.id_next;
  numbers = recovered.numbers;
  for (SegmentRef& segment : recovered.segments) {
    for (const TargetId target : segment->targets()) untaken.add(target, segment->untaken(target));
    segments.add_recovered(std::move(segment));
  }
}

// --- Calls -------------------------------------------------------------------------------------

Status LogState::make_room(uint64_t cost, Notices& notices) {
  if (options_.bytes_max == 0) return {};
  while (used_bytes() + cost > options_.bytes_max) {
    const SegmentRef oldest =
        options_.on_full == OnFull::kDropOldest ? segments.oldest_removable() : nullptr;
    if (oldest == nullptr) {
      refused_for_room_ = true;
      return fail(Code::kResourceExhausted, full_text());
    }
    drop_segment(oldest, Loss::kDropOldest, notices);
  }
  return {};
}

RecordId LogState::append(PendingRecord record) {
  const RecordId id = record.id = id_next_++;
  const uint64_t new_untaken = record.untaken();
  const Amount amount = record.amount();
  pending.push(std::move(record));
  for (uint64_t rest = new_untaken; rest != 0; rest &= rest - 1) {
    const auto target = static_cast<TargetId>(std::countr_zero(rest));
    untaken.add(target, amount);
    if (!is_closing) caps.schedule(target, untaken);
  }
  writes.schedule();
  return id;
}

void LogState::finish(TargetId target, RecordId id, Notices& notices) {
  if (PendingRecord* const record = pending.find(id)) {
    pending.finish(*record, target);
    return;
  }
  const SegmentRef segment = segments.find(id);
  if (segment == nullptr || !segment->finish(target, id)) return;
  note_finished({id, 1, target}, segment);
  note_room(notices);
  if (finished.size() >= kFinishedMax && !trouble.write_error()) writes.schedule();
}

void LogState::give_back(TargetId target, RecordId id, const Amount& rest, Notices& notices) {
  if (PendingRecord* const record = pending.find(id)) {
    pending.untake(*record, target);
  } else {
    const SegmentRef segment = segments.find(id);
    if (segment == nullptr || !segment->is_taken(target, id)) {
      notices.add_loss({target, lost.reason_of(id), rest, {id, id + 1}});
      return;
    }
    segment->untake(target, segment->ordinal_of(id), rest);
  }
  untaken.add(target, rest);
  remainders.set(target, id, rest);
  if (!is_closing) caps.schedule(target, untaken);
}

void LogState::expire(WallTime limit, Notices& notices) {
  while (const SegmentRef oldest = segments.oldest_removable()) {
    if (oldest->newest() >= limit) break;
    drop_segment(oldest, Loss::kAgeExpired, notices);
  }
  // A segment that is alone can't be dropped before there is another to write to.
  if (segments.count() != 1) return;
  const Segment& last = *segments.last();
  if (last.count() > 0 && !last.is_finished() && last.newest() < limit) {
    writes.schedule_new_segment();
  }
}

// --- Records and segments that end -------------------------------------------------------------

void LogState::lose(TargetId target, const Amount& amount, Loss loss, const RecordRange& range,
                    Notices& notices) {
  if (amount.records == 0) return;
  untaken.remove(target, amount);
  notices.add_loss({target, loss, amount, range});
}

void LogState::lose_part(TargetId target, const SegmentRef& segment, Loss loss, Notices& notices) {
  lose(target, segment->untaken(target), loss, range_of(*segment), notices);
  remainders.remove(target, range_of(*segment));
  for (const DoneRange& range : segment->finish_untaken(target)) finished.add(range);
  remove_if_finished(segment);
}

void LogState::drop_segment(const SegmentRef& segment, Loss loss, Notices& notices) {
  for (const TargetId target : segment->targets()) {
    lose(target, segment->untaken(target), loss, range_of(*segment), notices);
  }
  if (segment->has_taken()) lost.add(range_of(*segment), loss);
  remainders.remove(range_of(*segment));
  segments.remove(segment);
  writes.schedule();
}

void LogState::remove_if_finished(const SegmentRef& segment) {
  if (segments.remove_if_finished(segment)) writes.schedule();
}

void LogState::note_finished(const DoneRange& range, const SegmentRef& segment) {
  finished.add(range);
  remove_if_finished(segment);
}

void LogState::lose_pending(const std::vector<PendingRecord>& records, Notices& notices) {
  for (const PendingRecord& record : records) {
    for (uint64_t rest = record.untaken(); rest != 0; rest &= rest - 1) {
      const auto target = static_cast<TargetId>(std::countr_zero(rest));
      lose(target, remainders.of(target, record.id, record.amount()), Loss::kStorageFailed,
           {record.id, record.id + 1}, notices);
      remainders.remove(target, record.id);
    }
  }
}

void LogState::move_to_segment(const PendingRecord& record, const IndexEntry& entry) {
  segments.add_record(record.id, entry, record.admitted_at, record.taken, record.done);
  for (uint64_t rest = record.wanted; rest != 0; rest &= rest - 1) {
    const auto target = static_cast<TargetId>(std::countr_zero(rest));
    const uint64_t bit = uint64_t{1} << target;
    if ((record.done & bit) != 0) {
      finished.add({record.id, 1, target});
    } else if ((record.taken & bit) == 0) {
      const std::optional<Amount> owed = remainders.find(target, record.id);
      if (owed) segments.active()->set_rest(target, entry, *owed);
    }
  }
}

// --- Reading -----------------------------------------------------------------------------------

void LogState::install_index(const SegmentRef& segment, LoadedIndex index, Notices& notices) {
  numbers.records_quarantined += index.quarantined;
  const auto rest_of = [this](TargetId target, RecordId id) { return remainders.find(target, id); };
  for (const Segment::Correction& correction :
       segment->install_index(index.first_id, std::move(index.entries), rest_of)) {
    untaken.remove(correction.target, correction.before);
    untaken.add(correction.target, correction.now);
    // A summary that says less than there is has lost nothing.
    if (correction.now.records >= correction.before.records) continue;
    Amount missing = correction.before;
    missing -= correction.now;
    notices.add_loss({correction.target, Loss::kStorageFailed, missing, {}});
  }
  remove_if_finished(segment);
}

void LogState::note_read_failure(Segment& segment, const Error& error, WallTime now) {
  segment.backoff().note_failure(now);
  trouble.note_read_failure(error);
}

LogState::Taken LogState::take(TargetId target, Segment& segment, size_t ordinal) {
  MILLRACE_CHECK(segment.has_index());
  const RecordId id = segment.id_at(ordinal);
  const Amount amount = remainders.of(target, id, amount_of(segment.index()[ordinal]));
  remainders.remove(target, id);
  segment.take(target, ordinal, amount);
  untaken.remove(target, amount);
  return {id, amount};
}

void LogState::release_parked() {
  for (io::Task& task : std::exchange(parked_, {})) reads_.submit(std::move(task));
}

// --- Room --------------------------------------------------------------------------------------

void LogState::note_room(Notices& notices) {
  if (!refused_for_room_ || used_bytes() >= options_.bytes_max) return;
  refused_for_room_ = false;
  notices.add_room();
}

std::string LogState::full_text() const {
  return "storage " + options_.directory + " is full: " + megabytes(used_bytes()) + " of " +
         megabytes(options_.bytes_max);
}

std::string LogState::refusal() const {
  if (trouble.write_error()) {
    return "storage " + options_.directory + " can't be written: " + trouble.write_error()->message;
  }
  return refused_for_room_ ? full_text() : std::string();
}

Numbers LogState::numbers_now() const {
  Numbers now = numbers;
  now.segments = segments.count();
  now.bytes_max = options_.bytes_max;
  now.bytes_on_disk = segments.bytes_on_disk();
  return now;
}

}  // namespace millrace::segment_log
