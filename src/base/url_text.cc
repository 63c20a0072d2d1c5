#include "base/url_text.h"

#include <algorithm>
#include <cstddef>

namespace millrace {
namespace {

constexpr std::string_view kHidden = "[REDACTED]";
constexpr std::string_view kSchemeEnd = "://";

bool ends_url(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= 0x20 || byte == 0x7f || std::string_view("\"'`<>").contains(c);
}

// The size of user and password in front of the host, with their '@'; 0 when there are none.
size_t user_size(std::string_view behind_scheme) {
  const size_t authority_size = std::min(behind_scheme.find_first_of("/?#"), behind_scheme.size());
  const std::string_view authority = behind_scheme.substr(0, authority_size);
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) return at + 1;
  // An '@' that stands behind the authority, and no port behind the colon: the password contains a
  // character that should have been percent-encoded.
  const size_t colon = authority.rfind(':');
  const size_t at = behind_scheme.rfind('@');
  if (colon == std::string_view::npos || at == std::string_view::npos) return 0;
  const std::string_view port = authority.substr(colon + 1);
  const bool is_port =
      !port.empty() && std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
  return is_port ? 0 : at + 1;
}

}  // namespace

std::string hide_url_secrets(std::string_view url) {
  std::string shown;
  if (const size_t scheme = url.find(kSchemeEnd); scheme != std::string_view::npos) {
    shown = url.substr(0, scheme + kSchemeEnd.size());
    url.remove_prefix(scheme + kSchemeEnd.size());
  }
  if (const size_t user = user_size(url); user != 0) {
    shown += kHidden;
    url.remove_prefix(user - 1);  // keep the '@'
  }
  const size_t path_end = std::min(url.find_first_of("?#"), url.size());
  shown += url.substr(0, path_end);
  if (path_end + 1 < url.size()) {
    shown += url[path_end];
    shown += kHidden;
  }
  return shown;
}

std::string hide_urls(std::string_view text) {
  std::string shown;
  while (true) {
    const size_t scheme_end = text.find(kSchemeEnd);
    if (scheme_end == std::string_view::npos) break;
    size_t end = scheme_end + kSchemeEnd.size();
    while (end < text.size() && !ends_url(text[end])) ++end;
    // Text before the scheme is not part of this URL.
    shown += hide_url_secrets(text.substr(0, end));
    text.remove_prefix(end);
  }
  return shown.append(text);
}

}  // namespace millrace
