// URLs of HTTP services beside OTLP: a cloud's metadata, a token endpoint. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace millrace::transport {

struct WebUrl {
  bool uses_tls = false;
  std::string host;  // without brackets; or a unix socket, "unix:/run/a.sock"
  uint16_t port = 0;
  std::string path = "/";  // with the query; begins with '/'

  // For the field Host: "host:port", without the port that the scheme implies. "localhost" for a
  // unix socket.
  std::string authority() const;
  // The same service with this path behind the own one: "/v4/a" and "/task" make "/v4/a/task".
  WebUrl at(std::string_view more) const;
};

// "http://host[:port][/path][?query]", "https://…" or "unix:///run/a.sock" (its path is "/"). A
// fragment is dropped. Errors are kInvalidArgument and show no user, password or query.
Result<WebUrl> parse_web_url(std::string_view text);

// Unreserved characters (RFC 3986) stay, every other byte becomes %XX: for one segment of a path.
std::string encode_path_segment(std::string_view text);
// The same for a form (application/x-www-form-urlencoded): a blank becomes '+'.
std::string encode_form_text(std::string_view text);

}  // namespace millrace::transport
