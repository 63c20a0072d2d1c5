// The options of otlp_grpc and otlp_http, with otelcol's names and defaults. Plain data.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "access/auth_options.h"
#include "base/metadata.h"
#include "base/result.h"
#include "base/signal.h"
#include "base/time.h"
#include "compress/coding.h"
#include "compress/compressor.h"
#include "config/exporter_helper.h"
#include "config/section.h"
#include "config/tls.h"
#include "exporters/otlp/client_endpoint.h"
#include "exporters/otlp/response_counters.h"

namespace millrace::exporters {

// What both have.
struct OtlpClientOptions {
  // gzip is otelcol's default. It is dearer than all the rest of an exporter together: `none`
  // where the network is near, zstd where the peer has it.
  compress::Coding compression = compress::Coding::kGzip;
  int compression_level = compress::kDefaultLevel;
  std::vector<MetadataEntry> headers;  // lower-case names; values are secrets
  std::string user_agent = "millrace";
  // The extension whose credentials go with each request, instead of headers of the same names.
  std::optional<access::AuthenticatorName> auth;
  config::ClientTls tls;
  // Made by load_tls(), shared by all workers; null: plain text or not loaded.
  std::shared_ptr<io::TlsClientContext> tls_context;
  // Shared by all workers.
  std::shared_ptr<ResponseCounters> response_counters = std::make_shared<ResponseCounters>();
  // timeout, retry_on_failure, sending_queue: for the destination in front of this exporter.
  config::ExporterHelperConfig helper;
};

struct GrpcOptions : OtlpClientOptions {
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

struct HttpOptions : OtlpClientOptions {
  HttpOptions() { helper.timeout = 30s; }
  std::string endpoint;  // as written
  // Of each signal, its path whole; absent: nothing is configured for that signal.
  std::optional<ClientEndpoint> targets[kSignalCount];
  Encoding encoding = Encoding::kProto;
  int64_t connections_max = 0;  // max_conns_per_host; 0: as many as batches may be in flight
  Duration idle_max = 90s;      // keepalive.idle_conn_timeout
  bool http2 = true;            // force_attempt_http2, over TLS
  Duration ping_after = 0s;     // http2_read_idle_timeout
  Duration ping_timeout = 15s;  // http2_ping_timeout

  bool uses_tls() const;
};

// `exporter` is the exporter's own section ("exporters::otlp_grpc/a"); the caller finishes it.
void read_grpc_options(config::Section& exporter, GrpcOptions& into);
void read_http_options(config::Section& exporter, HttpOptions& into);

// Reads the certificates, once at start-up, where TLS is used.
Status load_tls(GrpcOptions& options);
Status load_tls(HttpOptions& options);

}  // namespace millrace::exporters
