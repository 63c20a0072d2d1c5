#include "recent/edge_taps.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace millrace::recent {
namespace {

bool is_same(const Rope& a, const Rope& b) {
  return std::ranges::equal(a.pieces(), b.pieces(), [](const Bytes& x, const Bytes& y) {
    return x.data() == y.data() && x.size() == y.size();
  });
}

bool is_wanted(size_t position, uint64_t watched) {
  // For the difference, the point in front of one that is looked at.
  const uint64_t wanted = watched | watched >> 1;
  return position < EdgeTaps::kPositionsMax && (wanted >> position & 1) != 0;
}

}  // namespace

const EdgeSample::Point* EdgeSample::point(size_t position) const {
  const auto found = std::ranges::find(points, position, &Point::position);
  return found == points.end() ? nullptr : &*found;
}

EdgeTaps::EdgeTaps(Budget& budget, size_t pipeline_count) : budget_(budget) {
  for (size_t i = 0; i < pipeline_count; ++i) of_.push_back(std::make_unique<OfPipeline>());
}
EdgeTaps::~EdgeTaps() = default;

EdgeTaps::Watch::Watch(EdgeTaps& taps, size_t pipeline, size_t position)
    : taps_(taps), pipeline_(pipeline), position_(position) {
  MILLRACE_CHECK(position < kPositionsMax && pipeline < taps.of_.size());
  taps_.change_watch(pipeline_, position_, 1);
}
EdgeTaps::Watch::~Watch() { taps_.change_watch(pipeline_, position_, -1); }

void EdgeTaps::change_watch(size_t pipeline, size_t position, int change) {
  std::deque<EdgeSampleRef> dropped;
  const MutexLock lock(mutex_);
  OfPipeline& of = *of_[pipeline];
  uint32_t& count = of.watch_counts[position];
  count += static_cast<uint32_t>(change);
  const uint64_t bit = uint64_t{1} << position;
  const uint64_t before = of.watched.load(std::memory_order_relaxed);
  const uint64_t now = count != 0 ? before | bit : before & ~bit;
  of.watched.store(now, std::memory_order_relaxed);
  if ((now & ~kFlowBit) != 0) return;
  while (!of.samples.empty()) {
    dropped.push_back(of.samples.front());
    drop_oldest(of);
  }
}

void EdgeTaps::set_flow_watched(bool is_watched) {
  const MutexLock lock(mutex_);
  for (const auto& of : of_) {
    const uint64_t before = of->watched.load(std::memory_order_relaxed);
    of->watched.store(is_watched ? before | kFlowBit : before & ~kFlowBit,
                      std::memory_order_relaxed);
  }
}

void EdgeTaps::drop_oldest(OfPipeline& of) {
  bytes_ -= of.samples.front()->memory.bytes();
  of.samples.pop_front();
}

EdgeTaps::Copying::Copying(EdgeTaps& taps, size_t pipeline, pipeline::Trail trail, WallTime at)
    : taps_(taps), pipeline_(pipeline), trail_(std::move(trail)) {
  OfPipeline& of = *taps.of_[pipeline];
  const uint64_t watched = of.watched.load(std::memory_order_relaxed) & ~kFlowBit;
  is_done_ = watched == 0;
  if (is_done_) return;
  if (!begin(watched)) {
    is_done_ = true;
    of.too_large_requests.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  sample_->at = at;
  sample_->metadata = trail_.metadata;
  sample_->refusal = trail_.refusal;
}

// False: too large, or memory is short.
bool EdgeTaps::Copying::begin(uint64_t watched) {
  std::erase_if(trail_.points,
                [&](const auto& point) { return !is_wanted(point.position, watched); });
  size_t bytes = kKeptCost;
  const Rope* last = nullptr;
  for (const auto& point : trail_.points) {
    if (last == nullptr || !is_same(*last, point.bytes)) bytes += point.bytes.size();
    last = &point.bytes;
  }
  if (last == nullptr || bytes > kSampleBytesMax || is_short_for(taps_.budget_, bytes)) {
    return false;
  }
  sample_ = std::make_shared<EdgeSample>();
  sample_->memory = Reservation::try_make(taps_.budget_, MemoryTerm::kRecent, bytes);
  return bool(sample_->memory);
}

void EdgeTaps::Copying::begin_point() {
  const auto& point = trail_.points[next_point_];
  const bool is_shared =
      next_point_ != 0 && is_same(trail_.points[next_point_ - 1].bytes, point.bytes);
  sample_->points.push_back({.position = point.position,
                             .item_count = point.item_count,
                             .bytes = is_shared ? sample_->points.back().bytes : Bytes()});
  if (!is_shared) copy_.emplace(point.bytes);
  ++next_point_;
}

size_t EdgeTaps::Copying::proceed(size_t bytes_max) {
  size_t left = bytes_max;
  while (!is_done_) {
    if (copy_) {
      left -= copy_->proceed(left);
      if (!copy_->is_whole()) break;
      sample_->points.back().bytes = copy_->bytes();
      copy_.reset();
    }
    if (next_point_ < trail_.points.size()) {
      begin_point();
      continue;
    }
    is_done_ = true;
    taps_.add_sample(pipeline_, std::move(sample_));
  }
  return bytes_max - left;
}

void EdgeTaps::add_sample(size_t pipeline, std::shared_ptr<EdgeSample> sample) {
  OfPipeline& of = *of_[pipeline];
  std::deque<EdgeSampleRef> dropped;  // destroyed outside of the lock
  const size_t bytes = sample->memory.bytes();
  const MutexLock lock(mutex_);
  if ((of.watched.load(std::memory_order_relaxed) & ~kFlowBit) == 0) return;
  while (!of.samples.empty() && (of.samples.size() == kSamplesMax || bytes_ + bytes > kBytesMax)) {
    dropped.push_back(of.samples.front());
    drop_oldest(of);
  }
  if (bytes_ + bytes > kBytesMax) {
    of.too_large_requests.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  of.sampled_requests.fetch_add(1, std::memory_order_relaxed);
  sample->number = ++of.newest;
  bytes_ += bytes;
  of.samples.push_back(std::move(sample));
}

bool EdgeTaps::give_back() {
  std::deque<EdgeSampleRef> dropped;
  const MutexLock lock(mutex_);
  for (const auto& of : of_) {
    while (!of->samples.empty()) {
      dropped.push_back(of->samples.front());
      drop_oldest(*of);
    }
  }
  return !dropped.empty();
}

std::vector<EdgeSampleRef> EdgeTaps::newer_than(size_t pipeline, uint64_t number) const {
  const MutexLock lock(mutex_);
  const auto& samples = of_[pipeline]->samples;
  const auto first = std::ranges::upper_bound(
      samples, number, {}, [](const EdgeSampleRef& sample) { return sample->number; });
  return {first, samples.end()};
}

EdgeTaps::Numbers EdgeTaps::numbers(size_t pipeline) const {
  const OfPipeline& of = *of_[pipeline];
  Numbers numbers{.passed_requests = of.passed_requests.load(std::memory_order_relaxed),
                  .passed_items = of.passed_items.load(std::memory_order_relaxed),
                  .sampled_requests = of.sampled_requests.load(std::memory_order_relaxed),
                  .too_large_requests = of.too_large_requests.load(std::memory_order_relaxed)};
  const MutexLock lock(mutex_);
  numbers.newest = of.newest;
  return numbers;
}

}  // namespace millrace::recent
