// Where an exporter sends: endpoints as otelcol writes them for its two OTLP exporters. Pure
// functions; errors are kInvalidArgument and say what is allowed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "transport/client/proxy.h"

namespace millrace::exporters {

enum class EndpointScheme : uint8_t { kNone, kHttp, kHttps };

struct ClientEndpoint {
  EndpointScheme scheme = EndpointScheme::kNone;
  std::string host;  // without brackets; or a unix socket, "unix:/run/a.sock"
  uint16_t port = 0;
  std::string path;  // HTTP: with the query, without a trailing '/'; may be empty

  // HTTP: the URL has no scheme that is spoken here. otelcol starts with it and fails each request.
  std::string unsupported_scheme = {};
  bool has_no_http_scheme = false;
  // From the environment or proxy_url.
  std::optional<transport::Proxy> proxy = {};

  bool is_unix() const;
  // "host:port" as in :authority and Host; default ports of HTTP are left out. "localhost" for a
  // unix socket, as in grpc-go.
  std::string authority() const;
};

// "host:4317", "http://host:4317", "https://host:4317" (TLS), "dns:///host:4317",
// "unix:///run/a.sock". As in otelcol, "http://" does not turn TLS off.
Result<ClientEndpoint> parse_grpc_endpoint(std::string_view text);
// A URL with http or https; the port defaults to 80 and 443.
Result<ClientEndpoint> parse_http_endpoint(std::string_view text);
// A URL with another scheme or none, as Go's url.Parse reads it: "collector:4318" has the scheme
// "collector", "10.0.0.1:4318" is an error, "collector/otlp" a path. Sets has_no_http_scheme.
Result<ClientEndpoint> parse_url_without_http(std::string_view text);

}  // namespace millrace::exporters
