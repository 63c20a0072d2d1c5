// The way of a whole body from the connection to the handler: its compression is undone here.
#pragma once

#include <optional>

#include "transport/server/request_admission.h"

namespace millrace::transport {

struct ReceivedBody {
  Bytes bytes;
  size_t wire_bytes = 0;
  MetadataRef metadata;
  MonotonicTime deadline = kNever;
  RequestPass pass = {};
};

// Hands the request over, at once or, a large or compressed one, perhaps in a later turn; or
// returns the refusal, and `impl` stays the caller's.
std::optional<RequestRefusal> hand_over_body(ConnectionHost& host, const RequestPlan& plan,
                                             ReceivedBody body, Exchange::Impl* impl);

}  // namespace millrace::transport
