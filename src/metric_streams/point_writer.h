// Data points with new values: what is not a value (attributes, exemplars, flags, unknown fields)
// is copied from the received point. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "metric_streams/exponential_buckets.h"
#include "otlp/views.h"
#include "wire/writer.h"

namespace millrace::metric_streams {

struct NumberValues {
  std::variant<int64_t, double> value;
  friend bool operator==(const NumberValues&, const NumberValues&) = default;
};
struct HistogramValues {
  uint64_t count = 0;
  std::optional<double> sum;
  std::optional<double> min;
  std::optional<double> max;
  std::vector<double> bounds;
  std::vector<uint64_t> counts;
  friend bool operator==(const HistogramValues&, const HistogramValues&) = default;
};
struct ExponentialValues {
  uint64_t count = 0;
  std::optional<double> sum;
  std::optional<double> min;
  std::optional<double> max;
  int32_t scale = 0;
  uint64_t zero_count = 0;
  double zero_threshold = 0;
  ExponentialBuckets positive;
  ExponentialBuckets negative;
  friend bool operator==(const ExponentialValues&, const ExponentialValues&) = default;
};
using PointValues = std::variant<NumberValues, HistogramValues, ExponentialValues>;

// Precondition: a sum, a gauge, a histogram or an exponential histogram. A number without a value
// is the integer 0.
PointValues values_of(otlp::MetricType type, const otlp::DataPointView& point);
// Memory beside the object itself.
size_t bytes_of(const PointValues& values);

// `received` with other values and another start; 0: none.
void write_point(otlp::MessageBytes received, uint64_t start_time_unix_nano,
                 const PointValues& values, wire::Writer& into);
// The fields of the values alone.
void write_values(const PointValues& values, wire::Writer& into);

}  // namespace millrace::metric_streams
