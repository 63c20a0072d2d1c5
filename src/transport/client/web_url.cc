#include "transport/client/web_url.h"

#include <algorithm>
#include <charconv>

#include "base/url_text.h"
#include "io/address.h"

namespace millrace::transport {
namespace {

std::unexpected<Error> bad(std::string_view what, std::string_view text) {
  return fail(Code::kInvalidArgument,
              std::string(what) + ", found \"" + hide_url_secrets(text) + "\"");
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// Removes `scheme` (lower case) from the front of `text`.
bool take_scheme(std::string_view& text, std::string_view scheme) {
  if (text.size() < scheme.size()) return false;
  const bool is_same = std::ranges::equal(text.substr(0, scheme.size()), scheme,
                                          [](char a, char b) { return lower(a) == b; });
  if (is_same) text.remove_prefix(scheme.size());
  return is_same;
}

bool is_printable_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

bool is_host(std::string_view host) {
  return !host.empty() && is_printable_ascii(host) &&
         host.find_first_of("/@?#[]\"\\<>%") == std::string_view::npos;
}

// "host", "host:port", "[::1]:port". `into.port` is the default.
bool parse_authority(std::string_view text, WebUrl& into) {
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const size_t close = text.find(']');
    if (close == std::string_view::npos) return false;
    into.host = text.substr(1, close - 1);
    const std::string_view rest = text.substr(close + 1);
    has_port = !rest.empty();
    if (has_port && rest[0] != ':') return false;
    if (has_port) port = rest.substr(1);
  } else {
    const size_t colon = text.find(':');
    into.host = text.substr(0, colon);
    has_port = colon != std::string_view::npos;
    if (has_port) port = text.substr(colon + 1);
  }
  if (!is_host(into.host)) return false;
  if (!has_port) return true;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), into.port);
  return error == std::errc() && end == port.data() + port.size() && into.port != 0;
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

void append_encoded(char c, std::string& into) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  into += '%';
  into += kDigits[byte >> 4];
  into += kDigits[byte & 15];
}

}  // namespace

std::string WebUrl::authority() const {
  if (io::is_unix_host(host)) return "localhost";
  std::string text = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != (uses_tls ? 443 : 80)) text += ":" + std::to_string(port);
  return text;
}

WebUrl WebUrl::at(std::string_view more) const {
  WebUrl made = *this;
  while (made.path.ends_with('/')) made.path.pop_back();
  made.path += more;
  if (made.path.empty()) made.path = "/";
  return made;
}

Result<WebUrl> parse_web_url(std::string_view text) {
  WebUrl made;
  std::string_view rest = text;
  if (take_scheme(rest, "unix://")) {
    if (!rest.starts_with('/') || rest.size() < 2 || !is_printable_ascii(rest)) {
      return bad("expected an absolute path, unix:///run/a.sock", text);
    }
    made.host = "unix:" + std::string(rest);
    return made;
  }
  made.uses_tls = take_scheme(rest, "https://");
  if (!made.uses_tls && !take_scheme(rest, "http://")) {
    return bad("expected a URL that begins with http:// or https://", text);
  }
  made.port = made.uses_tls ? 443 : 80;
  rest = rest.substr(0, rest.find('#'));
  const size_t path = std::min(rest.find_first_of("/?"), rest.size());
  if (rest.substr(0, path).contains('@')) {
    return bad("user and password do not belong into this URL", text);
  }
  if (!parse_authority(rest.substr(0, path), made)) {
    return bad("expected a host and perhaps a port behind the scheme", text);
  }
  const std::string_view target = rest.substr(path);
  if (!is_printable_ascii(target)) {
    return bad("blanks and characters outside ASCII must be percent-encoded", text);
  }
  if (target.starts_with('/')) made.path.clear();
  made.path += target;
  return made;
}

std::string encode_path_segment(std::string_view text) {
  std::string made;
  for (const char c : text) {
    if (is_unreserved(c)) {
      made += c;
    } else {
      append_encoded(c, made);
    }
  }
  return made;
}

std::string encode_form_text(std::string_view text) {
  std::string made;
  for (const char c : text) {
    if (is_unreserved(c)) {
      made += c;
    } else if (c == ' ') {
      made += '+';
    } else {
      append_encoded(c, made);
    }
  }
  return made;
}

}  // namespace millrace::transport
