// The options of otlp_grpc and otlp_http, with otelcol's names and defaults. Plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/signal.h"
#include "base/time.h"
#include "config/section.h"
#include "export_client/client_endpoint.h"
#include "export_client/client_options.h"

namespace millrace::exporters {

struct GrpcOptions : ClientSettings {
  std::string endpoint;  // as written
  ClientEndpoint target;
  std::string authority;  // empty: from the endpoint
  bool pick_first = false;
  Duration ping_after = 0s;  // keepalive.time; zero: no pings
  Duration ping_timeout = 20s;
  // Also retry RESOURCE_EXHAUSTED without RetryInfo (the specification: do not).
  bool retry_resource_exhausted = false;

  bool uses_tls() const;
};

enum class Encoding : uint8_t { kProto, kJson };

struct HttpOptions : HttpClientSettings {
  HttpOptions() { helper.timeout = 30s; }
  std::string endpoint;  // as written
  // Of each signal, its path whole; absent: nothing is configured for that signal.
  std::optional<ClientEndpoint> targets[kSignalCount];
  Encoding encoding = Encoding::kProto;

  bool uses_tls() const;
};

// `exporter` is the exporter's own section ("exporters::otlp_grpc/a"); the caller finishes it.
void read_grpc_options(config::Section& exporter, GrpcOptions& into);
void read_http_options(config::Section& exporter, HttpOptions& into);

}  // namespace millrace::exporters
