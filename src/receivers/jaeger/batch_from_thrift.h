// Jaeger's Batch in Thrift (jaeger.thrift and agent.thrift of jaegertracing/jaeger-idl), as the
// receiver of otelcol reads it: unknown fields and fields of another type are skipped, required
// fields that are missing are an error, bytes behind the end are ignored.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"
#include "memory/work.h"
#include "receivers/jaeger/span.h"
#include "receivers/jaeger/thrift_reader.h"

namespace millrace::receivers::jaeger {

// A Batch, as it is sent over HTTP. Hands the process and each span to `sink`. With kBadData the
// message names the span, the field and the byte: "spans[2].tags: ends in the middle of a value
// (byte 147)". Spans in front of their process are read again: each byte at most twice.
Status read_thrift_batch(std::span<const uint8_t> body, Work& work, BatchSink& sink,
                         Failure& failure);

// A packet to the agent: a call of emitBatch. A call without a batch has no spans.
Status read_thrift_call(std::span<const uint8_t> packet, ThriftReader::Encoding encoding,
                        Work& work, BatchSink& sink, Failure& failure);

}  // namespace millrace::receivers::jaeger
