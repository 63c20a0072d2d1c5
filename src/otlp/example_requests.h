// Requests for tests and benchmarks, written with wire::Writer: plain ones of a given size,
// and for each signal one with every field.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/signal.h"

namespace millrace::otlp {

struct ExampleShape {
  uint32_t resources = 1;
  uint32_t scopes = 1;  // in each resource
  uint32_t items = 1;   // in each scope; for metrics: metrics with `points` data points each
  uint32_t points = 1;  // metrics only
};

// About 400 bytes a span (ten attributes), 250 a log record, 100 a data point. Items are numbered
// from `first_number`: in the span id, the log body, the value of the (gauge) data point.
Bytes example_request(Signal signal, ExampleShape shape, uint64_t first_number = 1);

// One resource with every field of every message, every kind of AnyValue and of Metric, unknown
// fields and groups. Traces: 2 spans; logs: 2 records; metrics: 6 data points in 5
// metrics; profiles: 3 samples and a dictionary.
Bytes example_request_with_everything(Signal signal);

}  // namespace millrace::otlp
