// One data point of one metric, as a value. What it means is opentelemetry.proto.metrics.v1's.
//
// Millrace does not aggregate: hand over points that an instrument has summed up, for example once
// in ten seconds. Points that are collected at about the same time and belong to the same metric
// (name, unit, description, kind, temporality) travel as one Metric with several data points.
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

// Numbers as on the wire. kDelta: since the last point, whose time is then start_time_unix_nano.
enum class Temporality : uint8_t { kDelta = 1, kCumulative = 2 };

using Number = std::variant<int64_t, double>;  // as OTLP has them: whole, or not

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
  // One more than bounds, or both empty; collect() refuses others (kInvalidArgument).
  std::vector<uint64_t> bucket_counts = {};
  std::vector<double> explicit_bounds = {};  // ascending
  Temporality temporality = Temporality::kCumulative;
  friend bool operator==(const Histogram&, const Histogram&) = default;
};
// Buckets whose bounds are powers of 2^(2^-scale). As in OTLP.
struct ExponentialHistogram {
  // Those of one sign. As in OTLP.
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
// Quantiles that another program has computed; new instruments make histograms. As in OTLP.
struct Summary {
  // One of them. As in OTLP.
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

// What kinds there are.
template <class T>
concept MetricData = std::same_as<T, Gauge> || std::same_as<T, Sum> || std::same_as<T, Histogram> ||
                     std::same_as<T, ExponentialHistogram> || std::same_as<T, Summary>;

// A measurement that went into a point, with the span it was made in. As in OTLP.
struct Exemplar {
  Number value = int64_t{0};
  uint64_t time_unix_nano = 0;  // 0: set to that of the point
  TraceId trace_id = {};
  SpanId span_id = {};
  Attributes filtered_attributes = {};
  friend bool operator==(const Exemplar&, const Exemplar&) = default;
};

struct MetricPoint {
  std::string name = {};
  std::string description = {};
  std::string unit = {};  // UCUM: "s", "By", "{request}"
  // 0: for what is cumulative, when the collector was created; otherwise unknown.
  uint64_t start_time_unix_nano = 0;
  uint64_t time_unix_nano = 0;  // 0: set to now when it is collected
  Attributes attributes = {};
  uint32_t flags = 0;
  std::variant<Gauge, Sum, Histogram, ExponentialHistogram, Summary> data = Gauge{};
  std::vector<Exemplar> exemplars = {};  // of any kind but a summary, where they are left out

  // Appends; a key that is there already is not looked for.
  template <class Content = Value>
    requires std::convertible_to<Content, Value>
  MetricPoint& set(std::string_view key, Content&& value) {
    attributes.emplace_back(key, std::forward<Content>(value));
    return *this;
  }
  friend bool operator==(const MetricPoint&, const MetricPoint&) = default;
};

MILLRACE_NAMESPACE_END
