// Native histograms of Prometheus from exponential histograms of OTLP.
//
// Both have the bases 2^(2^-scale). OTLP's bucket i is (base^i, base^(i+1)], Prometheus names a
// bucket by its upper bound: the index is i + 1. Prometheus reads schemas -4 to 8; a finer scale is
// merged down to 8 (2^(scale - 8) buckets become one), a coarser one has no native form.
// No state: any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "prometheus/model.h"

namespace millrace::prometheus {

inline constexpr int32_t kSchemaMin = -4;
inline constexpr int32_t kSchemaMax = 8;
// Where OTLP's zero threshold is 0, as upstream.
inline constexpr double kZeroThreshold = 1e-128;

struct BucketSpan {
  int32_t offset = 0;  // of the first span: its first index; of others: the empty buckets before it
  uint32_t length = 0;  // buckets
  bool operator==(const BucketSpan&) const = default;
};
struct NativeBuckets {
  std::vector<BucketSpan> spans;
  std::vector<int64_t> deltas;  // counts, each as the difference to the one before it
};
struct NativeHistogram {
  int32_t schema = 0;
  double zero_threshold = 0;
  uint64_t zero_count = 0;
  uint64_t count = 0;
  double sum = 0;
  NativeBuckets positive;
  NativeBuckets negative;
};

// Why a histogram has no native form, which Prometheus would refuse; OK: it has one. Linear in the
// number of buckets.
//   kInvalidArgument  the scale is below -4; the buckets do not add up to `count` (if the sum is
//   NaN:
//                     exceed it); an index passes 32 bits
Status check_native(const ExponentialValue& value);

// Writes into `into` and reuses its memory, at most 24 bytes for each bucket that is not empty.
// Precondition: check_native(value) is OK.
void to_native(const ExponentialValue& value, NativeHistogram& into);

}  // namespace millrace::prometheus
