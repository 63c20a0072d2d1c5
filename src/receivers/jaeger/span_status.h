// The kind and the status of a span, which Jaeger keeps in tags (OpenTelemetry's specification,
// "OpenTelemetry to Jaeger Transformation"; where it is silent, otelcol's translator).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "receivers/jaeger/span.h"
#include "receivers/jaeger/tag_list.h"

namespace millrace::receivers::jaeger {

// With OTLP's numbers.
enum class SpanKind : uint8_t {
  kUnspecified = 0,
  kInternal = 1,
  kServer = 2,
  kClient = 3,
  kProducer = 4,
  kConsumer = 5,
};
SpanKind kind_of(const Tag& tag);

// The tags `error`, `otel.status_code`, `otel.status_description` and the status code of HTTP, in
// this order. Uses up the tags that have become the status; views them.
class SpanStatus {
 public:
  SpanStatus(std::span<Tag> tags, SpanKind kind);
  uint8_t code = 0;  // OTLP's: 0 unset, 1 OK, 2 error
  struct Message {
    std::optional<TagText> text;
    std::string_view view() const { return text ? text->view() : std::string_view(); }
  } message;

 private:
  void read_said(std::span<Tag> tags, const Tag& said, bool is_error);
  void read_http(std::span<Tag> tags, SpanKind kind);
  void take_description(std::span<Tag> tags);
  void keep(const Tag* tag);
};

}  // namespace millrace::receivers::jaeger
