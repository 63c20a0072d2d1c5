#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "io/epoll/epoll_loop.h"

namespace millrace::io {
namespace {

// Bounds the time before other work: a handler takes up to a millisecond for the longest datagram,
// mostly some 50 us.
constexpr int kDatagramsPerTurn = 16;

// No SO_REUSEADDR: with datagrams it would let a second process take the address silently.
Result<int> open_datagram_socket(const SocketAddress& address, size_t kernel_buffer_bytes) {
  if (address.is_unix()) {
    return fail(Code::kInvalidArgument, "a unix socket receives no datagrams here");
  }
  const std::string doing = "receiving datagrams on " + to_text(address);
  const int descriptor =
      ::socket(address.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return fail(system_error(doing, errno));
  if (kernel_buffer_bytes > 0) {
    const int bytes = static_cast<int>(std::min<size_t>(kernel_buffer_bytes, INT32_MAX));
    // The kernel takes less where its limit (net.core.rmem_max) is lower.
    ::setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  }
  const int off = 0;
  if (address.any.sa_family == AF_INET6) {
    ::setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  }
  if (::bind(descriptor, &address.any, address.size) != 0) {
    const Error error = system_error(doing, errno);
    ::close(descriptor);
    return fail(error);
  }
  return descriptor;
}

}  // namespace

EpollDatagramSocket::EpollDatagramSocket(EpollLoop& loop,
                                         std::function<void(const Datagram&)> on_datagram)
    : loop_(loop),
      on_datagram_(std::make_shared<std::function<void(const Datagram&)>>(std::move(on_datagram))) {
  loop_.add(*this);
}

EpollDatagramSocket::~EpollDatagramSocket() {
  loop_.remove(*this);
  close_sockets();
  if (destroyed_ != nullptr) *destroyed_ = true;
}

void EpollDatagramSocket::close_sockets() {
  for (const auto& socket : sockets_) ::close(socket->descriptor);
  sockets_.clear();
}

Status EpollDatagramSocket::open(const DatagramOptions& options) {
  buffer_ = options.buffer;
  auto bound = bind_all(options.host, options.port, [&options](const SocketAddress& address) {
    return open_datagram_socket(address, options.kernel_buffer_bytes);
  });
  if (!bound) return fail(bound.error());
  port_ = bound->port;
  for (const int descriptor : bound->descriptors) {
    sockets_.push_back(std::make_unique<Socket>(*this, descriptor));
    loop_.watch_reading(descriptor, *sockets_.back());
  }
  return {};
}

void EpollDatagramSocket::Socket::collect(uint32_t) {
  waiting = true;
  owner.loop_.enqueue(owner);
}

// A datagram that is left makes the socket due again in the next turn: epoll is level-triggered
// here.
void EpollDatagramSocket::receive_waiting() {
  bool destroyed = false;
  destroyed_ = &destroyed;
  for (size_t i = 0; i < sockets_.size(); ++i) {
    if (!std::exchange(sockets_[i]->waiting, false)) continue;
    for (int count = 0; count < kDatagramsPerTurn; ++count) {
      if (!receive_one(sockets_[i]->descriptor)) break;
      if (destroyed) return;
    }
  }
  destroyed_ = nullptr;
}

// False: none is left. An error of the kernel belongs to a datagram that is gone.
bool EpollDatagramSocket::receive_one(int descriptor) {
  SocketAddress peer;
  iovec into{.iov_base = buffer_.data(), .iov_len = buffer_.size()};
  msghdr message{};
  message.msg_name = &peer.any;
  message.msg_namelen = sizeof(sockaddr_in6);
  message.msg_iov = &into;
  message.msg_iovlen = 1;
  const ssize_t size = ::recvmsg(descriptor, &message, 0);
  if (size < 0) return errno == EINTR;
  peer.size = message.msg_namelen;
  const auto running = on_datagram_;  // the handler may destroy this socket
  (*running)({.bytes = buffer_.first(static_cast<size_t>(size)),
              .is_cut = (message.msg_flags & MSG_TRUNC) != 0,
              .peer = to_text(peer)});
  return true;
}

Result<std::unique_ptr<DatagramSocket>> EpollLoop::receive_datagrams(
    const DatagramOptions& options, std::function<void(const Datagram&)> on_datagram) {
  auto socket = std::make_unique<EpollDatagramSocket>(*this, std::move(on_datagram));
  if (Status opened = socket->open(options); !opened) return fail(opened.error());
  return socket;
}

void EpollLoop::add(EpollDatagramSocket&) { ++datagram_socket_count_; }

void EpollLoop::remove(EpollDatagramSocket& socket) {
  --datagram_socket_count_;
  std::erase(due_datagrams_, &socket);
}

void EpollLoop::watch_reading(int descriptor, Pollable& by) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &by;
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event);
}

void EpollLoop::enqueue(EpollDatagramSocket& socket) {
  if (std::ranges::find(due_datagrams_, &socket) == due_datagrams_.end()) {
    due_datagrams_.push_back(&socket);
  }
}

void EpollLoop::receive_waiting() {
  while (!due_datagrams_.empty()) {
    EpollDatagramSocket* socket = due_datagrams_.back();
    due_datagrams_.pop_back();
    socket->receive_waiting();
  }
}

}  // namespace millrace::io
