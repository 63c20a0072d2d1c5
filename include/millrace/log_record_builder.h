// A log record written as protobuf bytes while it is being described; see span_builder.h for what
// all builders have in common.
#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>

#include "millrace/detail/encoder.h"
#include "millrace/log_record.h"
#include "millrace/span_builder.h"

MILLRACE_NAMESPACE_BEGIN

class LogRecordBuilder {
 public:
  // Happened and observed at that time, with a text as its body.
  LogRecordBuilder(Severity severity, std::string_view body,
                   uint64_t time_unix_nano = now_unix_nano()) noexcept
      : encoder_(0) {
    encoder_.fixed64_field(1, time_unix_nano);
    encoder_.fixed64_field(11, time_unix_nano);
    encoder_.varint_field(2, static_cast<uint64_t>(severity));
    const auto value = encoder_.open(5);
    encoder_.text_field(1, body);
    encoder_.close(value);
  }
  // Each at most once a record.
  LogRecordBuilder& set_severity_text(std::string_view text) noexcept {
    encoder_.text_field(3, text);
    return *this;
  }
  LogRecordBuilder& set_event_name(std::string_view name) noexcept {
    encoder_.text_field(12, name);
    return *this;
  }
  LogRecordBuilder& set_span(const TraceId& trace_id, const SpanId& span_id) noexcept {
    encoder_.bytes_field(9, trace_id.data(), trace_id.size());
    encoder_.bytes_field(10, span_id.data(), span_id.size());
    return *this;
  }
  // Attributes; a key that is there already is not looked for.
  LogRecordBuilder& set(std::string_view key, std::string_view text) noexcept {
    encoder_.text_attribute(6, key, text);
    return *this;
  }
  LogRecordBuilder& set(std::string_view key, const char* text) noexcept {
    return set(key, text == nullptr ? std::string_view() : std::string_view(text));
  }
  LogRecordBuilder& set(std::string_view key, const std::string& text) noexcept {
    return set(key, std::string_view(text));
  }
  LogRecordBuilder& set(std::string_view key, bool value) noexcept {
    encoder_.bool_attribute(6, key, value);
    return *this;
  }
  template <class Number>
    requires(std::integral<Number> && !std::same_as<Number, bool>)
  LogRecordBuilder& set(std::string_view key, Number value) noexcept {
    encoder_.integer_attribute(
        6, key, std::cmp_greater(value, INT64_MAX) ? INT64_MAX : static_cast<int64_t>(value));
    return *this;
  }
  LogRecordBuilder& set(std::string_view key, double value) noexcept {
    encoder_.double_attribute(6, key, value);
    return *this;
  }
  LogRecordBuilder& set(std::string_view key, const Value& value) noexcept {
    encoder_.value_attribute(6, key, value);
    return *this;
  }

 private:
  friend struct detail::Access;
  detail::Encoder encoder_;
};

MILLRACE_NAMESPACE_END
