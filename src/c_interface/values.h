// Between the C structures and the values of the C++ interface. May throw std::bad_alloc.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "millrace/log_record.h"
#include "millrace/metric_point.h"
#include "millrace/millrace.h"
#include "millrace/span.h"
#include "millrace/value.h"

namespace millrace::c_interface {

inline std::string_view as_text(const char* text) {
  return text == nullptr ? std::string_view() : std::string_view(text);
}
inline std::string_view as_text(millrace_text text) {
  return text.data == nullptr ? std::string_view() : std::string_view(text.data, text.size);
}

// Nested deeper than a span may be: the rest is empty. A type that is not known is an empty value.
v1::Value to_value(const millrace_value& value);
v1::Attributes to_attributes(const millrace_attribute* attributes, size_t count);

v1::TraceId to_trace_id(const uint8_t* bytes);
v1::SpanId to_span_id(const uint8_t* bytes);
v1::SpanEvent to_event(const millrace_span_event& event);
v1::SpanLink to_link(const millrace_span_link& link);

// False: the structure is none, or a field of it is not allowed.
bool read_span(const millrace_span* from, v1::Span& to);
bool read_log_record(const millrace_log_record* from, v1::LogRecord& to);
bool read_metric_point(const millrace_metric_point* from, v1::MetricPoint& to);

// The parts of it: the structure as this library knows it, and what its kind has.
bool read_point_struct(const millrace_metric_point* from, millrace_metric_point& to);
bool read_data(const millrace_metric_point& from, decltype(v1::MetricPoint::data)& to);
bool read_exemplar(const millrace_exemplar& from, v1::Exemplar& to);
bool read_exemplars(const millrace_metric_point& from, std::vector<v1::Exemplar>& to);

}  // namespace millrace::c_interface
