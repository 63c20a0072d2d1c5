// Hears of each request that a receiver admits or refuses, for the console.
//
// One for each worker, used on its loop only; it must be quick, keep no view, and never refuse.
#pragma once

#include <optional>
#include <string_view>

#include "base/signal.h"
#include "compress/coding.h"
#include "http/trace_context.h"
#include "pipeline/payload.h"

namespace millrace::reception {

// How a request came.
struct RequestOrigin {
  std::string_view protocol = {};  // static: "grpc", "http/protobuf", "http/json", …
  compress::Coding coding = compress::Coding::kIdentity;
  std::optional<http::TraceContext> trace_parent = {};
};

class RequestWatcher {
 public:
  virtual ~RequestWatcher() = default;
  struct Admitted {
    std::string_view receiver;
    RequestOrigin origin;
    std::string_view peer;  // empty: not known
    const pipeline::Payload& payload;
  };
  // The request passed admission and goes to its pipelines, which may still refuse it.
  virtual void on_admitted(const Admitted& request) = 0;

  struct Refused {
    std::string_view receiver;
    std::string_view transport;
    std::optional<Signal> signal;  // empty: the request did not tell
    std::string_view reason;       // a snake_case word
    std::string_view detail;
    std::string_view peer;
  };
  virtual void on_refused(const Refused& refused) = 0;
};

}  // namespace millrace::reception
