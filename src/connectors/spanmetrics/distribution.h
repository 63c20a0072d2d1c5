// Durations as a histogram, with explicit or exponential buckets. One thread.
#pragma once

#include <cstdint>

#include "connectors/spanmetrics/options.h"
#include "metric_streams/point_writer.h"

namespace millrace::connectors::spanmetrics {

metric_streams::PointValues make_distribution(const Options& options);
// Counts `count` durations of `value`. Precondition: value ≥ 0.
void observe(double value, uint64_t count, const Options& options,
             metric_streams::PointValues& distribution);
// Adds another one that was made with the same options.
void add(const metric_streams::PointValues& other, const Options& options,
         metric_streams::PointValues& distribution);
// The most memory that it can take beside the object.
size_t distribution_bytes_max(const Options& options);

}  // namespace millrace::connectors::spanmetrics
