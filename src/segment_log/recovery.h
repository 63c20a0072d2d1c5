// Finds out what a directory holds, as "Reading" of docs/formats/segment-log.md says, and leaves it
// sealed. Whatever is damaged, the rest is found: an error is only what makes the whole directory
// unusable.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "base/log.h"
#include "segment_log/segment.h"
#include "segment_log/segment_writer.h"

namespace millrace::segment_log {

struct Recovered {
  std::vector<std::shared_ptr<Segment>> segments;  // by number; closed, without indexes
  std::map<TargetId, TargetName> targets;          // those that are mentioned in any segment
  uint64_t number_next = 1;
  RecordId id_next = 1;
  Numbers numbers;  // what recovery counts
};

// Blocks on the disk. Errors: the directory can't be listed.
Result<Recovered> recover(const SegmentPlace& place, Logger* log);

// Where the records of a segment are, from its footer or, when that is damaged, from a scan that
// quarantines what it finds damaged. Errors: the disk's own.
struct LoadedIndex {
  RecordId first_id = 0;
  std::vector<IndexEntry> entries;
  uint64_t quarantined = 0;
};
Result<LoadedIndex> load_index(const SegmentPlace& place, Logger* log, const Segment& segment);

}  // namespace millrace::segment_log
