// URLs in their parts, as Go's net/url reads them (RFC 3986).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/url_escape.h"

namespace millrace::ottl {

struct Url {
  std::string text;  // with the scheme in lower case, and escapes where a path needs them
  std::string scheme;
  std::optional<std::string> user_info;
  std::string user;
  std::optional<std::string> password;
  std::string host;  // without the brackets of IPv6
  std::string port;
  std::string path;
  std::string query;
  std::string fragment;
};

// Nothing when the text is no URL, or when its escapes do not make valid UTF-8. Pure; linear.
std::optional<Url> parse_url(std::string_view text);
// As millrace::unescape_url(), and nothing when the result is not valid UTF-8.
std::optional<std::string> unescape_text(std::string_view text, UrlPart part);

}  // namespace millrace::ottl
