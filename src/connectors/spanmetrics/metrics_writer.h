// Writes series as metrics. One thread.
#pragma once

#include <cstdint>

#include "connectors/spanmetrics/series.h"
#include "metric_emission/metric_emission.h"
#include "otlp/rope_writer.h"

namespace millrace::connectors::spanmetrics {

// Writes a ResourceMetrics with the series of the resource at that time, and makes them ready for
// the next interval: what is emitted as delta is gone, exemplars are gone. A new cumulative count
// begins with 0, so that a back end sees it rise, unless this is its last occasion. Returns the
// number of data points; without one nothing is written.
uint32_t write_metrics(const Options& options, metric_emission::Occasion occasion,
                       uint64_t now_unix_nano, ResourceSeries& resource, otlp::RopeWriter& out);

}  // namespace millrace::connectors::spanmetrics
