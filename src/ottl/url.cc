#include "ottl/url.h"

#include <algorithm>

#include "wire/utf8.h"

namespace millrace::ottl {
namespace {

bool is_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_control(char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7f; }

// Writes the characters that a path or a fragment cannot have as escapes.
void append_escaped(std::string_view text, std::string* out) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte < 0x80 && !std::string_view(" \"<>\\^`{|}").contains(c)) {
      *out += c;
    } else {
      *out += '%';
      *out += kDigits[byte >> 4];
      *out += kDigits[byte & 15];
    }
  }
}

class UrlReader {
 public:
  explicit UrlReader(std::string_view text) : rest_(text) {}

  std::optional<Url> run();

 private:
  bool read_scheme();
  bool read_authority(std::string_view authority);
  bool read_user(std::string_view user_info);
  bool read_host(std::string_view host);
  // The text behind the first `separator`; empty when there is none.
  std::string_view cut_behind(char separator) {
    const size_t at = rest_.find(separator);
    if (at == std::string_view::npos) return {};
    const std::string_view behind = rest_.substr(at + 1);
    rest_ = rest_.substr(0, at);
    return behind;
  }

  std::string_view rest_;
  Url url_;
};

// False when a ":" stands where a scheme should be.
bool UrlReader::read_scheme() {
  for (size_t i = 0; i < rest_.size(); i++) {
    const char c = rest_[i];
    if (is_letter(c)) continue;
    if (i > 0 && (is_digit(c) || c == '+' || c == '-' || c == '.')) continue;
    if (c != ':') return true;
    if (i == 0) return false;
    for (const char letter : rest_.substr(0, i)) {
      url_.scheme += static_cast<char>(is_letter(letter) ? letter | 0x20 : letter);
    }
    rest_.remove_prefix(i + 1);
    return true;
  }
  return true;
}

bool UrlReader::read_user(std::string_view user_info) {
  const bool is_valid = std::ranges::all_of(user_info, [](char c) {
    return is_letter(c) || is_digit(c) || std::string_view("-._:~!$&'()*+,;=%@").contains(c);
  });
  if (!is_valid) return false;
  url_.user_info = user_info;
  const size_t colon = user_info.find(':');
  auto user = unescape_text(user_info.substr(0, colon), UrlPart::kPath);
  if (!user) return false;
  url_.user = std::move(*user);
  if (colon == std::string_view::npos) return true;
  url_.password = unescape_text(user_info.substr(colon + 1), UrlPart::kPath);
  return url_.password.has_value();
}

bool UrlReader::read_host(std::string_view host) {
  std::string_view port;
  if (host.starts_with('[')) {
    const size_t end = host.rfind(']');
    if (end == std::string_view::npos) return false;
    port = host.substr(end + 1);
    if (!port.empty() && port[0] != ':') return false;
    host = host.substr(1, end - 1);
  } else if (const size_t colon = host.rfind(':'); colon != std::string_view::npos) {
    port = host.substr(colon);
    host = host.substr(0, colon);
  }
  if (!port.empty()) port.remove_prefix(1);
  if (!std::ranges::all_of(port, is_digit)) return false;
  if (std::ranges::any_of(host, [](char c) { return std::string_view(" \\^`{|}%").contains(c); })) {
    return false;
  }
  url_.host = host;
  url_.port = port;
  return true;
}

bool UrlReader::read_authority(std::string_view authority) {
  const size_t at = authority.rfind('@');
  if (at == std::string_view::npos) return read_host(authority);
  return read_user(authority.substr(0, at)) && read_host(authority.substr(at + 1));
}

std::optional<Url> UrlReader::run() {
  if (std::ranges::any_of(rest_, is_control)) return std::nullopt;
  const std::string_view fragment = cut_behind('#');
  if (!read_scheme()) return std::nullopt;
  const bool has_query = rest_.contains('?');
  const std::string_view query = cut_behind('?');
  url_.text = url_.scheme.empty() ? "" : url_.scheme + ":";
  std::string_view path = rest_;
  const bool has_authority =
      rest_.starts_with("//") && (!url_.scheme.empty() || !rest_.starts_with("///"));
  if (has_authority) {
    const size_t end = std::min(rest_.find('/', 2), rest_.size());
    if (!read_authority(rest_.substr(2, end - 2))) return std::nullopt;
    const bool is_empty = end == 2 && rest_.size() == 2;
    if (!is_empty) url_.text += rest_.substr(0, end);
    path = rest_.substr(end);
  } else if (!rest_.starts_with('/') && url_.scheme.empty()) {
    const std::string_view segment = rest_.substr(0, rest_.find('/'));
    if (segment.contains(':')) return std::nullopt;
  }
  append_escaped(path, &url_.text);
  const bool is_opaque = !url_.scheme.empty() && !rest_.starts_with('/');
  const auto plain_path = unescape_text(is_opaque ? "" : path, UrlPart::kPath);
  const auto plain_fragment = unescape_text(fragment, UrlPart::kPath);
  if (!plain_path || !plain_fragment) return std::nullopt;
  url_.path = *plain_path;
  url_.fragment = *plain_fragment;
  url_.query = query;
  if (has_query) url_.text += "?" + url_.query;
  if (!fragment.empty()) {
    url_.text += '#';
    append_escaped(fragment, &url_.text);
  }
  return std::move(url_);
}

}  // namespace

std::optional<std::string> unescape_text(std::string_view text, UrlPart part) {
  auto plain = unescape_url(text, part);
  if (plain && !wire::is_utf8(*plain)) return std::nullopt;
  return plain;
}

std::optional<Url> parse_url(std::string_view text) { return UrlReader(text).run(); }

}  // namespace millrace::ottl
