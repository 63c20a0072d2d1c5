// Metrics of any kind for fuzz targets, valid for admission, often odd for Prometheus.
#pragma once

#include <fuzzer/FuzzedDataProvider.h>

#include <string>
#include <utility>
#include <vector>

#include "prometheus_series/testing/otlp_text.h"

namespace millrace::exporters::testing {

inline constexpr const char* kNames[] = {"a",     "a.b", "a_b",     "h", "h.count",
                                         "h_sum", "x",   "x_total", "#", "a b"};
inline constexpr const char* kUnits[] = {"", "s", "1", "By", "{x}", "1/s"};
inline constexpr const char* kKeys[] = {"k", "k.k", "k_k", "le", "quantile",
                                        "",  "__x", "job", "ж",  "otel_scope_name"};
inline const double kNumbers[] = {0, 1, -1, 0.5, 1e300, 1.0 / 0.0, -1.0 / 0.0};

template <class Item, size_t n>
const Item& pick(FuzzedDataProvider& input, const Item (&items)[n]) {
  return items[input.ConsumeIntegralInRange<size_t>(0, n - 1)];
}

inline Point random_point(FuzzedDataProvider& input) {
  Point point;
  point.start = input.ConsumeBool() ? 0 : at_s(input.ConsumeIntegralInRange(0, 9));
  point.time = input.ConsumeBool() ? at_s(9) : at_s(input.ConsumeIntegralInRange(0, 20));
  point.flags = input.ConsumeIntegralInRange(0, 15) == 0 ? 1 : 0;
  for (int count = input.ConsumeIntegralInRange(0, 2); count > 0; --count) {
    point.attributes.emplace_back(pick(input, kKeys), input.ConsumeRandomLengthString(3));
  }
  // Texts passed admission, so they are UTF-8.
  for (auto& [key, value] : point.attributes) {
    for (char& byte : value) byte = static_cast<char>(byte & 0x7f);
  }
  return point;
}

inline std::string random_metric(FuzzedDataProvider& input) {
  const MetricText text{.name = pick(input, kNames), .unit = pick(input, kUnits)};
  const auto temporality = static_cast<Temporality>(input.ConsumeIntegralInRange(0, 2));
  std::vector<std::string> points;
  const int kind = input.ConsumeIntegralInRange(0, 4);
  for (int count = input.ConsumeIntegralInRange(1, 3); count > 0; --count) {
    const Point point = random_point(input);
    if (kind <= 1) {
      points.push_back(number_point(pick(input, kNumbers), point));
    } else if (kind == 2) {
      Histogram histogram;
      for (int i = input.ConsumeIntegralInRange(0, 3); i > 0; --i) {
        histogram.counts.push_back(input.ConsumeIntegral<uint8_t>());
        if (input.ConsumeIntegralInRange(0, 9) != 0 && i > 1) {
          histogram.bounds.push_back(pick(input, kNumbers) + static_cast<double>(3 - i));
        }
      }
      if (input.ConsumeIntegralInRange(0, 9) == 0)
        histogram.count = input.ConsumeIntegral<uint64_t>();
      points.push_back(histogram_point(histogram, point));
    } else if (kind == 3) {
      Exponential exponential{.scale = input.ConsumeIntegralInRange(-6, 12),
                              .zero_count = input.ConsumeIntegral<uint8_t>(),
                              .offset = input.ConsumeBool() ? input.ConsumeIntegral<int32_t>()
                                                            : input.ConsumeIntegralInRange(-20, 20),
                              .zero_threshold = input.ConsumeBool() ? 0 : pick(input, kNumbers)};
      for (int i = input.ConsumeIntegralInRange(0, 4); i > 0; --i) {
        exponential.positive.push_back(input.ConsumeIntegral<uint8_t>());
        exponential.negative.push_back(input.ConsumeIntegral<uint8_t>());
      }
      points.push_back(exponential_point(exponential, point));
    } else {
      points.push_back(message([&](wire::Writer& writer) {
        put_attributes(writer, 7, point.attributes);
        writer.fixed64_field(3, point.time);
        writer.fixed64_field(4, input.ConsumeIntegral<uint8_t>());
      }));
    }
  }
  switch (kind) {
    case 0:
      return gauge(text, points);
    case 1:
      return sum(text, points, temporality, input.ConsumeBool());
    case 2:
      return histogram(text, points, temporality);
    case 3:
      return exponential(text, points, temporality);
    default:
      return summary(text, points);
  }
}

}  // namespace millrace::exporters::testing
