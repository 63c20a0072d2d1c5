// The spans of one body as one ExportTraceServiceRequest, by resource and scope
// (span_output/span_groups.h).
//
// otelcol groups by service name alone, takes the tags that describe the resource from one span of
// each service and loses those of the others; here spans with different such tags have different
// resources.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "memory/work.h"
#include "receivers/zipkin/arena.h"
#include "receivers/zipkin/span.h"
#include "span_output/span_groups.h"

namespace millrace::receivers::zipkin {

class OtlpRequest final : public SpanSink {
 public:
  // No part of it, and not the whole, gets larger than `bytes_max`.
  OtlpRequest(bool parse_string_tags, Arena& arena, Work& work, size_t bytes_max);

  bool take(Span& span, Failure& failure) override;
  // Everything that was taken. Empty: there were no spans.
  bool finish(Bytes* into, Failure& failure);

 private:
  bool no_room(ChunkBuffer::Room room, Failure& failure) const;

  const bool parse_string_tags_;
  Arena& arena_;
  Work& work_;
  span_output::SpanGroups groups_;
};

}  // namespace millrace::receivers::zipkin
