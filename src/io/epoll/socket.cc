#include "io/epoll/socket.h"

#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
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
  if (is_unix()) return;
  if (any.sa_family == AF_INET6) {
    v6.sin6_port = htons(port);
  } else {
    v4.sin_port = htons(port);
  }
}

std::string SocketAddress::path() const {
  const size_t room = size - std::min<size_t>(size, offsetof(sockaddr_un, sun_path));
  return {local.sun_path, ::strnlen(local.sun_path, room)};
}

Error system_error(std::string_view doing, int error_number) {
  char buffer[128];
  // The GNU variant of strerror_r, which returns the text.
  return Error{code_of(error_number),
               std::string(doing) + ": " + ::strerror_r(error_number, buffer, sizeof buffer)};
}

std::string to_text(const SocketAddress& address) {
  if (address.is_unix()) return "unix:" + address.path();
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

namespace {

Result<SocketAddress> to_unix_address(std::string_view path) {
  SocketAddress address;
  // The terminating zero belongs to it.
  if (path.size() >= sizeof address.local.sun_path) {
    return fail(Code::kInvalidArgument, "the path of a unix socket has at most " +
                                            std::to_string(sizeof address.local.sun_path - 1) +
                                            " bytes, found " + std::to_string(path.size()) +
                                            " in \"" + std::string(path) + "\"");
  }
  address.local.sun_family = AF_UNIX;
  std::ranges::copy(path, address.local.sun_path);
  address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return address;
}

// A process that was killed leaves its socket behind, which would keep the next one from listening.
bool removed_abandoned_socket(const SocketAddress& address) {
  const std::string path = address.path();
  struct stat found{};
  if (::lstat(path.c_str(), &found) != 0 || !S_ISSOCK(found.st_mode)) return false;
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (probe < 0) return false;
  const bool is_abandoned =
      ::connect(probe, &address.any, address.size) != 0 && errno == ECONNREFUSED;
  ::close(probe);
  return is_abandoned && ::unlink(path.c_str()) == 0;
}

}  // namespace

Result<SocketAddress> to_socket_address(const std::string& text) {
  if (is_unix_host(text)) return to_unix_address(unix_path_of(text));
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
  if (is_unix_host(host)) {
    auto address = to_unix_address(unix_path_of(host));
    if (!address) return fail(std::move(address.error()));
    return std::vector{*address};
  }
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
  bool is_bound = ::bind(descriptor, &address.any, address.size) == 0;
  if (!is_bound && errno == EADDRINUSE && address.is_unix()) {
    is_bound =
        removed_abandoned_socket(address) && ::bind(descriptor, &address.any, address.size) == 0;
    if (!is_bound) errno = EADDRINUSE;
  }
  if (!is_bound || ::listen(descriptor, kBacklog) != 0) {
    const Error error = system_error(doing, errno);
    ::close(descriptor);
    return fail(error);
  }
  return descriptor;
}

SocketAddress local_address_of(int descriptor) {
  SocketAddress address;
  address.size = sizeof(sockaddr_un);
  if (::getsockname(descriptor, &address.any, &address.size) != 0) return SocketAddress();
  return address;
}

SocketAddress peer_address_of(int descriptor) {
  SocketAddress address;
  address.size = sizeof(sockaddr_un);
  // Fails when the peer has already closed; the first read reports that.
  static_cast<void>(::getpeername(descriptor, &address.any, &address.size));
  return address.is_unix() ? local_address_of(descriptor) : address;
}

Result<uint16_t> bound_port(int descriptor) { return local_address_of(descriptor).port(); }

namespace {

constexpr int kPortAttempts = 16;  // to find a port that is free on both 127.0.0.1 and ::1

// The sockets that were opened so far stay in `into` on failure.
Status try_bind_all(const std::string& host, uint16_t port,
                    const std::function<Result<int>(const SocketAddress&)>& open,
                    BoundSockets& into) {
  auto addresses = addresses_to_bind(host, port);
  if (!addresses) return fail(addresses.error());
  for (size_t i = 0; i < addresses->size(); ++i) {
    SocketAddress& address = (*addresses)[i];
    if (i > 0) address.set_port(into.port);
    auto descriptor = open(address);
    // bind reports when IPv6 is compiled in but disabled.
    const bool without_ipv6 = !descriptor && descriptor.error().code == Code::kInvalidArgument &&
                              address.any.sa_family == AF_INET6;
    if (without_ipv6 && i > 0) continue;
    if (without_ipv6 && host.empty()) {
      descriptor = open(*to_socket_address("0.0.0.0:" + std::to_string(port)));
    }
    if (!descriptor) return fail(descriptor.error());
    into.descriptors.push_back(*descriptor);
    if (i == 0) into.port = *bound_port(*descriptor);
  }
  return {};
}

}  // namespace

Result<BoundSockets> bind_all(const std::string& host, uint16_t port,
                              const std::function<Result<int>(const SocketAddress&)>& open) {
  for (int attempt = 1;; ++attempt) {
    BoundSockets bound;
    const Status opened = try_bind_all(host, port, open, bound);
    if (opened) return bound;
    for (const int descriptor : bound.descriptors) ::close(descriptor);
    // Port 0 on two addresses: the port chosen for the first may be in use on the second.
    if (port != 0 || bound.descriptors.size() != 1 || attempt == kPortAttempts) {
      return fail(opened.error());
    }
  }
}

}  // namespace millrace::io
