// A protobuf ListOfSpans of Zipkin (zipkin.proto of openzipkin/zipkin-api), as otelcol reads it:
// trace ids of 16 bytes, span ids of 8. Unknown fields are skipped; of a scalar the last counts,
// messages merge.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "memory/work.h"
#include "receivers/zipkin/span.h"

namespace millrace::receivers::zipkin {

// Hands each span to `sink`. With kBadData the message names the span, the field and the byte:
// "spans[2].trace_id: expected 16 bytes (byte 147)".
Status read_protobuf_spans(std::span<const uint8_t> body, Work& work, SpanSink& sink,
                           Failure& failure);

}  // namespace millrace::receivers::zipkin
