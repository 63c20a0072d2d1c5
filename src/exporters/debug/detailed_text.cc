// The layout is otelcol's: "ResourceSpans #0", "Span #0" and indented "-> key: Type(value)" lines.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <numbers>

#include "exporters/debug/text.h"
#include "otlp/views.h"
#include "wire/protobuf.h"

namespace millrace::exporters::detailed {
namespace {

using otlp::AnyValueView;
using otlp::MessageBytes;
using otlp::MessageReader;
using otlp::MetricType;

// A point of more bytes has more buckets than its text may have lines.
constexpr size_t kPointBytesMax = Printer::kItemTextMax;

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

template <class Value>
std::string name_of(std::initializer_list<std::string_view> names, Value value) {
  const auto index = static_cast<size_t>(value);
  return index < names.size() ? std::string(names.begin()[index]) : std::to_string(value);
}

// "Info(9)", as otelcol prints them; a number without a name is itself.
std::string severity_text(int32_t number) {
  constexpr std::array<std::string_view, 6> kNames = {"Trace", "Debug", "Info",
                                                      "Warn",  "Error", "Fatal"};
  if (number == 0) return "Unspecified(0)";
  if (number < 1 || number > 24) return std::to_string(number);
  const int32_t step = (number - 1) % 4;
  const std::string suffix = step == 0 ? "" : std::to_string(step + 1);
  return fmt::format("{}{}({})", kNames[static_cast<size_t>(number - 1) / 4], suffix, number);
}

// "Title:" and a line for each, five columns further in; nothing when there are none.
void print_attributes(Printer& out, std::string_view indent, std::string_view title,
                      MessageBytes message, uint32_t field_number) {
  bool is_first = true;
  MessageReader reader(message, field_number, out.pace());
  for (MessageBytes bytes; !out.is_full() && reader.next(&bytes);) {
    if (is_first) out.line("{}{}:", indent, title);
    is_first = false;
    const otlp::KeyValueView pair = otlp::KeyValueView::read(bytes, out.pace());
    out.line("{}     -> {}: {}", indent == "     -> " ? "     " : indent, out.shown(pair.key),
             out.shown_with_type(AnyValueView::read(pair.value, out.pace())));
  }
}

void print_events(Printer& out, MessageBytes span) {
  size_t index = 0;
  MessageReader events(span, otlp::kSpanEvents, out.pace());
  for (MessageBytes item; !out.is_full() && events.next(&item);) {
    const auto event = otlp::EventView::read(item, out.pace());
    if (index == 0) out.line("Events:");
    out.line("SpanEvent #{}", index++);
    out.line("     -> Name: {}", out.shown(event.name));
    out.line("     -> Timestamp: {}", time_text(event.time_unix_nano));
    out.line("     -> DroppedAttributesCount: {}", event.dropped_attributes_count);
    print_attributes(out, "     -> ", "Attributes:", item, otlp::kEventAttributes);
  }
}

void print_links(Printer& out, MessageBytes span) {
  size_t index = 0;
  MessageReader links(span, otlp::kSpanLinks, out.pace());
  for (MessageBytes item; !out.is_full() && links.next(&item);) {
    const auto link = otlp::LinkView::read(item, out.pace());
    if (index == 0) out.line("Links:");
    out.line("SpanLink #{}", index++);
    out.line("     -> Trace ID: {}", hex(link.trace_id));
    out.line("     -> ID: {}", hex(link.span_id));
    out.line("     -> TraceState: {}", out.shown(link.trace_state));
    out.line("     -> DroppedAttributesCount: {}", link.dropped_attributes_count);
    print_attributes(out, "     -> ", "Attributes:", item, otlp::kLinkAttributes);
  }
}

void print_span(Printer& out, MessageBytes bytes) {
  const auto span = otlp::SpanView::read(bytes, out.pace());
  out.line("    Trace ID       : {}", hex(span.trace_id));
  out.line("    Parent ID      : {}", hex(span.parent_span_id));
  out.line("    ID             : {}", hex(span.span_id));
  out.line("    Name           : {}", out.shown(span.name));
  out.line(
      "    Kind           : {}",
      name_of({"Unspecified", "Internal", "Server", "Client", "Producer", "Consumer"}, span.kind));
  if (!span.trace_state.empty()) {
    out.line("    TraceState     : {}", out.shown(span.trace_state));
  }
  out.line("    Start time     : {}", time_text(span.start_time_unix_nano));
  out.line("    End time       : {}", time_text(span.end_time_unix_nano));
  out.line("    Status code    : {}", name_of({"Unset", "Ok", "Error"}, span.status_code));
  out.line("    Status message : {}", out.shown(span.status_message));
  out.line("    DroppedAttributesCount: {}", span.dropped_attributes_count);
  print_attributes(out, "", "Attributes", bytes, otlp::kSpanAttributes);
  print_events(out, bytes);
  out.line("    DroppedEventsCount: {}", span.dropped_events_count);
  print_links(out, bytes);
  out.line("    DroppedLinksCount: {}", span.dropped_links_count);
}

void print_log_record(Printer& out, MessageBytes bytes) {
  const auto record = otlp::LogRecordView::read(bytes, out.pace());
  out.line("ObservedTimestamp: {}", time_text(record.observed_time_unix_nano));
  out.line("Timestamp: {}", time_text(record.time_unix_nano));
  out.line("SeverityText: {}", out.shown(record.severity_text));
  out.line("SeverityNumber: {}", severity_text(record.severity_number));
  if (!record.event_name.empty()) out.line("EventName: {}", out.shown(record.event_name));
  out.line("Body: {}", out.shown_with_type(record.body));
  print_attributes(out, "", "Attributes", bytes, otlp::kLogRecordAttributes);
  if (record.dropped_attributes_count != 0) {
    out.line("DroppedAttributesCount: {}", record.dropped_attributes_count);
  }
  out.line("Trace ID: {}", hex(record.trace_id));
  out.line("Span ID: {}", hex(record.span_id));
  out.line("Flags: {}", record.flags);
}

std::string_view type_name(MetricType type) {
  switch (type) {
    case MetricType::kGauge:
      return "Gauge";
    case MetricType::kSum:
      return "Sum";
    case MetricType::kHistogram:
      return "Histogram";
    case MetricType::kExponentialHistogram:
      return "ExponentialHistogram";
    case MetricType::kSummary:
      return "Summary";
    case MetricType::kNone:
      break;
  }
  return "Empty";
}

bool is_number(MetricType type) { return type == MetricType::kGauge || type == MetricType::kSum; }

// Bounds by the base of the scale, as otelcol computes them: base^index is exp(index * factor).
void print_exponential_buckets(Printer& out, const otlp::DataPointView& point) {
  const double factor = std::ldexp(std::numbers::ln2, -point.scale);
  const auto bound = [factor](double index) { return std::exp(index * factor); };
  const auto& negative = point.negative;
  for (size_t i = negative.bucket_counts.size(); i-- > 0 && !out.is_full();) {
    const double index = static_cast<double>(negative.offset) + static_cast<double>(i);
    out.line("Bucket [{:f}, {:f}), Count: {}", -bound(index + 1), -bound(index),
             negative.bucket_counts[i]);
  }
  if (point.zero_count != 0) out.line("Bucket [0, 0], Count: {}", point.zero_count);
  const auto& positive = point.positive;
  for (size_t i = 0; i < positive.bucket_counts.size() && !out.is_full(); ++i) {
    const double index = static_cast<double>(positive.offset) + static_cast<double>(i);
    out.line("Bucket ({:f}, {:f}], Count: {}", bound(index), bound(index + 1),
             positive.bucket_counts[i]);
  }
}

// Field numbers of Exemplar.
constexpr uint32_t kExemplarTime = 2;
constexpr uint32_t kExemplarDouble = 3;
constexpr uint32_t kExemplarSpanId = 4;
constexpr uint32_t kExemplarTraceId = 5;
constexpr uint32_t kExemplarInt = 6;
constexpr uint32_t kExemplarAttributes = 7;

void print_exemplar(Printer& out, size_t index, MessageBytes exemplar) {
  using wire::WireType;
  MessageBytes trace_id;
  MessageBytes span_id;
  uint64_t time = 0;
  std::string value;
  wire::FieldReader fields(exemplar);
  for (wire::Field field; fields.next(&field);) {
    if (field.is(kExemplarTime, WireType::kI64)) time = field.value;
    if (field.is(kExemplarDouble, WireType::kI64)) value = fmt::format("{:f}", field.as_double());
    if (field.is(kExemplarInt, WireType::kI64)) {
      value = std::to_string(static_cast<int64_t>(field.value));
    }
    if (field.is(kExemplarSpanId, WireType::kLen)) span_id = field.bytes;
    if (field.is(kExemplarTraceId, WireType::kLen)) trace_id = field.bytes;
  }
  out.line("Exemplar #{}", index);
  out.line("     -> Trace ID: {}", hex(trace_id));
  out.line("     -> Span ID: {}", hex(span_id));
  out.line("     -> Timestamp: {}", time_text(time));
  if (!value.empty()) out.line("     -> Value: {}", value);
  print_attributes(out, "     -> ", "FilteredAttributes", exemplar, kExemplarAttributes);
}

// Where points of that type keep them; 0: nowhere.
uint32_t exemplars_field(MetricType type) {
  if (is_number(type)) return 5;
  if (type == MetricType::kHistogram) return 8;
  return type == MetricType::kExponentialHistogram ? 11 : 0;
}

void print_exemplars(Printer& out, MetricType type, MessageBytes point) {
  if (exemplars_field(type) == 0) return;
  size_t index = 0;
  MessageReader exemplars(point, exemplars_field(type), out.pace());
  for (MessageBytes exemplar; !out.is_full() && exemplars.next(&exemplar);) {
    if (index == 0) out.line("Exemplars:");
    print_exemplar(out, index++, exemplar);
  }
}

void print_distribution(Printer& out, MetricType type, const otlp::DataPointView& point) {
  out.line("Count: {}", point.count);
  if (point.sum) out.line("Sum: {:f}", *point.sum);
  if (point.min) out.line("Min: {:f}", *point.min);
  if (point.max) out.line("Max: {:f}", *point.max);
  for (size_t i = 0; i < point.explicit_bounds.size() && !out.is_full(); ++i) {
    out.line("ExplicitBounds #{}: {:f}", i, point.explicit_bounds[i]);
  }
  for (size_t i = 0; i < point.bucket_counts.size() && !out.is_full(); ++i) {
    out.line("Buckets #{}, Count: {}", i, point.bucket_counts[i]);
  }
  if (type == MetricType::kExponentialHistogram) print_exponential_buckets(out, point);
  for (size_t i = 0; i < point.quantile_values.size() && !out.is_full(); ++i) {
    out.line("QuantileValue #{}: Quantile {:f}, Value {:f}", i, point.quantile_values[i].first,
             point.quantile_values[i].second);
  }
}

}  // namespace

void print_resource(Printer& out, Signal signal, size_t index, const otlp::ResourceView& resource) {
  constexpr std::string_view kNames[] = {"Spans", "Metrics", "Log", "Profiles"};  // otelcol's
  out.line("Resource{} #{}", kNames[index_of(signal)], index);
  out.line("Resource SchemaURL: {}", out.shown(resource.schema_url));
  print_attributes(out, "", "Resource attributes", resource.resource.view(),
                   otlp::kResourceAttributes);
}

void print_scope(Printer& out, Signal signal, size_t index, const otlp::ScopeView& scope) {
  constexpr std::string_view kNames[] = {"Spans", "Metrics", "Logs", "Profiles"};
  const std::string_view kind = kNames[index_of(signal)];
  out.line("Scope{} #{}", kind, index);
  out.line("Scope{} SchemaURL: {}", kind, out.shown(scope.schema_url));
  out.line("InstrumentationScope {} {}", out.shown(scope.name), out.shown(scope.version));
  print_attributes(out, "", "InstrumentationScope attributes", scope.scope.view(),
                   otlp::kScopeAttributes);
}

void print_item(Printer& out, Signal signal, size_t index, MessageBytes item) {
  switch (signal) {
    case Signal::kTraces:
      out.line("Span #{}", index);
      return print_span(out, item);
    case Signal::kLogs:
      out.line("LogRecord #{}", index);
      return print_log_record(out, item);
    case Signal::kMetrics:
      return;  // print_metric
    case Signal::kProfiles:
      return out.line("Profile #{}, {} bytes", index, item.size());
  }
}

void print_metric(Printer& out, size_t index, const otlp::MetricView& metric) {
  out.line("Metric #{}", index);
  out.line("Descriptor:");
  out.line("     -> Name: {}", out.shown(metric.name));
  out.line("     -> Description: {}", out.shown(metric.description));
  out.line("     -> Unit: {}", out.shown(metric.unit));
  out.line("     -> DataType: {}", type_name(metric.type));
  if (metric.type == MetricType::kSum) out.line("     -> IsMonotonic: {}", metric.is_monotonic);
  if (metric.type == MetricType::kSum || metric.type == MetricType::kHistogram ||
      metric.type == MetricType::kExponentialHistogram) {
    out.line("     -> AggregationTemporality: {}",
             name_of({"Unspecified", "Delta", "Cumulative"}, metric.aggregation_temporality));
  }
}

void print_point(Printer& out, const otlp::MetricView& metric, size_t index, MessageBytes bytes) {
  out.line("{}DataPoints #{}", is_number(metric.type) ? "Number" : type_name(metric.type), index);
  if (bytes.size() > kPointBytesMax) return out.line("... ({} bytes)", bytes.size());
  const auto point = otlp::DataPointView::read(metric.type, bytes);
  print_attributes(out, "", "Data point attributes", bytes, otlp::point_attributes(metric.type));
  out.line("StartTimestamp: {}", time_text(point.start_time_unix_nano));
  out.line("Timestamp: {}", time_text(point.time_unix_nano));
  if (point.as_int) out.line("Value: {}", *point.as_int);
  if (point.as_double) out.line("Value: {:f}", *point.as_double);
  if (!is_number(metric.type)) print_distribution(out, metric.type, point);
  print_exemplars(out, metric.type, bytes);
}

}  // namespace millrace::exporters::detailed
