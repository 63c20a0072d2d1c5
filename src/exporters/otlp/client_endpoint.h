// Where an exporter sends: endpoints as otelcol writes them for its two OTLP exporters. Pure
// functions; errors are kInvalidArgument and say what is allowed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace millrace::exporters {

enum class EndpointScheme : uint8_t { kNone, kHttp, kHttps };

struct ClientEndpoint {
  EndpointScheme scheme = EndpointScheme::kNone;
  std::string host;  // without brackets
  uint16_t port = 0;
  std::string path;  // HTTP: with the query, without a trailing '/'; may be empty

  // "host:port" as in :authority and Host; default ports of HTTP are left out.
  std::string authority() const;
};

// "host:4317", "http://host:4317" (plain text), "https://host:4317" (TLS), "dns:///host:4317".
Result<ClientEndpoint> parse_grpc_endpoint(std::string_view text);
// A URL with http or https; the port defaults to 80 and 443.
Result<ClientEndpoint> parse_http_endpoint(std::string_view text);

}  // namespace millrace::exporters
