#include "io/address.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>

namespace millrace::io {

namespace {
constexpr std::string_view kUnixScheme = "unix:";
}  // namespace

bool is_unix_host(std::string_view host) {
  return host.starts_with(kUnixScheme) && host.substr(kUnixScheme.size()).starts_with('/');
}

std::string_view unix_path_of(std::string_view host) { return host.substr(kUnixScheme.size()); }

std::string format_address(std::string_view host, uint16_t port) {
  if (is_unix_host(host)) return std::string(host);
  std::string text;
  const bool bracket = host.find(':') != std::string_view::npos;
  if (bracket) text += '[';
  text += host;
  if (bracket) text += ']';
  text += ':';
  text += std::to_string(port);
  return text;
}

std::optional<HostPort> parse_address(std::string_view text) {
  if (is_unix_host(text)) return HostPort{std::string(text), 0};
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  const bool opened = host.starts_with('[');
  if (opened != host.ends_with(']')) return std::nullopt;
  if (opened) host = host.substr(1, host.size() - 2);
  if (host.find_first_of(opened ? "[]" : "[]:") != std::string_view::npos) return std::nullopt;
  if (is_unix_host(host)) return std::nullopt;  // a path has neither brackets nor a port
  return HostPort{std::string(host), port};
}

bool is_numeric_host(const std::string& host) {
  in6_addr parsed;
  return inet_pton(AF_INET, host.c_str(), &parsed) == 1 ||
         inet_pton(AF_INET6, host.c_str(), &parsed) == 1;
}

namespace {
constexpr size_t kIpv6PrefixBytes = 8;
constexpr std::string_view kMappedIpv4 = "::ffff:";
}  // namespace

std::string peer_group(std::string_view peer_address) {
  const std::string_view host = peer_address.substr(0, peer_address.rfind(':'));
  if (!host.starts_with('[') || !host.ends_with(']')) return std::string(host);
  const std::string inside(host.substr(1, host.size() - 2));
  if (inside.starts_with(kMappedIpv4) && inside.contains('.')) {
    return inside.substr(kMappedIpv4.size());
  }
  std::array<char, 16> address{};
  if (::inet_pton(AF_INET6, inside.substr(0, inside.find('%')).c_str(), address.data()) != 1) {
    return inside;
  }
  return {address.data(), kIpv6PrefixBytes};
}

}  // namespace millrace::io
