// The layout is otelcol's: "ResourceSpans #0", "Span #0" and indented "-> key: Type(value)" lines.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>

#include "exporters/debug/text.h"
#include "otlp/views.h"

namespace millrace::exporters {
namespace {

using otlp::AnyValueView;
using otlp::MessageBytes;
using otlp::MessageReader;

std::string hex(MessageBytes bytes) {
  std::string text;
  for (const uint8_t byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

// "2018-12-13 14:51:00.000000001 +0000 UTC"
std::string time_text(uint64_t unix_nano) {
  const auto seconds = static_cast<std::time_t>(unix_nano / 1'000'000'000);
  std::tm parts = {};
  gmtime_r(&seconds, &parts);
  std::string text = fmt::format("{:%Y-%m-%d %H:%M:%S}", parts);
  if (const uint64_t fraction = unix_nano % 1'000'000'000; fraction != 0) {
    text += fmt::format(".{:09}", fraction);
    while (text.back() == '0') text.pop_back();
  }
  return text + " +0000 UTC";
}

std::string typed_value(const AnyValueView& value) {
  constexpr std::array<std::string_view, 8> kTypes = {"Empty",  "Str",   "Bool", "Int",
                                                      "Double", "Slice", "Map",  "Bytes"};
  return fmt::format("{}({})", kTypes[static_cast<size_t>(value.type)], otlp::to_text(value));
}

template <class Value>
std::string name_of(std::initializer_list<std::string_view> names, Value value) {
  const auto index = static_cast<size_t>(value);
  return index < names.size() ? std::string(names.begin()[index]) : std::to_string(value);
}

class Printer {
 public:
  template <class... Parts>
  void line(fmt::format_string<Parts...> format, Parts&&... parts) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Parts>(parts)...);
    text_ += '\n';
  }
  // "Title:" and a line for each; nothing when there are none.
  void attributes(std::string_view title, std::string_view indent, MessageBytes message,
                  uint32_t field_number) {
    bool first = true;
    MessageReader reader(message, field_number);
    for (MessageBytes bytes; reader.next(&bytes);) {
      if (first) line("{}{}:", indent, title);
      first = false;
      const otlp::KeyValueView pair = otlp::KeyValueView::read(bytes);
      line("{}     -> {}: {}", indent, pair.key, typed_value(AnyValueView::read(pair.value)));
    }
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

void print_span(Printer& out, MessageBytes bytes) {
  const auto span = otlp::SpanView::read(bytes);
  out.line("    Trace ID       : {}", hex(span.trace_id));
  out.line("    Parent ID      : {}", hex(span.parent_span_id));
  out.line("    ID             : {}", hex(span.span_id));
  out.line("    Name           : {}", span.name);
  out.line(
      "    Kind           : {}",
      name_of({"Unspecified", "Internal", "Server", "Client", "Producer", "Consumer"}, span.kind));
  if (!span.trace_state.empty()) out.line("    TraceState     : {}", span.trace_state);
  out.line("    Start time     : {}", time_text(span.start_time_unix_nano));
  out.line("    End time       : {}", time_text(span.end_time_unix_nano));
  out.line("    Status code    : {}", name_of({"Unset", "Ok", "Error"}, span.status_code));
  out.line("    Status message : {}", span.status_message);
  for (const auto& [name, count] : {std::pair{"attributes", span.dropped_attributes_count},
                                    std::pair{"events", span.dropped_events_count},
                                    std::pair{"links", span.dropped_links_count}}) {
    if (count != 0) out.line("    DroppedCount   : {} {}", count, name);
  }
  out.attributes("Attributes", "", bytes, otlp::kSpanAttributes);
  size_t index = 0;
  MessageReader events(bytes, otlp::kSpanEvents);
  for (MessageBytes item; events.next(&item);) {
    const auto event = otlp::EventView::read(item);
    if (index == 0) out.line("Events:");
    out.line("SpanEvent #{}", index++);
    out.line("     -> Name: {}", event.name);
    out.line("     -> Timestamp: {}", time_text(event.time_unix_nano));
    out.line("     -> DroppedAttributesCount: {}", event.dropped_attributes_count);
    out.attributes("     -> Attributes", "", item, otlp::kEventAttributes);
  }
  index = 0;
  MessageReader links(bytes, otlp::kSpanLinks);
  for (MessageBytes item; links.next(&item);) {
    const auto link = otlp::LinkView::read(item);
    if (index == 0) out.line("Links:");
    out.line("SpanLink #{}", index++);
    out.line("     -> Trace ID: {}", hex(link.trace_id));
    out.line("     -> ID: {}", hex(link.span_id));
    out.line("     -> TraceState: {}", link.trace_state);
    out.line("     -> DroppedAttributesCount: {}", link.dropped_attributes_count);
    out.attributes("     -> Attributes", "", item, otlp::kLinkAttributes);
  }
}

void print_log_record(Printer& out, MessageBytes bytes) {
  const auto record = otlp::LogRecordView::read(bytes);
  out.line("ObservedTimestamp: {}", time_text(record.observed_time_unix_nano));
  out.line("Timestamp: {}", time_text(record.time_unix_nano));
  out.line("SeverityText: {}", record.severity_text);
  out.line("SeverityNumber: {}", record.severity_number);
  if (!record.event_name.empty()) out.line("EventName: {}", record.event_name);
  out.line("Body: {}", typed_value(record.body));
  out.attributes("Attributes", "", bytes, otlp::kLogRecordAttributes);
  out.line("Trace ID: {}", hex(record.trace_id));
  out.line("Span ID: {}", hex(record.span_id));
  out.line("Flags: {}", record.flags);
}

std::string_view type_name(otlp::MetricType type) {
  switch (type) {
    case otlp::MetricType::kGauge:
      return "Gauge";
    case otlp::MetricType::kSum:
      return "Sum";
    case otlp::MetricType::kHistogram:
      return "Histogram";
    case otlp::MetricType::kExponentialHistogram:
      return "ExponentialHistogram";
    case otlp::MetricType::kSummary:
      return "Summary";
    case otlp::MetricType::kNone:
      break;
  }
  return "Empty";
}

void print_point(Printer& out, otlp::MetricType type, MessageBytes bytes) {
  const auto point = otlp::DataPointView::read(type, bytes);
  out.attributes("Data point attributes", "", bytes, otlp::point_attributes(type));
  out.line("StartTimestamp: {}", time_text(point.start_time_unix_nano));
  out.line("Timestamp: {}", time_text(point.time_unix_nano));
  if (point.as_int) out.line("Value: {}", *point.as_int);
  if (point.as_double) out.line("Value: {:f}", *point.as_double);
  if (type == otlp::MetricType::kGauge || type == otlp::MetricType::kSum) return;
  out.line("Count: {}", point.count);
  if (point.sum) out.line("Sum: {:f}", *point.sum);
  if (point.min) out.line("Min: {:f}", *point.min);
  if (point.max) out.line("Max: {:f}", *point.max);
  for (size_t i = 0; i < point.explicit_bounds.size(); ++i) {
    out.line("ExplicitBounds #{}: {:f}", i, point.explicit_bounds[i]);
  }
  for (size_t i = 0; i < point.bucket_counts.size(); ++i) {
    out.line("Buckets #{}, Count: {}", i, point.bucket_counts[i]);
  }
  if (type == otlp::MetricType::kExponentialHistogram) {
    out.line("Scale: {}, ZeroCount: {}, ZeroThreshold: {}", point.scale, point.zero_count,
             point.zero_threshold);
    for (const auto& [name, buckets] :
         {std::pair{"Positive", &point.positive}, std::pair{"Negative", &point.negative}}) {
      for (size_t i = 0; i < buckets->bucket_counts.size(); ++i) {
        out.line("{} bucket {}, Count: {}", name, buckets->offset + static_cast<int64_t>(i),
                 buckets->bucket_counts[i]);
      }
    }
  }
  for (size_t i = 0; i < point.quantile_values.size(); ++i) {
    out.line("QuantileValue #{}: Quantile {:f}, Value {:f}", i, point.quantile_values[i].first,
             point.quantile_values[i].second);
  }
}

void print_metric(Printer& out, const otlp::MetricView& metric) {
  out.line("Descriptor:");
  out.line("     -> Name: {}", metric.name);
  out.line("     -> Description: {}", metric.description);
  out.line("     -> Unit: {}", metric.unit);
  out.line("     -> DataType: {}", type_name(metric.type));
  if (metric.type == otlp::MetricType::kSum)
    out.line("     -> IsMonotonic: {}", metric.is_monotonic);
  if (metric.type == otlp::MetricType::kSum || metric.type == otlp::MetricType::kHistogram ||
      metric.type == otlp::MetricType::kExponentialHistogram) {
    out.line("     -> AggregationTemporality: {}",
             name_of({"Unspecified", "Delta", "Cumulative"}, metric.aggregation_temporality));
  }
  size_t index = 0;
  MessageReader points(metric.data.view(), otlp::kDataPoints);
  for (MessageBytes bytes; points.next(&bytes);) {
    out.line("{}DataPoints #{}",
             metric.type == otlp::MetricType::kGauge || metric.type == otlp::MetricType::kSum
                 ? "Number"
                 : type_name(metric.type),
             index++);
    print_point(out, metric.type, bytes);
  }
}

void print_item(Printer& out, Signal signal, size_t index, const otlp::ScopeView& scope,
                MessageBytes item) {
  switch (signal) {
    case Signal::kTraces:
      out.line("Span #{}", index);
      return print_span(out, item);
    case Signal::kLogs:
      out.line("LogRecord #{}", index);
      return print_log_record(out, item);
    case Signal::kMetrics: {
      out.line("Metric #{}", index);
      const auto offset = static_cast<size_t>(item.data() - scope.bytes.data());
      return print_metric(out, otlp::MetricView::read(scope.bytes.slice(offset, item.size())));
    }
    case Signal::kProfiles:
      return out.line("Profile #{}, {} bytes", index, item.size());
  }
}

}  // namespace

std::string to_detailed_text(Signal signal, const Rope& request) {
  constexpr std::string_view kNames[] = {"Spans", "Metrics", "Logs", "Profiles"};
  const std::string_view kind = kNames[index_of(signal)];
  Printer out;
  size_t resource_index = 0;
  otlp::ResourceReader resources(request);
  for (otlp::ResourceView resource; resources.next(&resource);) {
    out.line("Resource{} #{}", kind, resource_index++);
    out.line("Resource SchemaURL: {}", resource.schema_url);
    out.attributes("Resource attributes", "", resource.resource.view(), otlp::kResourceAttributes);
    size_t scope_index = 0;
    otlp::ScopeReader scopes(resource);
    for (otlp::ScopeView scope; scopes.next(&scope);) {
      out.line("Scope{} #{}", kind, scope_index++);
      out.line("Scope{} SchemaURL: {}", kind, scope.schema_url);
      out.line("InstrumentationScope {} {}", scope.name, scope.version);
      out.attributes("InstrumentationScope attributes", "", scope.scope.view(),
                     otlp::kScopeAttributes);
      size_t index = 0;
      MessageReader items(scope.bytes.view(), otlp::kScopeItems);
      for (MessageBytes item; items.next(&item);) print_item(out, signal, index++, scope, item);
    }
  }
  return out.take();
}

}  // namespace millrace::exporters
