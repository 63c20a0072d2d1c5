// The segments of a log by number and by the ids of their records: which one is written, whose
// index is in memory, which files may go. Only segments that no target needs, or that are dropped,
// leave it; the one with the highest number always stays, so that numbers and ids are never used
// again.
//
// One thread at a time (the log's lock).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "segment_log/segment.h"

namespace millrace::segment_log {

// Shared with the read lane, which may hold one while it is removed.
using SegmentRef = std::shared_ptr<Segment>;

class SegmentSet {
 public:
  // Indexes of closed segments that stay in memory.
  static constexpr size_t kIndexesMax = 4;

  size_t count() const { return by_number_.size(); }
  bool empty() const { return by_number_.empty(); }
  uint64_t bytes() const { return bytes_; }  // of data: what counts against the limit
  uint64_t bytes_on_disk() const;            // what was allocated ahead included
  const SegmentRef& last() const { return by_number_.rbegin()->second; }  // precondition: not empty
  const SegmentRef& active() const { return active_; }  // the one that is written; may be null
  bool contains(const Segment& segment) const { return by_number_.contains(segment.name().number); }
  bool contains(uint64_t number) const { return by_number_.contains(number); }
  SegmentRef find(RecordId id) const;  // null: no segment has it
  const std::map<uint64_t, SegmentRef>& by_number() const { return by_number_; }
  // The one with the lowest number that is closed and not the last; null: there is none.
  SegmentRef oldest_removable() const;
  // The first in that order that has untaken records of the target, is not paused after a failed
  // read, and whose number is not among `passed`.
  SegmentRef next_untaken(TargetId target, Order order, WallTime now,
                          const std::vector<uint64_t>& passed) const;
  // A segment's pause after a failed read is over.
  bool may_be_read_again(WallTime now) const;
  std::vector<Segment> copies_for_done() const;

  // One that recovery has found. Precondition: its number is higher than all others'.
  void add_recovered(SegmentRef segment);
  // One that was begun, which is the active one from now on. The same precondition.
  void begin(SegmentRef segment);
  // Adds a record to the active segment.
  void add_record(RecordId id, const IndexEntry& entry, WallTime admitted_at, uint64_t taken,
                  uint64_t done);
  // Blocks of so many bytes were written to the active segment, up to `end`.
  void note_written(uint64_t bytes, uint64_t end);
  // The active segment is closed, and there is none until the next begins. `size`: of the file,
  // nothing when it was not sealed. Returns the segment.
  SegmentRef close_active(std::optional<uint64_t> size);

  // The index of a closed segment was used: drops that of another when there are too many.
  void keep_index(const SegmentRef& segment);
  // Its file is to be removed.
  void remove(const SegmentRef& segment);
  // Removes it if it is closed, not the last, and no target needs it. True when it was.
  bool remove_if_finished(const SegmentRef& segment);
  // The same for all of them.
  bool remove_finished();

  // Files to be removed, which the caller removes; those that it could not remove come back.
  std::vector<SegmentName> take_gone();
  void put_back_gone(const std::vector<SegmentName>& names);

 private:
  void add(SegmentRef segment);

  std::map<uint64_t, SegmentRef> by_number_;
  std::map<RecordId, SegmentRef> by_id_;  // those with records, by the first
  SegmentRef active_;
  std::deque<uint64_t>
      indexed_;  // numbers of closed segments with an index, least recently used first
  std::vector<SegmentName> gone_;
  uint64_t bytes_ = 0;
};

}  // namespace millrace::segment_log
