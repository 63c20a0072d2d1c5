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

Result<Endpoint> parse_unix_endpoint(std::string_view text) {
  std::string_view path = text;
  if (path.starts_with("unix:")) path.remove_prefix(5);
  if (path.starts_with("//")) path.remove_prefix(2);
  // What sockaddr_un holds, with its terminating zero.
  constexpr size_t kPathBytesMax = 107;
  if (path.size() < 2 || !path.starts_with('/') || path.ends_with('/') ||
      path.size() > kPathBytesMax || path.contains('\0')) {
    return fail(Code::kInvalidArgument,
                "expected the absolute path of a unix socket, like /run/otlp.sock, of at most " +
                    std::to_string(kPathBytesMax) + " bytes, found \"" + hide_url_secrets(text) +
                    "\"");
  }
  return Endpoint{.host = "unix:" + std::string(path), .port = 0};
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  if (text.starts_with("unix:") || text.starts_with('/')) {
    return fail(Code::kInvalidArgument, "expected host:port, found \"" + hide_url_secrets(text) +
                                            "\"; a unix socket needs transport: unix");
  }
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
