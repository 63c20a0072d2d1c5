// Which proxy a client uses, as Go decides it (golang.org/x/net/http/httpproxy): from a URL that is
// configured, or from HTTP_PROXY, HTTPS_PROXY and NO_PROXY in the environment (either case). Pure
// functions but for read_proxy_environment().
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace millrace::transport {

struct Proxy {
  std::string host;  // without brackets
  uint16_t port = 0;
  std::string authorization;  // the value of Proxy-Authorization, a secret; empty: none
  friend bool operator==(const Proxy&, const Proxy&) = default;
};

// "http://user:password@host:port", "host:port"; the port is 80 where none is given. Errors are
// kInvalidArgument and show no password. Proxies over TLS or SOCKS are refused.
Result<Proxy> parse_proxy_url(std::string_view text);

struct ProxyEnvironment {
  std::string http_proxy;   // for http URLs
  std::string https_proxy;  // for https URLs and gRPC
  std::string no_proxy;
};
// `get` returns the value of an environment variable, or an empty text.
ProxyEnvironment read_proxy_environment(const std::function<std::string(const char* name)>& get);
// From the environment of the process; call before other threads may change it.
ProxyEnvironment read_proxy_environment();

// Whether NO_PROXY, or being the own machine, keeps a connection from going through a proxy.
bool is_exempt(std::string_view no_proxy, std::string_view host, uint16_t port);

enum class ProxiedScheme : uint8_t { kHttp, kHttps };
// Nothing: none. An error names the variable.
Result<std::optional<Proxy>> proxy_for(const ProxyEnvironment& environment, ProxiedScheme scheme,
                                       std::string_view host, uint16_t port);

}  // namespace millrace::transport
