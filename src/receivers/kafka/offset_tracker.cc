#include "receivers/kafka/offset_tracker.h"

#include <algorithm>

namespace millrace::receivers::kafka {

bool OffsetTracker::begin(int64_t offset) {
  if (next_ && offset < *next_) return false;
  next_ = offset + 1;
  entries_.push_back({.offset = offset});
  ++under_way_count_;
  return true;
}

std::optional<int64_t> OffsetTracker::finish(int64_t offset) {
  const auto found = std::ranges::lower_bound(entries_, offset, {}, &Entry::offset);
  if (found == entries_.end() || found->offset != offset || found->is_done) return std::nullopt;
  found->is_done = true;
  --under_way_count_;
  std::optional<int64_t> moved;
  while (!entries_.empty() && entries_.front().is_done) {
    moved = entries_.front().offset + 1;
    entries_.pop_front();
  }
  return moved;
}

}  // namespace millrace::receivers::kafka
