#include <netinet/tcp.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "base/check.h"
#include "io/epoll/epoll_loop.h"

namespace millrace::io {

namespace {
constexpr uint8_t kRead = static_cast<uint8_t>(Interest::kRead);
constexpr uint8_t kWrite = static_cast<uint8_t>(Interest::kWrite);

int take_socket_error(int descriptor) {
  int error_number = 0;
  socklen_t size = sizeof error_number;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error_number, &size) != 0) return errno;
  return error_number;
}
}  // namespace

EpollStream::EpollStream(EpollLoop& loop, const Address& address)
    : loop_(loop), phase_(Phase::kConnecting) {
  ++loop_.stream_count_;
  start_connecting(address);
}

EpollStream::EpollStream(EpollLoop& loop, int descriptor, const SocketAddress& peer,
                         Placement::OpenConnection connection)
    : loop_(loop),
      open_connection_(std::move(connection)),
      descriptor_(descriptor),
      ready_(kWrite),
      peer_(peer) {
  ++loop_.stream_count_;
  register_descriptor();
}

EpollStream::~EpollStream() {
  --loop_.stream_count_;
  loop_.forget(this);
  if (descriptor_ >= 0) ::close(descriptor_);
}

void EpollStream::start_connecting(const Address& address) {
  const std::string doing = "connecting to " + address.text;
  auto target = to_socket_address(address.text);
  if (!target) return fail_with(target.error());
  peer_ = *target;
  descriptor_ = ::socket(peer_.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor_ < 0) return fail_with(system_error(doing, errno));
  const int on = 1;
  ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(descriptor_, &peer_.any, peer_.size) != 0 && errno != EINPROGRESS &&
      errno != EINTR) {
    return fail_with(system_error(doing, errno));
  }
  register_descriptor();
}

void EpollStream::register_descriptor() {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = static_cast<Pollable*>(this);
  if (::epoll_ctl(loop_.epoll_, EPOLL_CTL_ADD, descriptor_, &event) != 0) {
    fail_with(system_error("watching a socket", errno));
  }
}

void EpollStream::fail_with(Error error) {
  broken_ = true;
  hung_up_ = true;
  ready_ = kRead | kWrite;
  error_ = std::move(error);
  enqueue_if_due();
}

void EpollStream::collect(uint32_t events) {
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
    hung_up_ = true;
    peer_finished_ = true;
    ready_ = kRead | kWrite;
  }
  if ((events & EPOLLIN) != 0) ready_ |= kRead;
  if ((events & EPOLLOUT) != 0) ready_ |= kWrite;
  if ((events & EPOLLRDHUP) != 0) {
    peer_finished_ = true;
    ready_ |= kRead;
  }
  enqueue_if_due();
}

bool EpollStream::is_due() const {
  if (handler_ == nullptr) return false;
  switch (phase_) {
    case Phase::kConnecting:
      return broken_ || ready_ != 0;
    case Phase::kOpen:
      return (ready_ & interest_) != 0 || (hung_up_ && interest_ == 0);
    case Phase::kFailed:
      return false;
  }
  return false;
}

void EpollStream::enqueue_if_due() {
  if (!queued_ && is_due()) loop_.enqueue(this);
}

void EpollStream::set_handler(StreamHandler* handler) {
  handler_ = handler;
  enqueue_if_due();
}

void EpollStream::set_interest(Interest interest) {
  interest_ = static_cast<uint8_t>(interest);
  enqueue_if_due();
}

// Called when a connection attempt has ended: it succeeded, or broken_ is set.
void EpollStream::finish_connecting() {
  const int error_number = broken_ ? 0 : take_socket_error(descriptor_);
  if (error_number != 0) {
    broken_ = true;
    error_ = system_error("connecting to " + peer_address(), error_number);
  }
  phase_ = broken_ ? Phase::kFailed : Phase::kOpen;
}

void EpollStream::call() {
  if (!is_due()) return;
  if (phase_ == Phase::kConnecting) {
    finish_connecting();
    // The end of an attempt is reported whatever the interest is.
    if (phase_ == Phase::kOpen) return handler_->on_ready(Interest::kWrite);
    return handler_->on_failed(error_);
  }
  const auto wanted = static_cast<uint8_t>(ready_ & interest_);
  if (wanted != 0) return handler_->on_ready(static_cast<Interest>(wanted));
  // A hang-up without interest in reading or writing: both sides have finished, or it broke.
  hung_up_ = false;
  if (!broken_) {
    const int error_number = take_socket_error(descriptor_);
    if (error_number == 0) return;
    broken_ = true;
    error_ = system_error("connection with " + peer_address(), error_number);
  }
  phase_ = Phase::kFailed;
  handler_->on_failed(error_);
}

IoResult EpollStream::break_with(int error_number) {
  broken_ = true;
  error_ = system_error("connection with " + peer_address(), error_number);
  ready_ = kRead | kWrite;
  return {IoOutcome::kError, 0};
}

IoResult EpollStream::read(std::span<uint8_t> into) {
  MILLRACE_DCHECK(!into.empty());
  // After a failed write there may still be bytes to read.
  if (phase_ == Phase::kFailed || descriptor_ < 0) return {IoOutcome::kError, 0};
  if ((ready_ & kRead) == 0) return {IoOutcome::kWouldBlock, 0};
  for (;;) {
    const ssize_t count = ::recv(descriptor_, into.data(), into.size(), 0);
    if (count > 0) {
      // The socket is drained; the next byte causes a new event. After EPOLLRDHUP the end of the
      // stream causes none, so the stream stays ready.
      if (static_cast<size_t>(count) < into.size() && !peer_finished_) ready_ &= kWrite;
      return {IoOutcome::kOk, static_cast<size_t>(count)};
    }
    if (count == 0) return {broken_ ? IoOutcome::kError : IoOutcome::kEnd, 0};
    if (errno == EINTR) continue;
    if (broken_) return {IoOutcome::kError, 0};
    if (errno != EAGAIN && errno != EWOULDBLOCK) return break_with(errno);
    ready_ &= kWrite;
    return {IoOutcome::kWouldBlock, 0};
  }
}

IoResult EpollStream::write(std::span<const iovec> from) {
  if (broken_) return {IoOutcome::kError, 0};
  if ((ready_ & kWrite) == 0) return {IoOutcome::kWouldBlock, 0};
  const size_t pieces = std::min<size_t>(from.size(), IOV_MAX);
  size_t wanted = 0;
  for (size_t i = 0; i < pieces; ++i) wanted += from[i].iov_len;
  if (wanted == 0) return {IoOutcome::kOk, 0};
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(from.data());
  message.msg_iovlen = pieces;
  for (;;) {
    const ssize_t count = pieces == 1 ? ::send(descriptor_, from[0].iov_base, wanted, MSG_NOSIGNAL)
                                      : ::sendmsg(descriptor_, &message, MSG_NOSIGNAL);
    if (count >= 0) {
      if (static_cast<size_t>(count) < wanted) ready_ &= kRead;
      return {IoOutcome::kOk, static_cast<size_t>(count)};
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return break_with(errno);
    ready_ &= kRead;
    return {IoOutcome::kWouldBlock, 0};
  }
}

void EpollStream::shutdown_write() {
  if (descriptor_ >= 0 && !broken_) ::shutdown(descriptor_, SHUT_WR);
}

Error EpollStream::error() const { return error_; }

std::string EpollStream::local_address() const { return to_text(local_address_of(descriptor_)); }

}  // namespace millrace::io
