// Durations counted in buckets that grow with the value, for percentiles of load tests: 64 buckets
// for each power of two, so that a reported quantile is at most 1.6 % above the true one, over the
// whole range of 64 bits, in 30 KB.
//
// One thread. Recording is a shift and an add.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace millrace::metrics {

class LatencyHistogram {
 public:
  // A negative duration (from clocks that disagree) counts as zero.
  void record(Duration latency) {
    const int64_t count = latency.count();
    const uint64_t value = count > 0 ? static_cast<uint64_t>(count) : 0;
    ++buckets_[bucket_of(value)];
    ++count_;
    if (value > max_) max_ = value;
  }
  uint64_t count() const { return count_; }
  Duration max() const { return Duration(static_cast<int64_t>(max_)); }
  // The value that a share `quantile` (0 to 1) of the recorded durations does not exceed, rounded
  // up to the end of its bucket, but never above max(). Zero when nothing is recorded.
  Duration quantile(double quantile) const;
  void clear() { *this = LatencyHistogram(); }

 private:
  static constexpr int kLinearBits = 6;
  static constexpr uint64_t kLinear = uint64_t{1} << kLinearBits;
  static constexpr size_t kBuckets = kLinear * (64 - kLinearBits) + kLinear;

  // Each value below 2 * kLinear has its own bucket; above, the 7 leading bits select the bucket.
  static constexpr size_t bucket_of(uint64_t value) {
    const int shift = std::bit_width(value | kLinear) - kLinearBits - 1;
    return kLinear * static_cast<size_t>(shift) + static_cast<size_t>(value >> shift);
  }
  static constexpr uint64_t last_value_of(size_t bucket) {
    if (bucket < 2 * kLinear) return bucket;
    const size_t shift = bucket / kLinear - 1;
    return ((bucket - kLinear * shift + 1) << shift) - 1;
  }

  std::array<uint64_t, kBuckets> buckets_{};
  uint64_t count_ = 0;
  uint64_t max_ = 0;
};

}  // namespace millrace::metrics
