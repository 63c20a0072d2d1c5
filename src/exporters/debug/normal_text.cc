#include <fmt/format.h>

#include "exporters/debug/text.h"
#include "otlp/views.h"

namespace millrace::exporters {
namespace {

using otlp::MessageBytes;
using otlp::MessageReader;

std::string hex(MessageBytes bytes) {
  std::string text;
  for (const uint8_t byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

// " key=value key=value"
std::string attributes(MessageBytes message, uint32_t field_number) {
  std::string text;
  MessageReader reader(message, field_number);
  for (MessageBytes bytes; reader.next(&bytes);) {
    const otlp::KeyValueView pair = otlp::KeyValueView::read(bytes);
    text += fmt::format(" {}={}", pair.key, otlp::to_text(otlp::AnyValueView::read(pair.value)));
  }
  return text;
}

std::string point_value(const otlp::DataPointView& point) {
  if (point.as_int) return fmt::format(" {}", *point.as_int);
  if (point.as_double) return fmt::format(" {}", *point.as_double);
  std::string text = fmt::format(" count={}", point.count);
  if (point.sum) text += fmt::format(" sum={}", *point.sum);
  if (point.min) text += fmt::format(" min={}", *point.min);
  if (point.max) text += fmt::format(" max={}", *point.max);
  for (size_t i = 0; i < point.bucket_counts.size(); ++i) {
    text += i < point.explicit_bounds.size()
                ? fmt::format(" le{}={}", point.explicit_bounds[i], point.bucket_counts[i])
                : fmt::format(" +Inf={}", point.bucket_counts[i]);
  }
  for (const auto& [quantile, value] : point.quantile_values) {
    text += fmt::format(" q{}={}", quantile, value);
  }
  return text;
}

std::string metric_lines(const otlp::MetricView& metric) {
  std::string text;
  MessageReader points(metric.data.view(), otlp::kDataPoints);
  for (MessageBytes bytes; points.next(&bytes);) {
    const auto point = otlp::DataPointView::read(metric.type, bytes);
    const bool number =
        metric.type == otlp::MetricType::kGauge || metric.type == otlp::MetricType::kSum;
    text +=
        fmt::format("{}{}{}\n", metric.name, attributes(bytes, otlp::point_attributes(metric.type)),
                    number && !point.as_int && !point.as_double ? "" : point_value(point));
  }
  return text;
}

std::string item_lines(Signal signal, const otlp::ScopeView& scope, MessageBytes item) {
  switch (signal) {
    case Signal::kTraces: {
      const auto span = otlp::SpanView::read(item);
      return fmt::format("{} {} {}{}\n", span.name, hex(span.trace_id), hex(span.span_id),
                         attributes(item, otlp::kSpanAttributes));
    }
    case Signal::kLogs: {
      const auto record = otlp::LogRecordView::read(item);
      return fmt::format("{}{}\n", otlp::to_text(record.body),
                         attributes(item, otlp::kLogRecordAttributes));
    }
    case Signal::kMetrics: {
      const auto offset = static_cast<size_t>(item.data() - scope.bytes.data());
      return metric_lines(otlp::MetricView::read(scope.bytes.slice(offset, item.size())));
    }
    case Signal::kProfiles:
      return fmt::format("profile of {} bytes\n", item.size());
  }
  return {};
}

}  // namespace

std::string to_normal_text(Signal signal, const Rope& request) {
  constexpr std::string_view kNames[] = {"Traces", "Metrics", "Logs", "Profiles"};
  const std::string_view kind = kNames[index_of(signal)];
  std::string text;
  size_t resource_index = 0;
  otlp::ResourceReader resources(request);
  for (otlp::ResourceView resource; resources.next(&resource);) {
    text += fmt::format("Resource{} #{}", kind, resource_index++);
    if (!resource.schema_url.empty()) text += fmt::format(" [{}]", resource.schema_url);
    text += attributes(resource.resource.view(), otlp::kResourceAttributes) + "\n";
    size_t scope_index = 0;
    otlp::ScopeReader scopes(resource);
    for (otlp::ScopeView scope; scopes.next(&scope);) {
      text += fmt::format("Scope{} #{}", kind, scope_index++);
      if (!scope.name.empty()) text += fmt::format(" {}", scope.name);
      if (!scope.version.empty()) text += fmt::format("@{}", scope.version);
      if (!scope.schema_url.empty()) text += fmt::format(" [{}]", scope.schema_url);
      text += attributes(scope.scope.view(), otlp::kScopeAttributes) + "\n";
      MessageReader items(scope.bytes.view(), otlp::kScopeItems);
      for (MessageBytes item; items.next(&item);) text += item_lines(signal, scope, item);
    }
  }
  return text;
}

}  // namespace millrace::exporters
