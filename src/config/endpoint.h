// Listen addresses as otelcol writes them: "localhost:4317", "0.0.0.0:4317", ":4317",
// "[::1]:4317". Pure function.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace millrace::config {

struct Endpoint {
  std::string host;  // without brackets; empty: every address
  uint16_t port = 0;
};

// Error: kInvalidArgument with what is allowed. Port 0 is allowed (the kernel chooses).
Result<Endpoint> parse_endpoint(std::string_view text);

}  // namespace millrace::config
