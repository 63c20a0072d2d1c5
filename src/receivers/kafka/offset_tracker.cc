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

OffsetTracker::Entry* OffsetTracker::find_under_way(int64_t offset) {
  const auto found = std::ranges::lower_bound(entries_, offset, {}, &Entry::offset);
  const bool is_known = found != entries_.end() && found->offset == offset;
  return is_known && found->state == State::kUnderWay ? &*found : nullptr;
}

std::optional<int64_t> OffsetTracker::finish(int64_t offset) {
  Entry* const entry = find_under_way(offset);
  if (entry == nullptr) return std::nullopt;
  entry->state = State::kDone;
  --under_way_count_;
  std::optional<int64_t> moved;
  while (!entries_.empty() && entries_.front().state == State::kDone) {
    moved = entries_.front().offset + 1;
    entries_.pop_front();
  }
  return moved;
}

bool OffsetTracker::abandon(int64_t offset) {
  Entry* const entry = find_under_way(offset);
  if (entry == nullptr) return false;
  entry->state = State::kAbandoned;
  --under_way_count_;
  return true;
}

}  // namespace millrace::receivers::kafka
