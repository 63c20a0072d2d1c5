// A segment file read block by block: for a segment without a valid footer, and for one whose
// footer is damaged.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "segment_log/format.h"
#include "segment_log/segment.h"
#include "segment_log/segment_reader.h"

namespace millrace::segment_log {

struct ScannedSegment {
  std::shared_ptr<Segment> segment;  // with the index of its valid records; not closed
  Scan scan;
  uint64_t file_bytes = 0;
  std::vector<DoneRange> done;
  std::vector<NamedTarget> targets;
  // The blocks that the head announces as snapshot are all valid: with `done` they say everything
  // that was done when the segment was begun.
  bool snapshot_is_whole = false;
};

// Blocks on the disk. A record whose id does not fit to the records before it is passed over.
// Errors: the disk's own; damage is none.
Result<ScannedSegment> read_blocks(io::DiskFile& file, const SegmentName& name, uint64_t epoch);

}  // namespace millrace::segment_log
