#include "io/epoll/socket.h"

#include <netdb.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "io/address.h"

namespace millrace::io {

namespace {

constexpr int kBacklog = 4096;

Code code_of(int error_number) {
  switch (error_number) {
    case EACCES:
    case EPERM:
      return Code::kPermissionDenied;
    case EADDRINUSE:
      return Code::kAlreadyExists;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
      return Code::kResourceExhausted;
    case EINVAL:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
      return Code::kInvalidArgument;
    default:
      return Code::kUnavailable;
  }
}

SocketAddress any_address(int family, uint16_t port) {
  SocketAddress address;
  address.any.sa_family = static_cast<sa_family_t>(family);
  address.size = family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  address.set_port(port);
  return address;
}

bool ipv6_exists() {
  const int descriptor = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor >= 0) ::close(descriptor);
  return descriptor >= 0;
}

}  // namespace

void SocketAddress::set_port(uint16_t port) {
  if (any.sa_family == AF_INET6) {
    v6.sin6_port = htons(port);
  } else {
    v4.sin_port = htons(port);
  }
}

Error system_error(std::string_view doing, int error_number) {
  char buffer[128];
  // The GNU variant of strerror_r, which returns the text.
  return Error{code_of(error_number),
               std::string(doing) + ": " + ::strerror_r(error_number, buffer, sizeof buffer)};
}

std::string to_text(const SocketAddress& address) {
  SocketAddress shown = address;
  if (address.any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&address.v6.sin6_addr)) {
    shown = any_address(AF_INET, address.port());
    std::memcpy(&shown.v4.sin_addr, address.v6.sin6_addr.s6_addr + 12, 4);
  }
  char host[NI_MAXHOST];
  if (::getnameinfo(&shown.any, shown.size, host, sizeof host, nullptr, 0, NI_NUMERICHOST) != 0) {
    return "unknown";
  }
  return format_address(host, shown.port());
}

Result<SocketAddress> to_socket_address(const std::string& text) {
  const auto parsed = parse_address(text);
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (!parsed || parsed->host.empty() ||
      ::getaddrinfo(parsed->host.c_str(), nullptr, &hints, &found) != 0) {
    return fail(Code::kInvalidArgument, "\"" + text + "\" is not an address and port");
  }
  SocketAddress address;
  std::memcpy(&address.any, found->ai_addr, found->ai_addrlen);
  address.size = found->ai_addrlen;
  address.set_port(parsed->port);
  ::freeaddrinfo(found);
  return address;
}

Result<std::vector<SocketAddress>> addresses_to_bind(const std::string& host, uint16_t port) {
  if (host.empty()) return std::vector{any_address(ipv6_exists() ? AF_INET6 : AF_INET, port)};
  if (host == "localhost") {
    std::vector<SocketAddress> both = {*to_socket_address(format_address("127.0.0.1", port))};
    if (ipv6_exists()) both.push_back(*to_socket_address(format_address("::1", port)));
    return both;
  }
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found); error != 0) {
    return fail(Code::kInvalidArgument,
                "cannot listen on \"" + host + "\": " + ::gai_strerror(error));
  }
  SocketAddress address;
  std::memcpy(&address.any, found->ai_addr, found->ai_addrlen);
  address.size = found->ai_addrlen;
  address.set_port(port);
  ::freeaddrinfo(found);
  return std::vector{address};
}

Result<int> open_listening_socket(const SocketAddress& address, const ListenOptions& options) {
  const std::string doing = "listening on " + to_text(address);
  const int descriptor =
      ::socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return fail(system_error(doing, errno));
  const int on = 1, off = 0;
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (options.share_port && options.placement == nullptr) {
    ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  }
  // Accepted sockets inherit the option, which saves a system call for each.
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (address.any.sa_family == AF_INET6) {
    ::setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  }
  if (::bind(descriptor, &address.any, address.size) != 0 || ::listen(descriptor, kBacklog) != 0) {
    const Error error = system_error(doing, errno);
    ::close(descriptor);
    return fail(error);
  }
  return descriptor;
}

SocketAddress local_address_of(int descriptor) {
  SocketAddress address;
  address.size = sizeof(sockaddr_in6);
  if (::getsockname(descriptor, &address.any, &address.size) != 0) return SocketAddress();
  return address;
}

Result<uint16_t> bound_port(int descriptor) { return local_address_of(descriptor).port(); }

}  // namespace millrace::io
