// The otlp receiver's options, with otelcol's names. Plain data; zero durations mean "no limit"
// unless stated. A protocol that is absent here is not served on a port of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "access/auth_options.h"
#include "access/client_limits.h"
#include "base/metadata.h"
#include "base/time.h"
#include "config/section.h"
#include "yaml/node.h"

namespace millrace::receivers {

// When a sender hears OK (law 3).
enum class Acknowledge : uint8_t {
  kAccepted,
  kDurable,  // where no destination has storage, the same as accepted
  kDelivered,
};

// otelcol: 4 MiB for gRPC, 20 MiB for HTTP. One large batch of an SDK must not fail by default.
inline constexpr size_t kMessageBytesMax = 64 << 20;

// What both protocols have.
struct ProtocolOptions {
  std::string endpoint;
  std::string host;  // of endpoint; empty: every address
  uint16_t port = 0;
  yaml::Place endpoint_place;  // for "address already in use"
  // The `tls` section as it stands, to be read by config/tls.h; empty: plain text.
  std::optional<yaml::Node> tls;
  std::string tls_path;                         // of that section in the configuration
  size_t message_bytes_max = kMessageBytesMax;  // before and after decompression
  bool include_metadata = false;
  Acknowledge acknowledge = Acknowledge::kDurable;
  std::optional<access::AuthenticatorName> auth;
  std::optional<access::LimitOptions> limits;
};

struct GrpcOptions : ProtocolOptions {
  uint32_t streams_max = 1024;  // max_concurrent_streams; 0 in the configuration means this
  Duration idle_max = 0s;       // keepalive.server_parameters.max_connection_idle
  Duration age_max = 0s;
  Duration age_grace = 0s;  // zero: for ever
  Duration ping_after = 2h;
  Duration ping_timeout = 20s;
  Duration ping_min_interval = 5min;  // keepalive.enforcement_policy.min_time
  bool ping_without_stream = false;
};

struct HttpOptions : ProtocolOptions {
  std::string traces_path = "/v1/traces";
  std::string metrics_path = "/v1/metrics";
  std::string logs_path = "/v1/logs";
  std::vector<std::string> cors_allowed_origins;  // empty: CORS is off
  std::vector<std::string> cors_allowed_headers;
  std::vector<std::string> cors_exposed_headers;
  int64_t cors_max_age_s = 0;
  std::vector<MetadataEntry> response_headers;
  std::vector<std::string> encodings = {"", "gzip", "zstd"};
  Duration read_timeout = 0s;
  Duration read_header_timeout = 0s;
  Duration write_timeout = 0s;
  bool keepalive = true;
  Duration keepalive_idle = 1min;
};

struct OtlpReceiverOptions {
  std::optional<GrpcOptions> grpc;
  std::optional<HttpOptions> http;
};

// `section` is the receiver's own ("receivers::otlp"); the caller finishes it.
void read_otlp_receiver(config::Section& section, OtlpReceiverOptions& into);

}  // namespace millrace::receivers
