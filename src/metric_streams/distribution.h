// Observed values as a histogram, with explicit or exponential buckets. One thread.
#pragma once

#include <cstdint>
#include <span>

#include "metric_streams/point_writer.h"

namespace millrace::metric_streams {

// The form of a distribution; a view of options, which outlive it.
struct DistributionShape {
  bool is_exponential = false;
  size_t buckets_max = 160;        // of exponential ones, on each side of zero
  std::span<const double> bounds;  // of explicit ones
};

PointValues make_distribution(const DistributionShape& shape);
// Counts `count` values. Precondition: value ≥ 0.
void observe(double value, uint64_t count, const DistributionShape& shape,
             PointValues& distribution);
// Adds another one of the same shape.
void add(const PointValues& other, const DistributionShape& shape, PointValues& distribution);
// The most memory that it can take beside the object.
size_t distribution_bytes_max(const DistributionShape& shape);
// The fields of a data point, with the bounds, which a distribution itself does not have.
void write_distribution(const PointValues& distribution, const DistributionShape& shape,
                        wire::Writer& into);

}  // namespace millrace::metric_streams
