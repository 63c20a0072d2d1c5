// Records that were appended and are in no segment yet, in the order of their ids. The first of
// them may be in a commit: the write lane then reads them without the lock, while only their flags
// change.
//
// One thread at a time (the log's lock), but for the records of a commit, as begin_commit() says.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "segment_log/log.h"

namespace millrace::segment_log {

struct PendingRecord {
  RecordId id = 0;
  Signal signal = Signal::kTraces;
  uint32_t items = 0;
  uint32_t admitted_bytes = 0;
  uint64_t cost = 0;  // bytes that it takes of the log's limit
  WallTime admitted_at;
  MetadataRef metadata;
  Rope bytes;
  Log::OnDurable on_durable;
  uint64_t wanted = 0;  // a bit for each target
  // Flags of the targets that want it, changed by PendingRecords alone.
  uint64_t taken = 0;
  uint64_t done = 0;

  Amount amount() const { return {1, items, admitted_bytes, bytes.size()}; }
  uint64_t untaken() const { return wanted & ~taken & ~done; }
};

class PendingRecords {
 public:
  // Precondition: the id is one more than that of the record before, if there is one.
  void push(PendingRecord record);

  size_t count() const { return records_.size(); }
  // Of records that are in no commit.
  size_t waiting_count() const { return records_.size() - committing_; }
  bool has_waiting() const { return waiting_count() > 0; }
  const PendingRecord& waiting(size_t at) const { return records_[committing_ + at]; }
  uint64_t bytes() const { return bytes_; }  // of the limit, of all of them
  uint64_t untaken_count(TargetId target) const { return untaken_[target]; }

  // Null: it is not pending.
  PendingRecord* find(RecordId id);
  // The oldest that one of the targets has untaken; null: there is none.
  PendingRecord* find_untaken(uint64_t targets);
  // Preconditions: the target's record is taken; taken; untaken.
  void finish(PendingRecord& record, TargetId target);
  void untake(PendingRecord& record, TargetId target);
  void drop(PendingRecord& record, TargetId target);

  // Puts waiting records into a commit: the first in any case if `takes_first`, others while the
  // cost of all stays within `room_bytes` and their number within `records_max`, and no more once
  // `enough_bytes` are in. The records may be read without the lock until the commit ends, but for
  // taken, done and on_durable. Precondition: no commit is under way.
  struct CommitLimits {
    bool takes_first = false;
    uint64_t room_bytes = 0;
    uint64_t enough_bytes = 0;
    uint64_t records_max = 0;
  };
  std::vector<const PendingRecord*> begin_commit(const CommitLimits& limits);
  // The records of the commit, which are pending no longer.
  std::vector<PendingRecord> end_commit();
  // All records, which are pending no longer. Precondition: no commit is under way.
  std::vector<PendingRecord> remove_all();

 private:
  std::vector<PendingRecord> remove_first(size_t count);

  std::deque<PendingRecord> records_;  // push_back() leaves references to elements valid
  size_t committing_ = 0;              // the first so many are in a commit
  uint64_t bytes_ = 0;
  std::array<uint64_t, kTargetsMax> untaken_{};  // of records_
};

}  // namespace millrace::segment_log
