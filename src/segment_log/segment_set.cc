#include "segment_log/segment_set.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace millrace::segment_log {

uint64_t SegmentSet::bytes_on_disk() const {
  uint64_t bytes = 0;
  for (const auto& [number, segment] : by_number_) bytes += segment->file_bytes();
  return bytes;
}

SegmentRef SegmentSet::find(RecordId id) const {
  auto found = by_id_.upper_bound(id);
  if (found == by_id_.begin()) return nullptr;
  --found;
  return found->second->holds(id) ? found->second : nullptr;
}

SegmentRef SegmentSet::oldest_removable() const {
  for (const auto& [number, segment] : by_number_) {
    if (segment->is_closed() && segment != last()) return segment;
  }
  return nullptr;
}

SegmentRef SegmentSet::next_untaken(TargetId target, Order order, WallTime now,
                                    const std::vector<uint64_t>& passed) const {
  const auto fits = [&](const auto& entry) {
    const Segment& segment = *entry.second;
    return segment.untaken(target).records > 0 && !segment.backoff().is_pausing(now) &&
           std::find(passed.begin(), passed.end(), entry.first) == passed.end();
  };
  if (order == Order::kOldestFirst) {
    const auto found = std::find_if(by_number_.begin(), by_number_.end(), fits);
    return found == by_number_.end() ? nullptr : found->second;
  }
  const auto found = std::find_if(by_number_.rbegin(), by_number_.rend(), fits);
  return found == by_number_.rend() ? nullptr : found->second;
}

bool SegmentSet::may_be_read_again(WallTime now) const {
  return std::any_of(by_number_.begin(), by_number_.end(), [now](const auto& entry) {
    const ReadBackoff& backoff = entry.second->backoff();
    return backoff.has_failed() && !backoff.is_pausing(now);
  });
}

std::vector<Segment> SegmentSet::copies_for_done() const {
  std::vector<Segment> copies;
  for (const auto& [number, segment] : by_number_) copies.push_back(segment->copy_for_done());
  return copies;
}

void SegmentSet::add(SegmentRef segment) {
  const uint64_t number = segment->name().number;
  MILLRACE_CHECK(by_number_.empty() || number > by_number_.rbegin()->first);
  bytes_ += segment->data_bytes();
  by_number_.emplace_hint(by_number_.end(), number, std::move(segment));
}

void SegmentSet::add_recovered(SegmentRef segment) {
  MILLRACE_CHECK(segment->is_closed());
  if (segment->count() > 0) by_id_[segment->first_id()] = segment;
  add(std::move(segment));
}

void SegmentSet::begin(SegmentRef segment) {
  MILLRACE_CHECK(active_ == nullptr && !segment->is_closed() && segment->count() == 0);
  active_ = segment;
  add(std::move(segment));
}

void SegmentSet::add_record(RecordId id, const IndexEntry& entry, WallTime admitted_at,
                            uint64_t taken, uint64_t done) {
  MILLRACE_CHECK(active_ != nullptr);
  if (active_->count() == 0) by_id_[id] = active_;
  active_->add(id, entry, admitted_at, taken, done);
}

void SegmentSet::note_written(uint64_t bytes, uint64_t end) {
  MILLRACE_CHECK(active_ != nullptr);
  bytes_ += bytes;
  active_->set_extent(active_->data_bytes() + bytes, std::max(active_->file_bytes(), end));
}

SegmentRef SegmentSet::close_active(std::optional<uint64_t> size) {
  MILLRACE_CHECK(active_ != nullptr);
  SegmentRef closed = std::exchange(active_, nullptr);
  closed->close();
  closed->drop_index();
  if (size) {
    bytes_ = bytes_ - closed->data_bytes() + *size;
    closed->set_extent(*size, *size);
  }
  return closed;
}

void SegmentSet::keep_index(const SegmentRef& segment) {
  MILLRACE_CHECK(segment->is_closed());
  std::erase(indexed_, segment->name().number);
  indexed_.push_back(segment->name().number);
  if (indexed_.size() <= kIndexesMax) return;
  by_number_.at(indexed_.front())->drop_index();
  indexed_.pop_front();
}

void SegmentSet::remove(const SegmentRef& segment) {
  MILLRACE_CHECK(contains(*segment) && segment->is_closed() && segment != last());
  MILLRACE_CHECK(bytes_ >= segment->data_bytes());
  const SegmentRef removed = segment;  // the caller's may be the map's own
  bytes_ -= removed->data_bytes();
  gone_.push_back(removed->name());
  std::erase(indexed_, removed->name().number);
  if (removed->count() > 0) by_id_.erase(removed->first_id());
  by_number_.erase(removed->name().number);
}

bool SegmentSet::remove_if_finished(const SegmentRef& segment) {
  if (!segment->is_closed() || !segment->is_finished() || segment == last()) return false;
  remove(segment);
  return true;
}

bool SegmentSet::remove_finished() {
  bool is_any = false;
  const std::map<uint64_t, SegmentRef> all = by_number_;
  for (const auto& [number, segment] : all) is_any |= remove_if_finished(segment);
  return is_any;
}

std::vector<SegmentName> SegmentSet::take_gone() { return std::exchange(gone_, {}); }

void SegmentSet::put_back_gone(const std::vector<SegmentName>& names) {
  gone_.insert(gone_.end(), names.begin(), names.end());
}

}  // namespace millrace::segment_log
