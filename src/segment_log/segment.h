// One segment in memory: two bits for each record and target, a sum for each target. The index (the
// position of each record) is in memory for the segment that is written and for those that were
// read last; it can be dropped and loaded again.
//
// A record is open for a target until the target is done with it. An open record is taken (the
// caller holds its bytes in memory) or untaken. `ordinal` is the position of a record in its
// segment. One thread at a time (the log's lock).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/time.h"
#include "segment_log/bits.h"
#include "segment_log/format.h"
#include "segment_log/read_backoff.h"

namespace millrace::segment_log {

// A segment holds no more records, so that its index in memory is a small constant: 4 MiB.
inline constexpr uint64_t kSegmentRecordsMax = uint64_t{1} << 17;
inline constexpr size_t kIndexBytesMax = kSegmentRecordsMax * sizeof(IndexEntry);

class Segment {
 public:
  // Returns the rest of a record that was given back in part, nullopt for all others.
  using RestOf = std::function<std::optional<Amount>(TargetId, RecordId)>;

  // `epoch` is that of the blocks, which differs from the name's if the file was renamed.
  Segment(const SegmentName& name, uint64_t epoch) : name_(name), epoch_(epoch) {}

  const SegmentName& name() const { return name_; }
  uint64_t epoch() const { return epoch_; }
  RecordId first_id() const { return first_id_; }
  RecordId end_id() const { return first_id_ + count_; }
  uint64_t count() const { return count_; }            // of ids, also of records that were damaged
  WallTime newest() const { return newest_; }          // admission of the newest record
  uint64_t data_bytes() const { return data_bytes_; }  // blocks written: counts against the limit
  uint64_t file_bytes() const { return file_bytes_; }  // on disk, allocated ahead included
  bool is_closed() const { return is_closed_; }        // nothing is written any more
  bool has_index() const { return has_index_; }
  bool is_detailed() const { return is_detailed_; }  // the bits of the targets are there
  bool holds(RecordId id) const { return id >= first_id_ && id - first_id_ < count_; }
  RecordId id_at(size_t ordinal) const { return first_id_ + ordinal; }
  size_t ordinal_of(RecordId id) const { return id - first_id_; }
  const std::vector<IndexEntry>& index() const { return index_; }
  ReadBackoff& backoff() { return backoff_; }
  const ReadBackoff& backoff() const { return backoff_; }

  // --- the targets ---
  std::vector<TargetId> targets() const;         // that ever wanted a record of it
  Amount wanted(TargetId target) const;          // all that the target ever wanted here
  const Amount& untaken(TargetId target) const;  // open and not taken
  bool is_taken(TargetId target, RecordId id) const;
  // All targets are done with all records.
  bool is_finished() const;
  bool has_taken() const;
  uint64_t open_records() const;  // open for any target
  // Next ordinal with an untaken record at or behind `from` (or before it, going down); nothing
  // when there is none. Precondition: detailed.
  std::optional<size_t> next_untaken(TargetId target, size_t from) const;
  std::optional<size_t> previous_untaken(TargetId target, size_t before) const;
  // All that the target is done with.
  std::vector<DoneRange> done_ranges(TargetId target) const;

  // --- being written or recovered ---
  // Makes it ready for records.
  void begin(uint64_t data_bytes, uint64_t file_bytes);
  // Appends a record that was written. The untaken sum includes it where it is neither taken nor
  // done.
  void add(RecordId id, const IndexEntry& entry, WallTime admitted_at, uint64_t taken,
           uint64_t done);
  void set_extent(uint64_t data_bytes, uint64_t file_bytes);
  // Takes the records' extent and the targets' sums from the summary of a sealed file.
  void take_summary(const BlockHeader& header, const std::vector<SummaryEntry>& entries);
  // Nothing is written any more.
  void close() { is_closed_ = true; }

  // --- being read ---
  // Precondition of the next two: the target's record is untaken, or taken; `amount` and `rest` are
  // what it counts in the untaken sum.
  void take(TargetId target, size_t ordinal, const Amount& amount);
  void untake(TargetId target, size_t ordinal, const Amount& rest);
  // The untaken record counts as `rest` from now on, not as the index says.
  void set_rest(TargetId target, const IndexEntry& entry, const Amount& rest);
  // The target is done with the record. False when it was before. Precondition: not untaken.
  bool finish(TargetId target, RecordId id);
  // The target is done with an untaken record, the first that it has.
  void drop_first(TargetId target, size_t ordinal, const Amount& amount);
  // The target is done with all of its untaken records. Returns their ids, and perhaps ids that it
  // does not need either. Its sum is 0 then.
  std::vector<DoneRange> finish_untaken(TargetId target);
  // The target needs no record of the range. Precondition: detailed, or the range covers all.
  void mark_done(const DoneRange& range);
  bool covers_all(const DoneRange& range) const;

  // A sum that the index has changed.
  struct Correction {
    TargetId target = 0;
    Amount before, now;
  };
  // Sets the index. Sums that hold something else than the index says are corrected.
  std::vector<Correction> install_index(RecordId index_first_id, std::vector<IndexEntry> entries,
                                        const RestOf& rest_of);
  void drop_index();
  // The index, which it then has no longer.
  std::vector<IndexEntry> take_index();
  // A copy without the index.
  Segment copy_for_done() const;

 private:
  // One target's part.
  struct Part {
    Amount wanted;
    Amount untaken;
    uint64_t open_count = 0;
    uint64_t taken_count = 0;
    Bits open;       // by ordinal; empty until the segment is detailed
    Bits taken;      // the same
    size_t low = 0;  // no record below is untaken
    bool is_untaken(size_t ordinal) const { return open.get(ordinal) && !taken.get(ordinal); }
  };
  Part* part(TargetId target);
  const Part* part(TargetId target) const;
  Part& known_part(TargetId target);
  static bool finish(Part& part, size_t ordinal);
  void give_details();

  SegmentName name_;
  uint64_t epoch_ = 0;
  RecordId first_id_ = 0;
  uint64_t count_ = 0;
  WallTime newest_{};
  uint64_t data_bytes_ = 0;
  uint64_t file_bytes_ = 0;
  bool is_closed_ = false;
  std::map<TargetId, Part> parts_;
  std::vector<IndexEntry> index_;
  bool has_index_ = false;
  bool is_detailed_ = false;
  ReadBackoff backoff_;
};

// The blocks that say what is done in these segments, in whichever form is shorter, through `add`.
using AddBlock = std::function<void(const BlockHeader& header, std::string_view body)>;
uint32_t add_done_blocks(const std::vector<const Segment*>& segments, const AddBlock& add);

}  // namespace millrace::segment_log
