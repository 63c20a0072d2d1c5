// One data point of one metric, as a value; it travels as a metric with that one point. What it
// means is opentelemetry.proto.metrics.v1's. Millrace does not aggregate: hand over points that an
// instrument has summed up, for example once in ten seconds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "millrace/value.h"

MILLRACE_NAMESPACE_BEGIN

// Numbers as on the wire.
enum class Temporality : uint8_t { kDelta = 1, kCumulative = 2 };

struct Gauge {
  std::variant<int64_t, double> value = int64_t{0};
  friend bool operator==(const Gauge&, const Gauge&) = default;
};
struct Sum {
  std::variant<int64_t, double> value = int64_t{0};
  Temporality temporality = Temporality::kCumulative;
  bool is_monotonic = true;
  friend bool operator==(const Sum&, const Sum&) = default;
};
struct Histogram {
  uint64_t count = 0;
  std::optional<double> sum = {};
  std::optional<double> min = {};
  std::optional<double> max = {};
  // One more than bounds, or both empty.
  std::vector<uint64_t> bucket_counts = {};
  std::vector<double> explicit_bounds = {};  // ascending
  Temporality temporality = Temporality::kCumulative;
  friend bool operator==(const Histogram&, const Histogram&) = default;
};

struct MetricPoint {
  std::string name = {};
  std::string description = {};
  std::string unit = {};  // UCUM: "s", "By", "{request}"
  uint64_t start_time_unix_nano = 0;
  uint64_t time_unix_nano = 0;  // 0: set to now when it is collected
  Attributes attributes = {};
  uint32_t flags = 0;
  std::variant<Gauge, Sum, Histogram> data = Gauge{};

  // Appends; a key that is there already is not looked for.
  MetricPoint& set(std::string key, Value value) {
    attributes.push_back({std::move(key), std::move(value)});
    return *this;
  }
  friend bool operator==(const MetricPoint&, const MetricPoint&) = default;
};

MILLRACE_NAMESPACE_END
