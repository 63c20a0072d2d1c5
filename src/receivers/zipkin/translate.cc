#include "receivers/zipkin/translate.h"

#include <algorithm>
#include <string>

#include "receivers/zipkin/arena.h"
#include "receivers/zipkin/otlp_request.h"
#include "receivers/zipkin/spans_from_json.h"
#include "receivers/zipkin/spans_from_protobuf.h"

namespace millrace::receivers::zipkin {
namespace {

Error error_of(const Failure& failure, const Status& reading, const Bytes& body, size_t bytes_max,
               const Budget& budget) {
  switch (failure.kind) {
    case Failure::Kind::kLimit:
      return {Code::kResourceExhausted, "Zipkin spans take more than the limit of " +
                                            std::to_string(bytes_max) + " bytes as OTLP"};
    case Failure::Kind::kMemory:
      // The spans are about as large as OTLP as they are here.
      return no_memory("reading Zipkin spans",
                       2 * body.size() + Arena::need(body.text()) + kPooledChunkBytes, budget);
    default:
      return reading.error();
  }
}

}  // namespace

Result<Bytes> translate(Format format, const Bytes& body, bool parse_string_tags, Work& work,
                        size_t bytes_max) {
  const Budget& budget = work.pool.budget();
  Failure failure;
  Arena arena;
  if (!arena.try_reserve(work.pool, body.text())) {
    failure.kind = Failure::Kind::kMemory;
    return fail(error_of(failure, {}, body, bytes_max, budget));
  }
  OtlpRequest request(parse_string_tags, arena, work, bytes_max);
  Status reading = format == Format::kJson
                       ? read_json_spans(body.text(), arena, work, request, failure)
                       : read_protobuf_spans(body.view(), work, request, failure);
  Bytes whole;
  if (!reading || !request.finish(&whole, failure)) {
    return fail(error_of(failure, reading, body, bytes_max, budget));
  }
  return whole;
}

}  // namespace millrace::receivers::zipkin
