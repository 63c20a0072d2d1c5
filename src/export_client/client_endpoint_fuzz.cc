// An endpoint that reads has a host and a port, its authority has nothing in it that would end a
// line or begin a path, and written as a URL it reads as the same again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "export_client/client_endpoint.h"

namespace {

using namespace millrace::exporters;

void check_parts(const ClientEndpoint& endpoint) {
  MILLRACE_CHECK(!endpoint.host.empty() && endpoint.port != 0);
  const std::string authority = endpoint.authority();
  MILLRACE_CHECK(authority.find_first_of("/?#@ \r\n\t") == std::string::npos);
  MILLRACE_CHECK(authority.find('\0') == std::string::npos);
  MILLRACE_CHECK(
      std::ranges::all_of(endpoint.path, [](unsigned char c) { return c > ' ' && c < 0x7f; }));
  MILLRACE_CHECK(endpoint.path.empty() || endpoint.path.front() == '/');
}

void check_same(const ClientEndpoint& a, const ClientEndpoint& b) {
  MILLRACE_CHECK(a.scheme == b.scheme && a.host == b.host);
  MILLRACE_CHECK(a.port == b.port && a.path == b.path);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = millrace::testing::FuzzInput(data, size).rest_text();
  const auto host_of = [](const ClientEndpoint& endpoint) {
    return endpoint.host.find(':') == std::string::npos ? endpoint.host : "[" + endpoint.host + "]";
  };
  if (const auto endpoint = parse_http_endpoint(text)) {
    check_parts(*endpoint);
    const bool is_https = endpoint->scheme == EndpointScheme::kHttps;
    const auto again = parse_http_endpoint((is_https ? "https://" : "http://") +
                                           endpoint->authority() + endpoint->path);
    MILLRACE_CHECK(again.has_value());
    check_same(*endpoint, *again);
  }
  if (const auto odd = parse_url_without_http(text)) {
    MILLRACE_CHECK(odd->has_no_http_scheme && !parse_http_endpoint(text).has_value());
  }
  if (const auto endpoint = parse_grpc_endpoint(text); endpoint && endpoint->is_unix()) {
    MILLRACE_CHECK(endpoint->port == 0 && endpoint->host.starts_with("unix:/"));
    MILLRACE_CHECK(parse_grpc_endpoint(endpoint->host)->host == endpoint->host);
  } else if (endpoint) {
    check_parts(*endpoint);
    MILLRACE_CHECK(endpoint->path.empty());
    const std::string scheme = endpoint->scheme == EndpointScheme::kHttps  ? "https://"
                               : endpoint->scheme == EndpointScheme::kHttp ? "http://"
                                                                           : "dns:///";
    const auto again =
        parse_grpc_endpoint(scheme + host_of(*endpoint) + ":" + std::to_string(endpoint->port));
    MILLRACE_CHECK(again.has_value());
    check_same(*endpoint, *again);
  }
  return 0;
}
