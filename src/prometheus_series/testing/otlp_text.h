// Requests of OTLP metrics for tests, written field by field.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "wire/writer.h"

namespace millrace::exporters::testing {

using Attributes = std::vector<std::pair<std::string, std::string>>;

// Points are at whole seconds behind this time, so that 0 is not "unknown".
inline constexpr uint64_t kEpoch = 1'700'000'000'000'000'000;
constexpr uint64_t at_s(uint64_t seconds) { return kEpoch + seconds * 1'000'000'000; }

template <class Write>
std::string message(const Write& write) {
  wire::Writer writer;
  write(writer);
  return std::string(writer.finish().text());
}

inline void put_attributes(wire::Writer& writer, uint32_t field, const Attributes& attributes) {
  for (const auto& [key, value] : attributes) {
    writer.string_field(field, message([&](wire::Writer& key_value) {
                          key_value.string_field(1, key);
                          key_value.string_field(
                              2, message([&](wire::Writer& any) { any.string_field(1, value); }));
                        }));
  }
}

struct Point {
  uint64_t start = at_s(0);
  uint64_t time = at_s(1);
  Attributes attributes = {};
  uint64_t flags = 0;
  std::string exemplar = {};
};

inline std::string number_point(double value, const Point& point = {}) {
  return message([&](wire::Writer& writer) {
    put_attributes(writer, 7, point.attributes);
    writer.fixed64_field(2, point.start);
    writer.fixed64_field(3, point.time);
    writer.double_field(4, value);
    if (!point.exemplar.empty()) writer.string_field(5, point.exemplar);
    if (point.flags != 0) writer.varint_field(8, point.flags);
  });
}

struct Histogram {
  std::vector<uint64_t> counts;
  std::vector<double> bounds;
  std::optional<double> sum = {};
  std::optional<uint64_t> count = {};
};
inline std::string histogram_point(const Histogram& histogram, const Point& point = {}) {
  return message([&](wire::Writer& writer) {
    put_attributes(writer, 9, point.attributes);
    writer.fixed64_field(2, point.start);
    writer.fixed64_field(3, point.time);
    uint64_t count = 0;
    for (const uint64_t each : histogram.counts) count += each;
    writer.fixed64_field(4, histogram.count.value_or(count));
    if (histogram.sum) writer.double_field(5, *histogram.sum);
    for (const uint64_t each : histogram.counts) writer.fixed64_field(6, each);
    for (const double each : histogram.bounds) writer.double_field(7, each);
    if (!point.exemplar.empty()) writer.string_field(8, point.exemplar);
    if (point.flags != 0) writer.varint_field(10, point.flags);
  });
}

struct Exponential {
  int32_t scale = 0;
  uint64_t zero_count = 0;
  int32_t offset = 0;
  std::vector<uint64_t> positive = {};
  std::optional<double> sum = {};
  double zero_threshold = 0;
  int32_t negative_offset = 0;
  std::vector<uint64_t> negative = {};
  std::optional<uint64_t> count = {};
};
inline std::string exponential_point(const Exponential& histogram, const Point& point = {}) {
  return message([&](wire::Writer& writer) {
    put_attributes(writer, 1, point.attributes);
    writer.fixed64_field(2, point.start);
    writer.fixed64_field(3, point.time);
    uint64_t count = histogram.zero_count;
    for (const uint64_t each : histogram.positive) count += each;
    for (const uint64_t each : histogram.negative) count += each;
    writer.fixed64_field(4, histogram.count.value_or(count));
    if (histogram.sum) writer.double_field(5, *histogram.sum);
    writer.sint_field(6, histogram.scale);
    writer.fixed64_field(7, histogram.zero_count);
    const auto put_buckets = [&](uint32_t field, int32_t offset,
                                 const std::vector<uint64_t>& counts) {
      if (counts.empty()) return;
      writer.string_field(field, message([&](wire::Writer& buckets) {
                            buckets.sint_field(1, offset);
                            for (const uint64_t each : counts) buckets.varint_field(2, each);
                          }));
    };
    put_buckets(8, histogram.offset, histogram.positive);
    put_buckets(9, histogram.negative_offset, histogram.negative);
    if (point.flags != 0) writer.varint_field(10, point.flags);
    writer.double_field(14, histogram.zero_threshold);
  });
}

struct MetricText {
  std::string name;
  std::string unit = {};
  std::string description = {};
};
enum class Temporality : uint8_t { kUnspecified, kDelta, kCumulative };

inline std::string metric(const MetricText& text, uint32_t data_field, std::string_view data) {
  return message([&](wire::Writer& writer) {
    writer.string_field(1, text.name);
    if (!text.description.empty()) writer.string_field(2, text.description);
    if (!text.unit.empty()) writer.string_field(3, text.unit);
    writer.string_field(data_field, data);
  });
}
inline std::string data_of(const std::vector<std::string>& points, Temporality temporality,
                           bool is_monotonic) {
  return message([&](wire::Writer& writer) {
    for (const std::string& point : points) writer.string_field(1, point);
    if (temporality != Temporality::kUnspecified) {
      writer.varint_field(2, static_cast<uint64_t>(temporality));
    }
    if (is_monotonic) writer.varint_field(3, 1);
  });
}
inline std::string gauge(const MetricText& text, const std::vector<std::string>& points) {
  return metric(text, 5, data_of(points, Temporality::kUnspecified, false));
}
inline std::string sum(const MetricText& text, const std::vector<std::string>& points,
                       Temporality temporality = Temporality::kCumulative,
                       bool is_monotonic = true) {
  return metric(text, 7, data_of(points, temporality, is_monotonic));
}
inline std::string histogram(const MetricText& text, const std::vector<std::string>& points,
                             Temporality temporality = Temporality::kCumulative) {
  return metric(text, 9, data_of(points, temporality, false));
}
inline std::string exponential(const MetricText& text, const std::vector<std::string>& points,
                               Temporality temporality = Temporality::kCumulative) {
  return metric(text, 10, data_of(points, temporality, false));
}
inline std::string summary(const MetricText& text, const std::vector<std::string>& points) {
  return metric(text, 11, data_of(points, Temporality::kUnspecified, false));
}

inline Rope request(const std::vector<std::string>& metrics, const Attributes& resource = {},
                    std::string_view scope_name = {}) {
  return Rope(Bytes::copy_of(message([&](wire::Writer& writer) {
    writer.string_field(1, message([&](wire::Writer& resource_metrics) {
                          resource_metrics.string_field(1, message([&](wire::Writer& content) {
                                                          put_attributes(content, 1, resource);
                                                        }));
                          resource_metrics.string_field(
                              2, message([&](wire::Writer& scope_metrics) {
                                scope_metrics.string_field(1, message([&](wire::Writer& scope) {
                                                             if (!scope_name.empty())
                                                               scope.string_field(1, scope_name);
                                                           }));
                                for (const std::string& each : metrics)
                                  scope_metrics.string_field(2, each);
                              }));
                        }));
  })));
}

}  // namespace millrace::exporters::testing
