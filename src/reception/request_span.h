// The collector's own span of a received request, with the name and attributes of otelcol's
// receivers: from the hand-over to the pipelines until the answer.
//
// On the loop of the recorder's worker only.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/signal.h"
#include "http/trace_context.h"
#include "own_spans/span_recorder.h"
#include "pipeline/verdict.h"

namespace millrace::reception {

// The texts outlive the answer.
struct ReceivedRequest {
  std::string_view receiver;   // "otlp/internal"
  std::string_view transport;  // "grpc"
  std::string_view format;     // "protobuf"
  Signal signal = Signal::kTraces;
  uint32_t item_count = 0;
};

// otelcol's word for the format of a request that came by such a protocol (RequestOrigin). JSON is
// protobuf by then, as there.
std::string_view format_of(std::string_view protocol);

// The callback that also ends the request's span; `on_verdict` itself where it is not sampled. The
// recorder outlives the answer.
pipeline::VerdictCallback traced(const ReceivedRequest& request,
                                 const std::optional<http::TraceContext>& parent,
                                 own_spans::SpanRecorder& spans,
                                 pipeline::VerdictCallback on_verdict);

}  // namespace millrace::reception
