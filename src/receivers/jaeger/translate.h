// A request or a packet of Jaeger's spans as one ExportTraceServiceRequest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "memory/work.h"

namespace millrace::receivers::jaeger {

enum class Format : uint8_t {
  kProtobuf,       // PostSpansRequest
  kThrift,         // Batch in the binary encoding, as over HTTP
  kThriftCompact,  // a call of the agent's emitBatch in the compact encoding
  kThriftBinary,   // the same in the binary encoding
};

// Empty: there are no spans in it. `body` is needed during the call only.
//   kInvalidArgument    not of the format; the message names the span, the field and the byte
//   kResourceExhausted  more than `bytes_max` of OTLP, or more memory than the whole budget: final
//   kUnavailable        the budget refused now
// What is written, and what grows with the body while it is being read, is reserved in the budget.
Result<Bytes> translate(Format format, std::span<const uint8_t> body, Work& work, size_t bytes_max);

}  // namespace millrace::receivers::jaeger
