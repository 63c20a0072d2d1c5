// A log record written as protobuf bytes while the program describes it. millrace/builder.h has the
// rules of all builders.
//
//   millrace::LogRecordBuilder record(millrace::Severity::kInfo, "paid");
//   collector.collect(record.set_span(span.trace_id(), span.span_id()).set("order.id", 17));
#pragma once

#include <cstdint>
#include <string_view>

#include "millrace/builder.h"
#include "millrace/log_record.h"

MILLRACE_NAMESPACE_BEGIN

class LogRecordBuilder : public ItemBuilder<LogRecordBuilder> {
 public:
  // Begins a record that happened and was observed at that time, with a text as its body (or none).
  explicit LogRecordBuilder(Severity severity, std::string_view body = {},
                            uint64_t time_unix_nano = now_unix_nano()) noexcept
      : ItemBuilder(kFront),
        time_(time_unix_nano),
        observed_time_(time_unix_nano),
        severity_(severity) {
    write_body(body);
  }
  // Begins another record.
  void reset(Severity severity, std::string_view body = {},
             uint64_t time_unix_nano = now_unix_nano()) noexcept {
    encoder_.reset(kFront);
    time_ = time_unix_nano;
    observed_time_ = time_unix_nano;
    severity_ = severity;
    write_body(body);
  }

  // Sets the time when it happened; 0: unknown.
  LogRecordBuilder& set_time(uint64_t unix_nano) noexcept {
    time_ = unix_nano;
    return *this;
  }
  // Sets the time when it was observed, if that was later.
  LogRecordBuilder& set_observed_time(uint64_t unix_nano) noexcept {
    observed_time_ = unix_nano;
    return *this;
  }
  // Each at most once a record; set_body() only if the record began without a body.
  LogRecordBuilder& set_body(const Value& body) noexcept {
    encoder_.value_field(5, body);
    return *this;
  }
  LogRecordBuilder& set_severity_text(std::string_view text) noexcept {
    encoder_.text_field(3, text);
    return *this;
  }
  LogRecordBuilder& set_event_name(std::string_view name) noexcept {
    encoder_.text_field(12, name);
    return *this;
  }
  LogRecordBuilder& set_span(const TraceId& trace_id, const SpanId& span_id) noexcept {
    write_id(9, trace_id);
    write_id(10, span_id);
    return *this;
  }
  LogRecordBuilder& set_flags(uint32_t flags) noexcept {
    encoder_.fixed32_field(8, flags);
    return *this;
  }

 private:
  friend class ItemBuilder<LogRecordBuilder>;
  friend struct detail::Access;
  static constexpr uint32_t attribute_field() noexcept { return 6; }
  // Time, observed time and severity are written last, because they may be set at any time.
  static constexpr size_t kFront = 9 + 9 + 2;

  void write_body(std::string_view text) noexcept {
    if (text.data() == nullptr) return;
    const auto value = encoder_.open(5);
    encoder_.text_field(1, text);
    encoder_.close(value);
  }

  uint64_t time_;
  uint64_t observed_time_;
  Severity severity_;
};

MILLRACE_NAMESPACE_END
