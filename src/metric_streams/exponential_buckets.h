// The buckets of exponential histograms: bucket i holds (base^i, base^(i+1)] with
// base = 2^(2^-scale) (OTLP, metrics data model). Pure values; one thread.
//
// Indices are kept within 32 bits; what a sender makes up beyond that is clamped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace::metric_streams {

inline constexpr int32_t kScaleMax = 20;
inline constexpr int32_t kScaleMin = -10;

struct ExponentialBuckets {
  int32_t offset = 0;
  std::vector<uint64_t> counts;

  // Halves the resolution `steps` times.
  void downscale(int32_t steps);
  // Adds the buckets of the same scale. Precondition: the span of both is not larger than the
  // caller can afford (span_with).
  void add(const ExponentialBuckets& other);
  // The number of buckets of both together, without empty ones at the ends.
  size_t span_with(const ExponentialBuckets& other) const;
  // Adds to one bucket. Precondition as for add().
  void add_at(int32_t index, uint64_t count);
  // Removes the buckets up to the one that `threshold` falls into and returns their sum.
  uint64_t take_below(double threshold, int32_t scale);
  bool is_empty() const { return counts.empty(); }
  friend bool operator==(const ExponentialBuckets&, const ExponentialBuckets&) = default;
};

// By how much the scale must shrink so that both together take at most `size_max` buckets.
int32_t steps_to_fit(const ExponentialBuckets& a, const ExponentialBuckets& b, size_t size_max);
// The bucket of a positive number at that scale. Precondition: finite, > 0, and a scale within the
// limits above.
int32_t bucket_of(double value, int32_t scale);

}  // namespace millrace::metric_streams
