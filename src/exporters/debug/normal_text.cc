// Lines of items are indented: their first word is a sender's, and must not look like a line of the
// log or of the ledger.
#include <fmt/format.h>

#include "exporters/debug/text.h"
#include "otlp/views.h"

namespace millrace::exporters::normal {
namespace {

using otlp::MessageBytes;

// A point of more bytes has more buckets than a person can read.
constexpr size_t kPointBytesMax = Printer::kItemTextMax;

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

}  // namespace

void print_resource(Printer& out, Signal signal, size_t index, const otlp::ResourceView& resource) {
  constexpr std::string_view kNames[] = {"Traces", "Metrics", "Logs", "Profiles"};
  std::string text = fmt::format("Resource{} #{}", kNames[index_of(signal)], index);
  if (!resource.schema_url.empty()) text += fmt::format(" [{}]", out.shown(resource.schema_url));
  out.line("{}{}", text,
           out.attributes_in_line(resource.resource.view(), otlp::kResourceAttributes));
}

void print_scope(Printer& out, Signal signal, size_t index, const otlp::ScopeView& scope) {
  constexpr std::string_view kNames[] = {"Traces", "Metrics", "Logs", "Profiles"};
  std::string text = fmt::format("Scope{} #{}", kNames[index_of(signal)], index);
  if (!scope.name.empty()) text += fmt::format(" {}", out.shown(scope.name));
  if (!scope.version.empty()) text += fmt::format("@{}", out.shown(scope.version));
  if (!scope.schema_url.empty()) text += fmt::format(" [{}]", out.shown(scope.schema_url));
  out.line("{}{}", text, out.attributes_in_line(scope.scope.view(), otlp::kScopeAttributes));
}

void print_item(Printer& out, Signal signal, MessageBytes item) {
  switch (signal) {
    case Signal::kTraces: {
      const auto span = otlp::SpanView::read(item, out.pace());
      return out.line("  {} {} {}{}", out.shown(span.name), hex(span.trace_id), hex(span.span_id),
                      out.attributes_in_line(item, otlp::kSpanAttributes));
    }
    case Signal::kLogs: {
      const auto record = otlp::LogRecordView::read(item, out.pace());
      return out.line("  {}{}", out.shown(record.body),
                      out.attributes_in_line(item, otlp::kLogRecordAttributes));
    }
    case Signal::kMetrics:
      return;  // by their data points
    case Signal::kProfiles:
      return out.line("  profile of {} bytes", item.size());
  }
}

void print_point(Printer& out, const otlp::MetricView& metric, MessageBytes bytes) {
  if (bytes.size() > kPointBytesMax) {
    return out.line("  {} (data point of {} bytes)", out.shown(metric.name), bytes.size());
  }
  const auto point = otlp::DataPointView::read(metric.type, bytes);
  const bool is_number =
      metric.type == otlp::MetricType::kGauge || metric.type == otlp::MetricType::kSum;
  const bool has_value = !is_number || point.as_int || point.as_double;
  out.line("  {}{}{}", out.shown(metric.name),
           out.attributes_in_line(bytes, otlp::point_attributes(metric.type)),
           has_value ? point_value(point) : "");
}

}  // namespace millrace::exporters::normal
