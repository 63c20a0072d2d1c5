// Converts the C structures to the values of the C++ interface. May throw std::bad_alloc.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "library/encode_values.h"
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

// The limit for reading one item. C only borrows, so a value may be part of many arrays, or of
// itself: 25 nested arrays of two shared elements represent 32 million values. With an allowance
// reading costs at most as much as an item of the largest size.
class Allowance {
 public:
  // For items of at most that size when encoded, where each value takes at least two bytes.
  explicit Allowance(size_t item_bytes_max) : values_left_(item_bytes_max / 2) {}
  // Uses up that many values, or bytes of texts. False: the item exceeds the allowance; all later
  // calls return false as well.
  bool take_values(size_t count) { return take(values_left_, count); }
  bool take_bytes(size_t count) { return take(bytes_left_, count); }
  bool is_exceeded() const { return is_exceeded_; }

 private:
  bool take(size_t& left, size_t count) {
    is_exceeded_ = is_exceeded_ || count > left;
    if (!is_exceeded_) left -= count;
    return !is_exceeded_;
  }
  size_t values_left_;
  // Larger than item_bytes_max, because a long text may be cut before it is sent.
  size_t bytes_left_ = library::kEncodedBytesMax;
  bool is_exceeded_ = false;
};

// The limit for builders and configurations, which have no item_bytes_max.
inline constexpr size_t kBuilderItemBytesMax = 2 << 20;

// Values below the maximum depth, and unknown types, become empty values. When the allowance is
// exceeded the result is incomplete.
v1::Value to_value(const millrace_value& value, Allowance& allowance);
v1::Attributes to_attributes(const millrace_attribute* attributes, size_t count,
                             Allowance& allowance);

v1::TraceId to_trace_id(const uint8_t* bytes);
v1::SpanId to_span_id(const uint8_t* bytes);
v1::SpanEvent to_event(const millrace_span_event& event, Allowance& allowance);
v1::SpanLink to_link(const millrace_span_link& link, Allowance& allowance);

// False: the structure or one of its fields is invalid.
bool read_span(const millrace_span* from, v1::Span& to, Allowance& allowance);
bool read_log_record(const millrace_log_record* from, v1::LogRecord& to, Allowance& allowance);
bool read_metric_point(const millrace_metric_point* from, v1::MetricPoint& to,
                       Allowance& allowance);

// The two steps of reading a point: its structure, then the data of its kind.
bool read_point_struct(const millrace_metric_point* from, millrace_metric_point& to);
bool read_data(const millrace_metric_point& from, decltype(v1::MetricPoint::data)& to);
bool read_exemplar(const millrace_exemplar& from, v1::Exemplar& to, Allowance& allowance);
bool read_exemplars(const millrace_metric_point& from, std::vector<v1::Exemplar>& to,
                    Allowance& allowance);

}  // namespace millrace::c_interface
