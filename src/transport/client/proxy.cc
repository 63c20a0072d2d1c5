#include "transport/client/proxy.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <vector>

#include "base/url_text.h"
#include "http/grpc_wire.h"

namespace millrace::transport {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string lowered(std::string_view text) {
  std::string made(text);
  std::ranges::transform(made, made.begin(), lower);
  return made;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// An IP address as 16 bytes, IPv4 mapped into IPv6; nothing: it is a name.
using IpAddress = std::array<uint8_t, 16>;
std::optional<IpAddress> parse_ip(std::string_view text) {
  const std::string host(text);
  IpAddress bytes{};
  in_addr v4;
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) {
    bytes[10] = bytes[11] = 0xff;
    std::copy_n(reinterpret_cast<const uint8_t*>(&v4), 4, bytes.begin() + 12);
    return bytes;
  }
  if (::inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1) return bytes;
  return std::nullopt;
}

bool is_v4(const IpAddress& ip) {
  return ip[10] == 0xff && ip[11] == 0xff &&
         std::all_of(ip.begin(), ip.begin() + 10, [](uint8_t byte) { return byte == 0; });
}

bool is_loopback(const IpAddress& ip) {
  if (is_v4(ip)) return ip[12] == 127;
  return std::all_of(ip.begin(), ip.begin() + 15, [](uint8_t byte) { return byte == 0; }) &&
         ip[15] == 1;
}

// "10.0.0.0/8"; nothing: it is no network.
std::optional<bool> is_in_network(std::string_view network, const std::optional<IpAddress>& ip) {
  const size_t slash = network.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto base = parse_ip(network.substr(0, slash));
  const std::string_view digits = network.substr(slash + 1);
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (!base || error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  if (bits > (is_v4(*base) ? 32U : 128U)) return std::nullopt;
  if (!ip || is_v4(*base) != is_v4(*ip)) return false;
  if (is_v4(*base)) bits += 96;
  for (unsigned i = 0; i < bits; ++i) {
    const auto mask = static_cast<uint8_t>(0x80U >> (i % 8));
    if ((((*base)[i / 8] ^ (*ip)[i / 8]) & mask) != 0) return false;
  }
  return true;
}

struct HostAndPort {
  std::string_view host;
  std::string_view port;  // empty: none
};

// "host:port", "[::1]:port", or all of it as the host.
HostAndPort split_port(std::string_view text) {
  const size_t colon = text.rfind(':');
  const bool bracketed = text.starts_with('[');
  const size_t close = text.find(']');
  if (bracketed && close != std::string_view::npos && close + 1 == colon) {
    return {text.substr(1, close - 1), text.substr(colon + 1)};
  }
  if (bracketed && close + 1 == text.size()) return {text.substr(1, close - 1), {}};
  if (colon == std::string_view::npos || text.find(':') != colon) return {text, {}};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

// One entry of NO_PROXY; `host` is lower case.
bool matches(std::string_view entry, std::string_view host, std::string_view port,
             const std::optional<IpAddress>& ip) {
  if (entry == "*") return true;
  if (const auto in_network = is_in_network(entry, ip)) return *in_network;
  const HostAndPort wanted = split_port(entry);
  if (wanted.host.empty() || (!wanted.port.empty() && wanted.port != port)) return false;
  if (const auto wanted_ip = parse_ip(wanted.host)) return ip && *ip == *wanted_ip;
  std::string_view name = wanted.host;
  if (name.starts_with("*.")) name.remove_prefix(1);
  if (name.starts_with('.')) return host.ends_with(name);
  return host == name || host.ends_with("." + std::string(name));
}

std::unexpected<Error> bad(std::string_view text, std::string_view why) {
  return fail(Code::kInvalidArgument, "expected a proxy like http://proxy.example:3128, found \"" +
                                          hide_url_secrets(text) + "\"" + std::string(why));
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string made;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      made += text[i];
      continue;
    }
    unsigned byte = 0;
    const std::string_view digits = text.substr(i + 1, 2);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (digits.size() != 2 || error != std::errc() || end != digits.data() + 2) return {};
    made += static_cast<char>(byte);
    i += 2;
  }
  return made;
}

// RFC 7617, section 2.
std::string basic_credentials(std::string_view user, std::string_view password) {
  return "Basic " + http::encode_padded_base64(std::string(user) + ":" + std::string(password));
}

}  // namespace

Result<Proxy> parse_proxy_url(std::string_view text) {
  std::string_view rest = text;
  const size_t mark = rest.find("://");
  if (mark != std::string_view::npos) {
    const std::string scheme = lowered(rest.substr(0, mark));
    if (scheme == "https" || scheme == "socks5" || scheme == "socks5h") {
      return bad(text, "; proxies that speak " + scheme + " are not in this version");
    }
    if (scheme != "http") return bad(text, "");
    rest.remove_prefix(mark + 3);
  }
  rest = rest.substr(0, rest.find_first_of("/?#"));
  Proxy proxy;
  if (const size_t at = rest.rfind('@'); at != std::string_view::npos) {
    const std::string_view user = rest.substr(0, at);
    const size_t colon = std::min(user.find(':'), user.size());
    const auto name = percent_decoded(user.substr(0, colon));
    const auto password = percent_decoded(user.substr(std::min(colon + 1, user.size())));
    if (!name || !password) return bad(text, "; the user is not percent-encoded correctly");
    proxy.authorization = basic_credentials(*name, *password);
    rest.remove_prefix(at + 1);
  }
  const HostAndPort parts = split_port(rest);
  const bool is_host = !parts.host.empty() && std::ranges::none_of(parts.host, [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '[' || c == ']' || c == '\x7f';
  });
  if (!is_host || (parts.host.contains(':') && !parse_ip(parts.host))) return bad(text, "");
  proxy.host = parts.host;
  proxy.port = 80;
  if (!parts.port.empty() || rest.ends_with(':')) {
    const auto [end, error] =
        std::from_chars(parts.port.data(), parts.port.data() + parts.port.size(), proxy.port);
    if (error != std::errc() || end != parts.port.data() + parts.port.size() || proxy.port == 0) {
      return bad(text, "; the port must be from 1 to 65535");
    }
  }
  return proxy;
}

ProxyEnvironment read_proxy_environment(const std::function<std::string(const char* name)>& get) {
  const auto either = [&](const char* upper_case, const char* lower_case) {
    std::string value = get(upper_case);
    return value.empty() ? get(lower_case) : value;
  };
  return {.http_proxy = either("HTTP_PROXY", "http_proxy"),
          .https_proxy = either("HTTPS_PROXY", "https_proxy"),
          .no_proxy = either("NO_PROXY", "no_proxy")};
}

ProxyEnvironment read_proxy_environment() {
  return read_proxy_environment([](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  });
}

bool is_exempt(std::string_view no_proxy, std::string_view host, uint16_t port) {
  const std::string name = lowered(host);
  const std::optional<IpAddress> ip = parse_ip(name);
  if (name == "localhost" || (ip && is_loopback(*ip))) return true;
  const std::string port_text = std::to_string(port);
  while (!no_proxy.empty()) {
    const size_t comma = std::min(no_proxy.find(','), no_proxy.size());
    const std::string entry = lowered(trimmed(no_proxy.substr(0, comma)));
    if (!entry.empty() && matches(entry, name, port_text, ip)) return true;
    no_proxy.remove_prefix(std::min(comma + 1, no_proxy.size()));
  }
  return false;
}

Result<std::optional<Proxy>> proxy_for(const ProxyEnvironment& environment, ProxiedScheme scheme,
                                       std::string_view host, uint16_t port) {
  const bool is_https = scheme == ProxiedScheme::kHttps;
  const std::string& url = is_https ? environment.https_proxy : environment.http_proxy;
  if (url.empty() || is_exempt(environment.no_proxy, host, port)) return std::nullopt;
  Result<Proxy> proxy = parse_proxy_url(url);
  if (!proxy) {
    return fail(proxy.error().code, std::string(is_https ? "HTTPS_PROXY" : "HTTP_PROXY") +
                                        " in the environment: " + proxy.error().message);
  }
  return std::optional<Proxy>(std::move(*proxy));
}

}  // namespace millrace::transport
