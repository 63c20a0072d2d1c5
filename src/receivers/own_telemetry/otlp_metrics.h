// Encodes the process's own metrics as an ExportMetricsServiceRequest, with the names and labels of
// the Prometheus page: counters as cumulative monotonic sums, gauges, histograms with their bounds.
// target_info is left out, because the resource has its attributes.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "metrics/registry.h"

namespace millrace::receivers::own_telemetry {

struct Encoded {
  Bytes bytes;
  uint32_t point_count = 0;
};

// `start`: since when the sums count. `resource`: the attributes with OTLP's names. Pure function;
// the bytes are not reserved in any budget. Cost: some 100 bytes a series.
Encoded encode(const std::vector<metrics::MetricValue>& metrics, const metrics::Labels& resource,
               WallTime start, WallTime now);

}  // namespace millrace::receivers::own_telemetry
