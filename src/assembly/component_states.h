// From the process's metrics to what ?verbose shows of components with connections of their own:
// the gauges of Kafka's partitions and brokers. One source, so that the page and the metrics agree.
#pragma once

#include <vector>

#include "extensions/health_check/pages.h"
#include "metrics/registry.h"

namespace millrace::assembly {

// Gauges of one set of labels make one state, in the order of their labels.
std::vector<extensions::ComponentState> component_states(
    const std::vector<metrics::MetricValue>& metrics);

}  // namespace millrace::assembly
