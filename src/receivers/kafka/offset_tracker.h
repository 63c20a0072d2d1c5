// The messages of one partition that are under way, and the offset that may be committed: that of
// the first message that is not processed. Offsets ascend with gaps (compaction, transactions).
//
// One thread. Cost: a message that ends in order is one step; one that ends out of order a binary
// search.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace millrace::receivers::kafka {

class OffsetTracker {
 public:
  // A message was taken. False: it, or one behind it, was taken before.
  bool begin(int64_t offset);
  // Its processing ended. Returns the offset to commit when it has moved: one behind the last
  // message in front of which nothing is under way. An unknown offset changes nothing.
  std::optional<int64_t> finish(int64_t offset);
  size_t under_way_count() const { return under_way_count_; }
  // One behind the last message that was taken; nothing: none was.
  std::optional<int64_t> next() const { return next_; }

 private:
  struct Entry {
    int64_t offset = 0;
    bool is_done = false;
  };
  std::deque<Entry> entries_;  // ascending; the first is not done
  size_t under_way_count_ = 0;
  std::optional<int64_t> next_;
};

}  // namespace millrace::receivers::kafka
