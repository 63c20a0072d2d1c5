// One data point of one metric as a value. Fields have the meaning of
// opentelemetry.proto.metrics.v1.
//
// Millrace does not aggregate: pass points that an instrument has aggregated, for example every ten
// seconds. Points of the same metric (name, unit, description, kind, temporality) that are
// collected at about the same time are sent as one Metric with several data points.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "millrace/value.h"

MILLRACE_NAMESPACE_BEGIN

// The numbers are OTLP's. kDelta: since the previous point, whose time is start_time_unix_nano.
enum class Temporality : uint8_t { kDelta = 1, kCumulative = 2 };

using Number = std::variant<int64_t, double>;  // OTLP's two number types

struct Gauge {
  Number value = int64_t{0};
  friend bool operator==(const Gauge&, const Gauge&) = default;
};
struct Sum {
  Number value = int64_t{0};
  Temporality temporality = Temporality::kCumulative;
  bool is_monotonic = true;
  friend bool operator==(const Sum&, const Sum&) = default;
};
struct Histogram {
  uint64_t count = 0;
  std::optional<double> sum = {};
  std::optional<double> min = {};
  std::optional<double> max = {};
  // One more count than bounds, or both empty; otherwise collect() returns kInvalidArgument.
  std::vector<uint64_t> bucket_counts = {};
  std::vector<double> explicit_bounds = {};  // ascending
  Temporality temporality = Temporality::kCumulative;
  friend bool operator==(const Histogram&, const Histogram&) = default;
};
// Buckets whose bounds are powers of 2^(2^-scale), as in OTLP.
struct ExponentialHistogram {
  // The buckets of the positive or of the negative values, as in OTLP.
  struct Buckets {
    int32_t offset = 0;
    std::vector<uint64_t> bucket_counts = {};
    friend bool operator==(const Buckets&, const Buckets&) = default;
  };
  uint64_t count = 0;
  std::optional<double> sum = {};
  std::optional<double> min = {};
  std::optional<double> max = {};
  int32_t scale = 0;
  uint64_t zero_count = 0;
  double zero_threshold = 0;
  Buckets positive = {};
  Buckets negative = {};
  Temporality temporality = Temporality::kCumulative;
  friend bool operator==(const ExponentialHistogram&, const ExponentialHistogram&) = default;
};
// Quantiles that another program has computed, as in OTLP. New instruments make histograms.
struct Summary {
  // One quantile and its value, as in OTLP.
  struct Quantile {
    double quantile = 0;  // 0 to 1
    double value = 0;
    friend bool operator==(const Quantile&, const Quantile&) = default;
  };
  uint64_t count = 0;
  double sum = 0;
  std::vector<Quantile> quantiles = {};
  friend bool operator==(const Summary&, const Summary&) = default;
};

// The kinds of data that a point can hold.
template <class T>
concept MetricData = std::same_as<T, Gauge> || std::same_as<T, Sum> || std::same_as<T, Histogram> ||
                     std::same_as<T, ExponentialHistogram> || std::same_as<T, Summary>;

// A measurement of a point with the span in which it was made, as in OTLP.
struct Exemplar {
  Number value = int64_t{0};
  uint64_t time_unix_nano = 0;  // 0: the time of the point
  TraceId trace_id = {};
  SpanId span_id = {};
  Attributes filtered_attributes = {};
  friend bool operator==(const Exemplar&, const Exemplar&) = default;
};

struct MetricPoint {
  std::string name = {};
  std::string description = {};
  std::string unit = {};  // UCUM: "s", "By", "{request}"
  // 0: for cumulative points the time when the collector was created; otherwise unknown.
  uint64_t start_time_unix_nano = 0;
  uint64_t time_unix_nano = 0;  // 0: the time of collect()
  Attributes attributes = {};
  uint32_t flags = 0;
  std::variant<Gauge, Sum, Histogram, ExponentialHistogram, Summary> data = Gauge{};
  std::vector<Exemplar> exemplars = {};  // ignored in a summary

  // Appends an attribute. Does not check for an earlier one with that key; keys should differ.
  template <class Content = Value>
    requires std::convertible_to<Content, Value>
  MetricPoint& set(std::string_view key, Content&& value) {
    attributes.emplace_back(key, std::forward<Content>(value));
    return *this;
  }
  friend bool operator==(const MetricPoint&, const MetricPoint&) = default;
};

MILLRACE_NAMESPACE_END
