#include "receivers/zipkin/otlp_request.h"

#include "receivers/zipkin/span_translation.h"

namespace millrace::receivers::zipkin {

OtlpRequest::OtlpRequest(bool parse_string_tags, Arena& arena, Work& work, size_t bytes_max)
    : parse_string_tags_(parse_string_tags), arena_(arena), work_(work), groups_(work, bytes_max) {}

bool OtlpRequest::no_room(ChunkBuffer::Room room, Failure& failure) const {
  if (failure.kind == Failure::Kind::kNone) {
    failure.kind =
        room == ChunkBuffer::Room::kLimit ? Failure::Kind::kLimit : Failure::Kind::kMemory;
  }
  return false;
}

bool OtlpRequest::take(Span& span, Failure& failure) {
  sort_tags(span, work_.pace);
  otlp::json::Output& heads = groups_.heads();
  groups_.begin_head();
  if (!write_resource(span, heads)) return no_room(heads.room_failure(), failure);
  groups_.end_resource();
  if (!write_scope(span, heads)) return no_room(heads.room_failure(), failure);
  const span_output::SpanGroups::Head head = groups_.end_head();
  otlp::json::Output& spans = groups_.spans();
  groups_.begin_span();
  if (!write_span(span, parse_string_tags_, spans, arena_, work_, failure)) {
    return no_room(spans.room_failure(), failure);
  }
  return groups_.end_span(head) || no_room(ChunkBuffer::Room::kMemory, failure);
}

bool OtlpRequest::finish(Bytes* into, Failure& failure) {
  return groups_.finish(into) || no_room(groups_.whole_failure(), failure);
}

}  // namespace millrace::receivers::zipkin
