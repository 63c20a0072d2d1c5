// Records that targets have finished and that no commit has written down yet.
// One thread at a time (the log's lock).
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "segment_log/format.h"

namespace millrace::segment_log {

class FinishedRanges {
 public:
  bool empty() const { return ranges_.empty(); }
  size_t size() const { return ranges_.size(); }
  void add(const DoneRange& range) { ranges_.push_back(range); }
  // All of them, in order of target and id, neighbours joined; none stays. Ranges for which
  // `is_gone(first id)` is true are left out: what belonged to a segment that is gone needs no
  // remembering. A range lies within one segment.
  template <class IsGone>
  std::vector<DoneRange> take(const IsGone& is_gone) {
    std::vector<DoneRange> done = std::exchange(ranges_, {});
    std::erase_if(done, [&](const DoneRange& range) { return is_gone(range.first); });
    std::sort(done.begin(), done.end(), [](const DoneRange& a, const DoneRange& b) {
      return a.target != b.target ? a.target < b.target : a.first < b.first;
    });
    std::vector<DoneRange> joined;
    for (const DoneRange& range : done) {
      if (!joined.empty() && joined.back().target == range.target &&
          joined.back().first + joined.back().count == range.first) {
        joined.back().count += range.count;
      } else {
        joined.push_back(range);
      }
    }
    return joined;
  }

 private:
  std::vector<DoneRange> ranges_;
};

}  // namespace millrace::segment_log
