// What is known in memory about one segment: per record and target two bits, per target a sum. The
// index (where each record lies) is there for the segment that is written and for those that are
// read just now; it can be dropped and loaded again.
//
// One thread at a time (the log's lock).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "base/time.h"
#include "segment_log/bits.h"
#include "segment_log/format.h"

namespace millrace::segment_log {

// One target's part of a segment. A record is open until the target is done with it.
struct TargetPart {
  Amount wanted;   // all records it ever wanted here, for the summary
  Amount untaken;  // the open ones that nobody has taken
  uint64_t open_count = 0;
  uint64_t taken_count = 0;
  Bits open;       // by ordinal; empty until the segment is detailed
  Bits taken;      // the same
  size_t low = 0;  // no record below is untaken
};

class Segment {
 public:
  // Amounts that differ from the index's, of records that were given back in part.
  using RestOf = std::function<std::optional<Amount>(TargetId, RecordId)>;

  SegmentName name;    // of the file
  uint64_t epoch = 0;  // of the blocks
  RecordId first_id = 0;
  uint64_t count = 0;       // of ids, also of records that were damaged
  WallTime newest{};        // admission of the newest record
  uint64_t data_bytes = 0;  // blocks written: what counts against the limit
  uint64_t file_bytes = 0;  // on disk, allocated ahead included
  bool is_closed = false;   // nothing is written any more
  std::map<TargetId, TargetPart> parts;
  std::vector<IndexEntry> index;
  bool has_index = false;
  bool is_detailed = false;    // the parts' bits are there
  uint32_t read_failures = 0;  // in a row
  WallTime retry_read_at{};

  bool holds(RecordId id) const { return id >= first_id && id - first_id < count; }
  RecordId id_at(size_t ordinal) const { return first_id + ordinal; }
  // All targets are done with all records.
  bool is_finished() const;
  bool has_taken() const;
  TargetPart* part(TargetId target);

  // Appends a record that was written. The untaken sum includes it for `untaken`.
  void add(RecordId id, const IndexEntry& entry, uint64_t taken, uint64_t done);
  // The target is done with the record. False when it was before.
  bool finish(TargetId target, RecordId id);
  // The target is done with all that nobody has taken: which ids those are, and perhaps others that
  // it does not need either. Its sum is 0 then.
  std::vector<DoneRange> finish_untaken(TargetId target);
  // Nothing of [range) is needed by its target. Precondition: detailed, or the range covers all.
  void mark_done(const DoneRange& range);
  bool covers_all(const DoneRange& range) const;
  // Sets the index. What the sums hold and the index doesn't is returned: it is lost.
  std::vector<std::pair<TargetId, Amount>> install_index(RecordId index_first_id,
                                                         std::vector<IndexEntry> entries,
                                                         const RestOf& rest_of);
  void drop_index();

  // Next ordinal with an untaken record at or behind `from` (or before it, going down); nothing
  // when there is none. Precondition: detailed.
  std::optional<size_t> next_untaken(const TargetPart& part, size_t from) const;
  std::optional<size_t> previous_untaken(const TargetPart& part, size_t before) const;

  // All that is done, as ranges.
  std::vector<DoneRange> done_ranges(TargetId target, const TargetPart& part) const;

 private:
  void give_details();
};

// The blocks that say what is done in these segments, in whichever form is shorter, through `add`.
using AddBlock = std::function<void(const BlockHeader& header, std::string_view body)>;
uint32_t add_done_blocks(const std::vector<const Segment*>& segments, const AddBlock& add);

}  // namespace millrace::segment_log
