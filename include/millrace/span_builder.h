// A span written as protobuf bytes while the program describes it. Cost: about a hundred
// nanoseconds with ten attributes. millrace/builder.h has the rules of all builders.
//
//   millrace::SpanBuilder span("GET /cart");
//   span.set_kind(millrace::SpanKind::kServer).set("http.request.method", "GET").set("port", 8080);
//   …
//   collector.collect(span);          // ends it now, unless set_end() was called
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "millrace/builder.h"
#include "millrace/span.h"

MILLRACE_NAMESPACE_BEGIN

class SpanBuilder : public ItemBuilder<SpanBuilder> {
 public:
  // Begins a span with that name, started now.
  explicit SpanBuilder(std::string_view name,
                       uint64_t start_time_unix_nano = now_unix_nano()) noexcept
      : ItemBuilder(kFront), start_(start_time_unix_nano) {
    encoder_.text_field(5, name);
  }
  // Begins another span.
  void reset(std::string_view name, uint64_t start_time_unix_nano = now_unix_nano()) noexcept {
    encoder_.reset(kFront);
    start_ = start_time_unix_nano;
    end_ = 0;
    trace_id_ = {};
    span_id_ = {};
    parent_ = {};
    kind_ = SpanKind::kInternal;
    encoder_.text_field(5, name);
  }

  // Ids that are not set get random values in collect().
  SpanBuilder& set_trace_id(const TraceId& id) noexcept {
    trace_id_ = id;
    return *this;
  }
  SpanBuilder& set_span_id(const SpanId& id) noexcept {
    span_id_ = id;
    return *this;
  }
  SpanBuilder& set_parent(const SpanId& id) noexcept {
    parent_ = id;
    return *this;
  }
  // Return this span's ids and create random ones if they are not set yet. Child spans need them.
  const TraceId& trace_id() noexcept {
    if (trace_id_ == TraceId{}) trace_id_ = random_trace_id();
    return trace_id_;
  }
  const SpanId& span_id() noexcept {
    if (span_id_ == SpanId{}) span_id_ = random_span_id();
    return span_id_;
  }
  SpanBuilder& set_kind(SpanKind kind) noexcept {
    kind_ = kind;
    return *this;
  }
  SpanBuilder& set_start(uint64_t unix_nano) noexcept {
    start_ = unix_nano;
    return *this;
  }
  SpanBuilder& set_end(uint64_t unix_nano) noexcept {
    end_ = unix_nano;
    return *this;
  }
  // Each at most once a span.
  SpanBuilder& set_trace_state(std::string_view state) noexcept {
    encoder_.text_field(3, state);
    return *this;
  }
  SpanBuilder& set_flags(uint32_t flags) noexcept {
    encoder_.fixed32_field(16, flags);
    return *this;
  }
  SpanBuilder& set_status(StatusCode code, std::string_view message = {}) noexcept {
    const auto status = encoder_.open(15);
    if (!message.empty()) encoder_.text_field(2, message);
    encoder_.varint_field(3, static_cast<uint64_t>(code));
    encoder_.close(status);
    return *this;
  }

  // Appends something that happened during the span.
  SpanBuilder& add_event(std::string_view name, uint64_t time_unix_nano = now_unix_nano(),
                         std::initializer_list<TextPair> attributes = {}) noexcept {
    const auto event = encoder_.open(11);
    encoder_.fixed64_field(1, time_unix_nano);
    encoder_.text_field(2, name);
    write_pairs(3, attributes);
    encoder_.close(event);
    return *this;
  }
  // Appends a link to a related span of this or another trace.
  SpanBuilder& add_link(const TraceId& trace_id, const SpanId& span_id,
                        std::initializer_list<TextPair> attributes = {}) noexcept {
    const auto link = encoder_.open(13);
    write_id(1, trace_id);
    write_id(2, span_id);
    write_pairs(4, attributes);
    encoder_.close(link);
    return *this;
  }

 private:
  friend class ItemBuilder<SpanBuilder>;
  friend struct detail::Access;
  static constexpr uint32_t attribute_field() noexcept { return 9; }
  // parent, trace id, span id, kind, start and end are written last, because they are known last.
  static constexpr size_t kFront = 10 + 18 + 10 + 2 + 9 + 9;

  uint64_t start_;
  uint64_t end_ = 0;
  TraceId trace_id_ = {};
  SpanId span_id_ = {};
  SpanId parent_ = {};
  SpanKind kind_ = SpanKind::kInternal;
};

MILLRACE_NAMESPACE_END
