#include "prometheus_series/metric_kind.h"

#include <string_view>

namespace millrace::exporters {
namespace {

using otlp::MessageBytes;
using otlp::MessageReader;
using otlp::MetricType;
using otlp::MetricView;
using prometheus::FamilyType;
using prometheus::MetricKind;

constexpr std::string_view kTypeKey = "prometheus.type";

}  // namespace

MetricKind kind_of(const MetricView& view) {
  switch (view.type) {
    case MetricType::kSum:
      return view.is_monotonic ? MetricKind::kMonotonicSum : MetricKind::kNonMonotonicSum;
    case MetricType::kHistogram:
      return MetricKind::kHistogram;
    case MetricType::kExponentialHistogram:
      return MetricKind::kExponentialHistogram;
    case MetricType::kSummary:
      return MetricKind::kSummary;
    case MetricType::kGauge:
    case MetricType::kNone:
      break;
  }
  return MetricKind::kGauge;
}

FamilyType family_type_of(MetricKind kind) {
  switch (kind) {
    case MetricKind::kMonotonicSum:
      return FamilyType::kCounter;
    case MetricKind::kHistogram:
    case MetricKind::kExponentialHistogram:
      return FamilyType::kHistogram;
    case MetricKind::kSummary:
      return FamilyType::kSummary;
    case MetricKind::kNonMonotonicSum:
    case MetricKind::kGauge:
      break;
  }
  return FamilyType::kGauge;
}

bool has_temporality(MetricType type) {
  return type == MetricType::kSum || type == MetricType::kHistogram ||
         type == MetricType::kExponentialHistogram;
}

bool is_untyped(const MetricView& view) {
  if (view.type != MetricType::kGauge) return false;
  const auto type = otlp::find_attribute(view.bytes.view(), otlp::kMetricMetadata, kTypeKey);
  return type && type->text == "unknown";
}

uint64_t count_points(const MetricView& view) {
  uint64_t count = 0;
  MessageReader points(view.data.view(), otlp::kDataPoints);
  for (MessageBytes point; points.next(&point);) ++count;
  return count;
}

}  // namespace millrace::exporters
