#include "metrics/latency_histogram.h"

#include <algorithm>
#include <cmath>

namespace millrace::metrics {

Duration LatencyHistogram::quantile(double quantile) const {
  if (count_ == 0) return Duration(0);
  const double share = std::clamp(quantile, 0.0, 1.0) * static_cast<double>(count_);
  const uint64_t rank = std::max<uint64_t>(1, static_cast<uint64_t>(std::ceil(share)));
  uint64_t seen = 0;
  for (size_t bucket = 0; bucket < kBuckets; ++bucket) {
    seen += buckets_[bucket];
    if (seen >= rank) {
      return Duration(static_cast<int64_t>(std::min(last_value_of(bucket), max_)));
    }
  }
  return max();
}

}  // namespace millrace::metrics
