#include "config/endpoint.h"

#include <charconv>

#include "base/url_text.h"

namespace millrace::config {
namespace {

std::unexpected<Error> malformed(std::string_view text) {
  return fail(Code::kInvalidArgument,
              "expected host:port, like localhost:4317, 0.0.0.0:4317 or [::1]:4317, found \"" +
                  hide_url_secrets(text) + "\"");
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return malformed(text);
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (host.starts_with('[')) {
    if (!host.ends_with(']')) return malformed(text);
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return malformed(text);  // an IPv6 address without brackets, or a URL
  }
  if (host.find_first_of("/[]") != std::string_view::npos) return malformed(text);
  Endpoint endpoint;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
  if (error != std::errc() || end != port.data() + port.size()) return malformed(text);
  endpoint.host = host;
  return endpoint;
}

}  // namespace millrace::config
