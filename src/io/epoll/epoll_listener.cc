#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "io/epoll/epoll_loop.h"

namespace millrace::io {

namespace {
// Bounds the time before the streams are called: about 15 us each, 10 more where another connection
// is evicted. Not fewer: the kernel's queue is in order of arrival, so a flood delays peers.
constexpr int kAcceptsPerTurn = 64;
constexpr Duration kSuspension = 100ms;

// Errors of one connection only, such as one that was closed before it was accepted.
bool concerns_one_connection(int error_number) {
  switch (error_number) {
    case ECONNABORTED:
    case EPERM:
    case EPROTO:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
    case ETIMEDOUT:
    case EINTR:
      return true;
    default:
      return false;
  }
}
}  // namespace

EpollListener::EpollListener(EpollLoop& loop,
                             std::function<void(std::unique_ptr<Stream>)> on_accept)
    : loop_(loop),
      on_accept_(
          std::make_shared<std::function<void(std::unique_ptr<Stream>)>>(std::move(on_accept))) {
  ++loop_.listener_count_;
}

EpollListener::~EpollListener() {
  --loop_.listener_count_;
  std::erase(loop_.due_listeners_, this);
  if (placement_ != nullptr) {
    placement_->leave(member_);
    *self_ = nullptr;
  }
  close_sockets();
  if (destroyed_ != nullptr) *destroyed_ = true;
}

void EpollListener::close_sockets() {
  for (const auto& socket : sockets_) {
    const SocketAddress address = local_address_of(socket->descriptor);
    ::close(socket->descriptor);
    if (address.is_unix()) ::unlink(address.path().c_str());
  }
  sockets_.clear();
}

Status EpollListener::open(const ListenOptions& options) {
  // The first member accepts for all. With a socket for each (SO_REUSEPORT) a second process of the
  // same user could listen on the address unnoticed.
  on_no_descriptor_ = options.on_no_descriptor;
  const bool accepts = options.placement == nullptr || options.placement->is_empty();
  if (options.placement != nullptr) join(options.placement);
  if (!accepts) {
    port_ = options.port;
    return {};
  }
  auto bound = bind_all(options.host, options.port, [&options](const SocketAddress& address) {
    return open_listening_socket(address, options);
  });
  if (!bound) return fail(bound.error());
  for (const int descriptor : bound->descriptors) {
    sockets_.push_back(std::make_unique<Socket>(*this, descriptor));
  }
  port_ = bound->port;
  resume_timer_ = loop_.make_timer([this] {
    suspended_ = false;
    apply_pausing();
  });
  apply_pausing();
  return {};
}

void EpollListener::apply_pausing() {
  if (registered_ == accepting()) return;
  for (const auto& socket : sockets_) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = static_cast<Pollable*>(socket.get());
    ::epoll_ctl(loop_.epoll_, accepting() ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, socket->descriptor,
                &event);
  }
  registered_ = accepting();
}

void EpollListener::pause() {
  paused_ = true;
  apply_pausing();
}

void EpollListener::resume() {
  paused_ = false;
  apply_pausing();
}

void EpollListener::suspend(int error_number) {
  suspended_ = true;
  apply_pausing();
  resume_timer_->arm_at(loop_.now() + kSuspension);
  loop_.report("accept suspended", system_error("accepting a connection", error_number));
}

bool EpollListener::frees_descriptor(int error_number) const {
  const bool none_left = error_number == EMFILE || error_number == ENFILE;
  return none_left && on_no_descriptor_ && on_no_descriptor_();
}

void EpollListener::Socket::collect(uint32_t) {
  waiting = true;
  std::vector<EpollListener*>& due = listener.loop_.due_listeners_;
  if (std::find(due.begin(), due.end(), &listener) == due.end()) due.push_back(&listener);
}

void EpollListener::join(std::shared_ptr<Placement> placement) {
  placement_ = std::move(placement);
  self_ = std::make_shared<EpollListener*>(this);
  member_ = placement_->join([loop = &loop_, self = self_](Placement::Socket socket,
                                                           Placement::OpenConnection connection) {
    loop->run_here(
        [self, socket = std::move(socket), connection = std::move(connection)]() mutable {
          if (*self != nullptr) (*self)->take_over(socket.take(), std::move(connection));
        });
  });
}

void EpollListener::take_over(int descriptor, Placement::OpenConnection connection) {
  const SocketAddress peer = peer_address_of(descriptor);
  const auto on_accept = on_accept_;
  (*on_accept)(std::make_unique<EpollStream>(loop_, descriptor, peer, std::move(connection)));
}

void EpollListener::accept_waiting() {
  bool destroyed = false;
  destroyed_ = &destroyed;
  for (size_t i = 0; i < sockets_.size(); ++i) {
    Socket& socket = *sockets_[i];
    if (!std::exchange(socket.waiting, false)) continue;
    for (int accepted = 0; accepted < kAcceptsPerTurn && accepting();) {
      const int descriptor =
          ::accept4(socket.descriptor, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (descriptor < 0) {
        if (concerns_one_connection(errno)) continue;
        const int error_number = errno;
        if (error_number == EAGAIN || error_number == EWOULDBLOCK) break;
        if (!frees_descriptor(error_number)) suspend(error_number);
        break;
      }
      ++accepted;
      if (placement_ != nullptr) {
        placement_->place(Placement::Socket(descriptor), member_);
      } else {
        take_over(descriptor, nullptr);
      }
      if (destroyed) return;
    }
  }
  destroyed_ = nullptr;
}

}  // namespace millrace::io
