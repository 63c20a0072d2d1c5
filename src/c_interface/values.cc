#include "c_interface/values.h"

#include <algorithm>
#include <utility>

#include "c_interface/handles.h"

namespace millrace::c_interface {
namespace {

v1::Value read_value(const millrace_value& value, int depth, Allowance& allowance);

std::string copy_text(millrace_text text, Allowance& allowance) {
  const std::string_view view = as_text(text);
  return allowance.take_bytes(view.size()) ? std::string(view) : std::string();
}

v1::Attributes read_attributes(const millrace_attribute* attributes, size_t count, int depth,
                               Allowance& allowance) {
  v1::Attributes result;
  if (attributes == nullptr || !allowance.take_values(count)) return result;
  result.reserve(count);
  for (size_t i = 0; i < count && !allowance.is_exceeded(); ++i) {
    result.push_back({copy_text(attributes[i].key, allowance),
                      read_value(attributes[i].value, depth, allowance)});
  }
  return result;
}

v1::Value read_array(millrace_array array, int depth, Allowance& allowance) {
  v1::Value::Array result;
  if (array.items == nullptr || !allowance.take_values(array.count)) return result;
  result.reserve(array.count);
  for (size_t i = 0; i < array.count && !allowance.is_exceeded(); ++i) {
    result.push_back(read_value(array.items[i], depth, allowance));
  }
  return result;
}

v1::Value read_value(const millrace_value& value, int depth, Allowance& allowance) {
  // Returns an empty value, which the encoder skips and counts.
  if (depth > library::kValueDepthMax) return {};
  switch (value.type) {
    case MILLRACE_VALUE_EMPTY:
      return {};
    case MILLRACE_VALUE_TEXT:
      return copy_text(value.as.text, allowance);
    case MILLRACE_VALUE_BOOL:
      return value.as.boolean != 0;
    case MILLRACE_VALUE_INTEGER:
      return value.as.integer;
    case MILLRACE_VALUE_DOUBLE:
      return value.as.number;
    case MILLRACE_VALUE_BYTES: {
      const std::string bytes = copy_text(value.as.text, allowance);
      return v1::Value::Bytes(bytes.begin(), bytes.end());
    }
    case MILLRACE_VALUE_ARRAY:
      return read_array(value.as.array, depth + 1, allowance);
    case MILLRACE_VALUE_MAP:
      return read_attributes(value.as.map.items, value.as.map.count, depth + 1, allowance);
  }
  return {};
}

}  // namespace

v1::Value to_value(const millrace_value& value, Allowance& allowance) {
  return read_value(value, 0, allowance);
}

v1::Attributes to_attributes(const millrace_attribute* attributes, size_t count,
                             Allowance& allowance) {
  return read_attributes(attributes, count, 0, allowance);
}

v1::TraceId to_trace_id(const uint8_t* bytes) {
  v1::TraceId id;
  std::copy_n(bytes, id.size(), id.begin());
  return id;
}
v1::SpanId to_span_id(const uint8_t* bytes) {
  v1::SpanId id;
  std::copy_n(bytes, id.size(), id.begin());
  return id;
}

v1::SpanEvent to_event(const millrace_span_event& event, Allowance& allowance) {
  return {.time_unix_nano = event.time_unix_nano != 0 ? event.time_unix_nano : v1::now_unix_nano(),
          .name = std::string(as_text(event.name)),
          .attributes = to_attributes(event.attributes, event.attribute_count, allowance),
          .dropped_attributes_count = event.dropped_attributes_count};
}

v1::SpanLink to_link(const millrace_span_link& link, Allowance& allowance) {
  return {.trace_id = to_trace_id(link.trace_id),
          .span_id = to_span_id(link.span_id),
          .trace_state = std::string(as_text(link.trace_state)),
          .attributes = to_attributes(link.attributes, link.attribute_count, allowance),
          .dropped_attributes_count = link.dropped_attributes_count,
          .flags = link.flags};
}

bool read_span(const millrace_span* from, v1::Span& to, Allowance& allowance) {
  millrace_span span;
  // The fields of version 0.1 are required; later ones may be missing.
  if (!read_struct(from, sizeof(millrace_span), span)) return false;
  if (span.kind > MILLRACE_SPAN_CONSUMER || span.status_code > MILLRACE_STATUS_ERROR) return false;
  to.trace_id = to_trace_id(span.trace_id);
  to.span_id = to_span_id(span.span_id);
  to.parent_span_id = to_span_id(span.parent_span_id);
  to.trace_state = as_text(span.trace_state);
  to.flags = span.flags;
  to.name = as_text(span.name);
  to.kind = static_cast<v1::SpanKind>(span.kind);
  to.start_time_unix_nano = span.start_time_unix_nano;
  to.end_time_unix_nano = span.end_time_unix_nano;
  to.attributes = to_attributes(span.attributes, span.attribute_count, allowance);
  to.dropped_attributes_count = span.dropped_attributes_count;
  if (span.events != nullptr) {
    to.events.reserve(span.event_count);
    for (size_t i = 0; i < span.event_count && !allowance.is_exceeded(); ++i) {
      to.events.push_back(to_event(span.events[i], allowance));
    }
  }
  to.dropped_events_count = span.dropped_events_count;
  if (span.links != nullptr) {
    to.links.reserve(span.link_count);
    for (size_t i = 0; i < span.link_count && !allowance.is_exceeded(); ++i) {
      to.links.push_back(to_link(span.links[i], allowance));
    }
  }
  to.dropped_links_count = span.dropped_links_count;
  to.status.code = static_cast<v1::StatusCode>(span.status_code);
  to.status.message = as_text(span.status_message);
  return true;
}

bool read_log_record(const millrace_log_record* from, v1::LogRecord& to, Allowance& allowance) {
  millrace_log_record record;
  if (!read_struct(from, sizeof(millrace_log_record), record)) return false;
  if (record.severity > MILLRACE_SEVERITY_FATAL + 3) return false;
  to.time_unix_nano = record.time_unix_nano;
  to.observed_time_unix_nano = record.observed_time_unix_nano;
  to.severity = static_cast<v1::Severity>(record.severity);
  to.severity_text = as_text(record.severity_text);
  to.body = to_value(record.body, allowance);
  to.attributes = to_attributes(record.attributes, record.attribute_count, allowance);
  to.dropped_attributes_count = record.dropped_attributes_count;
  to.flags = record.flags;
  to.trace_id = to_trace_id(record.trace_id);
  to.span_id = to_span_id(record.span_id);
  to.event_name = as_text(record.event_name);
  return true;
}

}  // namespace millrace::c_interface
