// A finished unit of work as a value: set its fields and pass it to Collector::collect, which
// copies it. Fields have the meaning of opentelemetry.proto.trace.v1.
//
// Convenient, but slower than SpanBuilder, which writes the encoded bytes directly: the attributes
// are one allocation, and each text of more than 31 bytes is another. One thread at a time.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "millrace/value.h"

MILLRACE_NAMESPACE_BEGIN

// The numbers are OTLP's.
enum class SpanKind : uint8_t {
  kUnspecified = 0,
  kInternal = 1,
  kServer = 2,
  kClient = 3,
  kProducer = 4,
  kConsumer = 5,
};
enum class StatusCode : uint8_t { kUnset = 0, kOk = 1, kError = 2 };

struct SpanStatus {
  StatusCode code = StatusCode::kUnset;
  std::string message = {};
  friend bool operator==(const SpanStatus&, const SpanStatus&) = default;
};

struct SpanEvent {
  uint64_t time_unix_nano = 0;
  std::string name = {};
  Attributes attributes = {};
  uint32_t dropped_attributes_count = 0;
  friend bool operator==(const SpanEvent&, const SpanEvent&) = default;
};

struct SpanLink {
  TraceId trace_id = {};
  SpanId span_id = {};
  std::string trace_state = {};
  Attributes attributes = {};
  uint32_t dropped_attributes_count = 0;
  uint32_t flags = 0;
  friend bool operator==(const SpanLink&, const SpanLink&) = default;
};

struct Span {
  // Trace and span ids that are zero get random values in collect(); a parent id stays empty.
  TraceId trace_id = {};
  SpanId span_id = {};
  SpanId parent_span_id = {};
  std::string trace_state = {};
  uint32_t flags = 0;  // W3C trace flags in the lowest byte
  std::string name = {};
  SpanKind kind = SpanKind::kInternal;
  uint64_t start_time_unix_nano = 0;
  // An end before the start is sent as the start, and counted (Statistics::corrected_times).
  uint64_t end_time_unix_nano = 0;
  Attributes attributes = {};
  uint32_t dropped_attributes_count = 0;
  std::vector<SpanEvent> events = {};
  uint32_t dropped_events_count = 0;
  std::vector<SpanLink> links = {};
  uint32_t dropped_links_count = 0;
  SpanStatus status = {};

  // Returns the root of a new trace with new random ids, started now. It ends now as well, unless
  // finish() is called.
  static Span make(std::string name) {
    Span span;
    span.trace_id = random_trace_id();
    span.span_id = random_span_id();
    span.name = std::move(name);
    span.start_time_unix_nano = now_unix_nano();
    span.end_time_unix_nano = span.start_time_unix_nano;
    return span;
  }
  // Returns a child of this span in the same trace, started now.
  Span make_child(std::string child_name) const {
    Span child = make(std::move(child_name));
    child.trace_id = trace_id;
    child.parent_span_id = span_id;
    child.flags = flags;
    return child;
  }
  // Appends an attribute. Does not check for an earlier one with that key; keys should differ.
  template <class Content = Value>
    requires std::convertible_to<Content, Value>
  Span& set(std::string_view key, Content&& value) {
    if (attributes.capacity() == 0) attributes.reserve(12);  // one allocation for most spans
    attributes.emplace_back(key, std::forward<Content>(value));
    return *this;
  }
  Span& add_event(std::string event_name, Attributes event_attributes = {}) {
    events.push_back({.time_unix_nano = now_unix_nano(),
                      .name = std::move(event_name),
                      .attributes = std::move(event_attributes)});
    return *this;
  }
  // Sets the end time to now.
  Span& finish() {
    end_time_unix_nano = now_unix_nano();
    return *this;
  }
  friend bool operator==(const Span&, const Span&) = default;
};

MILLRACE_NAMESPACE_END
