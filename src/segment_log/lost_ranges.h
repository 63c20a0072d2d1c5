// Why segments with taken records were dropped, so that untake() reports the right reason for such
// a record. One thread at a time (the log's lock).
#pragma once

#include <cstddef>
#include <map>
#include <utility>

#include "base/check.h"
#include "segment_log/log.h"

namespace millrace::segment_log {

class LostRanges {
 public:
  // With more, the oldest is forgotten: its records count as lost by the storage's failure.
  static constexpr size_t kRangesMax = 1024;

  void add(const RecordRange& range, Loss loss) {
    MILLRACE_CHECK(range.first < range.end);
    ranges_[range.first] = {range.end, loss};
    if (ranges_.size() > kRangesMax) ranges_.erase(ranges_.begin());
  }
  Loss reason_of(RecordId id) const {
    auto range = ranges_.upper_bound(id);
    if (range == ranges_.begin() || id >= (--range)->second.first) return Loss::kStorageFailed;
    return range->second.second;
  }

 private:
  std::map<RecordId, std::pair<RecordId, Loss>> ranges_;  // first id → (id behind the last, why)
};

}  // namespace millrace::segment_log
