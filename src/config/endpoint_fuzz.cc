// A listen address that reads is written with its brackets and reads as the same again; no host
// has in it what belongs to a URL.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "config/endpoint.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  const std::string_view text = testing::FuzzInput(data, size).rest_text();
  const auto endpoint = config::parse_endpoint(text);
  if (!endpoint) {
    MILLRACE_CHECK(endpoint.error().code == Code::kInvalidArgument);
    return 0;
  }
  MILLRACE_CHECK(endpoint->host.find('/') == std::string::npos);
  const bool is_bare = endpoint->host.find(':') == std::string::npos;
  const std::string port = ":" + std::to_string(endpoint->port);
  const auto again =
      config::parse_endpoint(is_bare ? endpoint->host + port : "[" + endpoint->host + "]" + port);
  MILLRACE_CHECK(again.has_value());
  MILLRACE_CHECK(again->host == endpoint->host && again->port == endpoint->port);
  return 0;
}
