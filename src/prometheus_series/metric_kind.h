// What kind of a Prometheus metric an OTLP metric is. Pure functions.
#pragma once

#include <cstdint>

#include "otlp/views.h"
#include "prometheus/model.h"
#include "prometheus/names.h"

namespace millrace::exporters {

inline constexpr int32_t kDelta = 1;  // AggregationTemporality
inline constexpr int32_t kCumulative = 2;

prometheus::MetricKind kind_of(const otlp::MetricView& view);
prometheus::FamilyType family_type_of(prometheus::MetricKind kind);
// Whether a metric of that type says delta or cumulative.
bool has_temporality(otlp::MetricType type);
// A gauge that came from a Prometheus metric without a type.
bool is_untyped(const otlp::MetricView& view);
uint64_t count_points(const otlp::MetricView& view);

}  // namespace millrace::exporters
