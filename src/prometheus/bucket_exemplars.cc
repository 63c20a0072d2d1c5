#include "prometheus/bucket_exemplars.h"

#include <algorithm>
#include <cstddef>

namespace millrace::prometheus {

const std::vector<const Exemplar*>& BucketExemplars::of(const HistogramValue& value) {
  of_bucket_.clear();
  if (value.exemplars.empty()) return of_bucket_;
  of_bucket_.resize(value.upper_bounds.size() + 1);
  for (const Exemplar& exemplar : value.exemplars) {
    // A NaN is in no bucket but +Inf.
    const auto bound = std::ranges::partition_point(
        value.upper_bounds, [&](double upper) { return !(exemplar.value <= upper); });
    of_bucket_[static_cast<size_t>(bound - value.upper_bounds.begin())] = &exemplar;
  }
  return of_bucket_;
}

}  // namespace millrace::prometheus
