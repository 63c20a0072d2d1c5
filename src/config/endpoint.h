// Listen addresses as otelcol writes them: "localhost:4317", "0.0.0.0:4317", ":4317",
// "[::1]:4317", and the paths of unix sockets. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace millrace::config {

struct Endpoint {
  std::string host;  // without brackets; empty: every address; "unix:/run/a.sock": a unix socket
  uint16_t port = 0;
};

// Error: kInvalidArgument with what is allowed. Port 0 is allowed (the kernel chooses).
Result<Endpoint> parse_endpoint(std::string_view text);
// "/run/otlp.sock", as otelcol has it with `transport: unix`, or "unix:///run/otlp.sock".
Result<Endpoint> parse_unix_endpoint(std::string_view text);

}  // namespace millrace::config
