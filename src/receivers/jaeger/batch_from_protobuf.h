// Jaeger's PostSpansRequest in protobuf (api_v2/collector.proto and model.proto of
// jaegertracing/jaeger-idl), as otelcol reads it: trace ids of 8 or 16 bytes, span ids of 8.
// Unknown fields are skipped; of a scalar the last counts, messages merge.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"
#include "memory/work.h"
#include "receivers/jaeger/span.h"

namespace millrace::receivers::jaeger {

// Hands the process and each span to `sink`. The body is walked twice, since the process stands
// behind the spans; the first walk skips them. With kBadData the message names the span, the field
// and the byte: "spans[2].trace_id: expected 8 or 16 bytes (byte 147)".
Status read_protobuf_batch(std::span<const uint8_t> body, Work& work, BatchSink& sink,
                           Failure& failure);

}  // namespace millrace::receivers::jaeger
