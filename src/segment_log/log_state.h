// The state of a log in memory, which its lock guards: the parts, and the operations that concern
// several of them. A record is pending (pending_records.h), then in a segment (segment_set.h).
//
// It decides and counts; it never calls the disk or the observer. Losses go into the caller's
// Notices, which the caller delivers when the lock is free. One thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/executor.h"
#include "segment_log/caps.h"
#include "segment_log/finished_ranges.h"
#include "segment_log/lost_ranges.h"
#include "segment_log/notices.h"
#include "segment_log/pending_records.h"
#include "segment_log/recovery.h"
#include "segment_log/remainders.h"
#include "segment_log/segment_set.h"
#include "segment_log/target_table.h"
#include "segment_log/trouble.h"
#include "segment_log/untaken_sums.h"
#include "segment_log/write_requests.h"

namespace millrace::segment_log {

class LogState {
 public:
  // All references outlive it.
  LogState(const Options& options, UntakenRecords& records, io::Executor& writes,
           io::Executor& reads);

  // --- the parts; each keeps its own invariants ---
  TargetTable targets;
  UntakenSums untaken;
  Remainders remainders;
  PendingRecords pending;
  SegmentSet segments;
  FinishedRanges finished;
  LostRanges lost;
  Trouble trouble;
  Caps caps;
  WriteRequests writes;
  Numbers numbers;  // events since the start; numbers_now() adds the present state
  bool is_closing = false;

  void adopt(Recovered recovered);
  uint64_t next_segment_number() { return number_next_++; }
  // Of the next record that will be in a segment.
  RecordId next_record_in_segment() const {
    return pending.has_waiting() ? pending.waiting(0).id : id_next_;
  }

  // --- calls ---
  // Makes room for a record by dropping segments where the options say so. Error: it is full.
  Status make_room(uint64_t cost, Notices& notices);
  // Gives it an id. Precondition: there is room.
  RecordId append(PendingRecord record);
  // Finishes a taken record, or makes it untaken again; `rest` is the part that is still owed.
  void finish(TargetId target, RecordId id, Notices& notices);
  void give_back(TargetId target, RecordId id, const Amount& rest, Notices& notices);
  // Drops segments in which all records are older than `limit`.
  void expire(WallTime limit, Notices& notices);

  // --- records and segments that end ---
  // Untaken records of that sum are gone.
  void lose(TargetId target, const Amount& amount, Loss loss, const RecordRange& range,
            Notices& notices);
  // All untaken records of the target in the segment are gone.
  void lose_part(TargetId target, const SegmentRef& segment, Loss loss, Notices& notices);
  void drop_segment(const SegmentRef& segment, Loss loss, Notices& notices);
  void remove_if_finished(const SegmentRef& segment);
  // The target is done with records of the segment: the next commit writes that down.
  void note_finished(const DoneRange& range, const SegmentRef& segment);
  // The records of a failed commit, or of appends that are refused now, are gone for all targets
  // that had them untaken.
  void lose_pending(const std::vector<PendingRecord>& records, Notices& notices);

  // A pending record was written to the active segment.
  void move_to_segment(const PendingRecord& record, const IndexEntry& entry);

  // --- reading ---
  // Sets the index that was read from the segment's file, and corrects the sums by it.
  void install_index(const SegmentRef& segment, LoadedIndex index, Notices& notices);
  void note_read_failure(Segment& segment, const Error& error, WallTime now);
  // Takes a record that is untaken for the target. Precondition: the segment has its index.
  struct Taken {
    RecordId id = 0;
    Amount amount;
  };
  Taken take(TargetId target, Segment& segment, size_t ordinal);
  // A task of the read lane that waits until pending records are in a segment, or the log closes.
  void park(io::Task task) { parked_.push_back(std::move(task)); }
  void release_parked();

  // --- room ---
  uint64_t used_bytes() const { return segments.bytes() + pending.bytes(); }
  void note_room(Notices& notices);
  // Why appends are refused, in words; empty: they are not.
  std::string refusal() const;
  std::string full_text() const;
  Numbers numbers_now() const;

 private:
  const Options& options_;
  io::Executor& reads_;
  std::vector<io::Task> parked_;
  uint64_t number_next_ = 1;
  RecordId id_next_ = 1;
  bool refused_for_room_ = false;
};

}  // namespace millrace::segment_log
