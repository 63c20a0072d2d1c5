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
  // It ends without being processed: nothing from there on is committed. False: it was not under
  // way.
  bool abandon(int64_t offset);
  size_t under_way_count() const { return under_way_count_; }
  // The messages from the first that is not processed on, processed or not: what is remembered.
  size_t size() const { return entries_.size(); }
  // One behind the last message that was taken; nothing: none was.
  std::optional<int64_t> next() const { return next_; }

 private:
  enum class State : uint8_t { kUnderWay, kDone, kAbandoned };
  struct Entry {
    int64_t offset = 0;
    State state = State::kUnderWay;
  };
  Entry* find_under_way(int64_t offset);  // null: it is not
  std::deque<Entry> entries_;             // ascending; the first is not done
  size_t under_way_count_ = 0;
  std::optional<int64_t> next_;
};

}  // namespace millrace::receivers::kafka
