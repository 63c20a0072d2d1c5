// One log record as a value. Fields have the meaning of opentelemetry.proto.logs.v1.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "millrace/value.h"

MILLRACE_NAMESPACE_BEGIN

// The numbers are OTLP's; the steps between them (kInfo + 1 = INFO2) are allowed.
enum class Severity : uint8_t {
  kUnspecified = 0,
  kTrace = 1,
  kDebug = 5,
  kInfo = 9,
  kWarn = 13,
  kError = 17,
  kFatal = 21,
};

struct LogRecord {
  uint64_t time_unix_nano = 0;           // when it happened; 0: unknown
  uint64_t observed_time_unix_nano = 0;  // 0: the time of collect()
  Severity severity = Severity::kUnspecified;
  std::string severity_text = {};
  Value body = {};
  Attributes attributes = {};
  uint32_t dropped_attributes_count = 0;
  uint32_t flags = 0;
  TraceId trace_id = {};
  SpanId span_id = {};
  std::string event_name = {};

  // Returns a record that happened and was observed now.
  static LogRecord make(Severity severity, Value body) {
    LogRecord record;
    record.time_unix_nano = now_unix_nano();
    record.observed_time_unix_nano = record.time_unix_nano;
    record.severity = severity;
    record.body = std::move(body);
    return record;
  }
  // Appends an attribute. Does not check for an earlier one with that key; keys should differ.
  template <class Content = Value>
    requires std::convertible_to<Content, Value>
  LogRecord& set(std::string_view key, Content&& value) {
    attributes.emplace_back(key, std::forward<Content>(value));
    return *this;
  }
  friend bool operator==(const LogRecord&, const LogRecord&) = default;
};

MILLRACE_NAMESPACE_END
