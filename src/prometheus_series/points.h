// Reads data points of OTLP into the values of a series, and checks what Prometheus cannot show.
// Precondition of all: the bytes passed admission. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "otlp/views.h"
#include "prometheus_series/key_hash.h"
#include "prometheus_series/refusal.h"
#include "prometheus_series/values.h"

namespace millrace::exporters {

// A larger point, resource, scope or text of a metric is refused: what is made of it on the way is
// not reserved.
inline constexpr size_t kBytesRead = size_t{64} << 10;

// What every point has, and the value of a number; one pass over the fields.
struct PointHead {
  KeyHash attributes;  // of the set: their order does not matter
  Interval interval;
  bool has_no_value = false;  // the flag of a series that has ended
  bool has_exemplars = false;
  bool has_sum = false;  // of a histogram
  std::optional<double> number;
};
PointHead read_head(otlp::MetricType type, otlp::MessageBytes point, const KeyHasher& hasher);

// The value of a histogram or summary. `is_repaired`: the count was not the sum of the buckets, and
// is now.
std::optional<Refusal> read_detail(otlp::MetricType type, otlp::MessageBytes point, Detail& into,
                                   bool* is_repaired);

// The number of the field with the exemplars of a point.
uint32_t exemplars_field(otlp::MetricType type);
// The exemplars of a point with their trace and span. Of a number only the last one; of a histogram
// the last of each bucket. None of exponential histograms, as in otelcol.
void read_exemplars(otlp::MetricType type, otlp::MessageBytes point, Detail& into);

}  // namespace millrace::exporters
