// The options of an address that a receiver listens on, with otelcol's names (configgrpc,
// confighttp) and Millrace's own `acknowledge` and `limits`. Plain data; zero durations mean "no
// limit" unless stated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/auth_options.h"
#include "access/client_limits.h"
#include "base/metadata.h"
#include "base/time.h"
#include "config/section.h"
#include "pipeline/verdict.h"
#include "transport/server/server.h"
#include "yaml/node.h"

namespace millrace::reception {

// When a sender hears OK (law 3).
enum class Acknowledge : uint8_t {
  kAccepted,
  kDurable,  // where no destination has storage, the same as accepted
  kDelivered,
};
pipeline::Policy policy_of(Acknowledge acknowledge);

// otelcol: 4 MiB for gRPC, 20 MiB for HTTP. One large batch of an SDK must not fail by default.
inline constexpr size_t kMessageBytesMax = 64 << 20;
// What may be configured at most.
inline constexpr int64_t kMessageBytesLimit = int64_t{2} << 30;

// What every protocol has.
struct ListenerOptions {
  std::string endpoint;
  std::string host;  // of endpoint; empty: every address; or a unix socket (io/address.h)
  uint16_t port = 0;
  yaml::Place endpoint_place;  // for "address already in use"
  // The `tls` section as it stands, to be read by assembly; empty: plain text.
  std::optional<yaml::Node> tls;
  std::string tls_path;                         // of that section in the configuration
  size_t message_bytes_max = kMessageBytesMax;  // before and after decompression
  bool include_metadata = false;
  Acknowledge acknowledge = Acknowledge::kDurable;
  std::optional<access::AuthenticatorName> auth;
  std::optional<access::LimitOptions> limits;
};

struct GrpcListenerOptions : ListenerOptions {
  uint32_t streams_max = 1024;  // max_concurrent_streams; 0 in the configuration means this
  Duration idle_max = 0s;       // keepalive.server_parameters.max_connection_idle
  Duration age_max = 0s;
  Duration age_grace = 0s;  // zero: for ever
  Duration ping_after = 2h;
  Duration ping_timeout = 20s;
  Duration ping_min_interval = 5min;  // keepalive.enforcement_policy.min_time
  bool ping_without_stream = false;
};

struct HttpListenerOptions : ListenerOptions {
  std::vector<std::string> cors_allowed_origins;  // empty: CORS is off
  std::vector<std::string> cors_allowed_headers;
  std::vector<std::string> cors_exposed_headers;
  int64_t cors_max_age_s = 0;
  std::vector<MetadataEntry> response_headers;
  // otelcol's default without lz4.
  std::vector<std::string> encodings = {"",       "gzip",    "zstd",           "zlib",
                                        "snappy", "deflate", "x-snappy-framed"};
  Duration read_timeout = 0s;
  Duration read_header_timeout = 0s;
  Duration write_timeout = 0s;
  bool keepalive = true;
  Duration keepalive_idle = 1min;
};

// `default_endpoint`: "localhost:4317". The caller finishes the section.
void read_listener(config::Section& section, std::string_view default_endpoint,
                   ListenerOptions& into);
// The same with the keys of a gRPC server.
void read_grpc_listener(config::Section& section, std::string_view default_endpoint,
                        GrpcListenerOptions& into);
// The same with the keys of an HTTP server.
void read_http_listener(config::Section& section, std::string_view default_endpoint,
                        HttpListenerOptions& into);

// The options that apply to every gRPC request of a server, whatever port it came by.
void serve_grpc(const GrpcListenerOptions& grpc, transport::ServerOptions& into);
// The ages and pings of connections of a gRPC listener's own port.
void set_grpc_keepalive(const GrpcListenerOptions& grpc, transport::ServerOptions& into);
// The options that apply to every HTTP request of a server, whatever port it came by.
void serve_http(const HttpListenerOptions& http, transport::ServerOptions& into);
// The timeouts of an HTTP listener's own port.
void set_http_timeouts(const HttpListenerOptions& http, transport::ServerOptions& into);

}  // namespace millrace::reception
