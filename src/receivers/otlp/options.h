// The otlp receiver's options, with otelcol's names. Plain data; zero durations mean "no limit"
// unless stated. A protocol that is absent here is not served on a port of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "config/section.h"
#include "reception/listener_options.h"

namespace millrace::receivers {

using reception::Acknowledge;

using GrpcOptions = reception::GrpcListenerOptions;

struct HttpOptions : reception::HttpListenerOptions {
  std::string traces_path = "/v1/traces";
  std::string metrics_path = "/v1/metrics";
  std::string logs_path = "/v1/logs";
};

struct OtlpReceiverOptions {
  std::optional<GrpcOptions> grpc;
  std::optional<HttpOptions> http;
};

// `section` is the receiver's own ("receivers::otlp"); the caller finishes it.
void read_otlp_receiver(config::Section& section, OtlpReceiverOptions& into);

}  // namespace millrace::receivers
