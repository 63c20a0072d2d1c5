// Wrappers of the socket system calls that the loop uses.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/loop.h"

namespace millrace::io {

struct SocketAddress {
  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
    sockaddr_un local;
  };
  socklen_t size = 0;
  SocketAddress() : local{} {}
  bool is_unix() const { return any.sa_family == AF_UNIX; }
  // 0 for a unix socket, which has none.
  uint16_t port() const {
    if (is_unix()) return 0;
    return ntohs(any.sa_family == AF_INET6 ? v6.sin6_port : v4.sin_port);
  }
  void set_port(uint16_t port);
  // The path of a unix socket; empty when the socket has no name.
  std::string path() const;
};

// Returns "doing: Connection refused" with the matching canonical code.
Error system_error(std::string_view doing, int error_number);
// Formats "10.0.0.1:4317"; an IPv4 address mapped into IPv6 is formatted as IPv4.
std::string to_text(const SocketAddress& address);
// Parses "10.0.0.1:4317", "[::1]:4317" or "unix:/run/a.sock"; never asks a name server.
Result<SocketAddress> to_socket_address(const std::string& text);
// The addresses that a listener on `host` must bind, as ListenOptions defines. A name is looked up,
// which blocks.
Result<std::vector<SocketAddress>> addresses_to_bind(const std::string& host, uint16_t port);
// Opens a bound, listening, non-blocking socket.
Result<int> open_listening_socket(const SocketAddress& address, const ListenOptions& options);
Result<uint16_t> bound_port(int descriptor);
struct BoundSockets {
  std::vector<int> descriptors;
  uint16_t port = 0;
};
// One socket for each address of `host`, all with one port, each opened by `open`. Port 0: one that
// is free on all of them. Addresses of IPv6 are left out where the system has it switched off; an
// empty host is then 0.0.0.0. On failure none stays open.
Result<BoundSockets> bind_all(const std::string& host, uint16_t port,
                              const std::function<Result<int>(const SocketAddress&)>& open);
SocketAddress local_address_of(int descriptor);
// The peer of an accepted socket. A client of a unix socket has no name; the address is then the
// listener's.
SocketAddress peer_address_of(int descriptor);

}  // namespace millrace::io
