// The yardstick of the benchmarks: a bare TCP relay. It accepts on LISTEN_PORT, connects to
// UPSTREAM_PORT on loopback for each connection and copies bytes both ways with one thread, level-
// triggered epoll and reads of 64 KiB. It understands nothing of what it carries, so its cost is
// the least that a process in the middle can cost with plain sockets.
//
// Frozen: every published ratio is "against this program". Do not make it faster or slower.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

namespace {

constexpr size_t kReadBytes = 64 * 1024;

struct Pair;

// One socket of a pair. What could not be written to it yet waits in `unsent`, and meanwhile
// nothing is read from its partner, so that a slow side slows the other.
struct Side {
  int descriptor = -1;
  Pair* owner = nullptr;
  Side* partner = nullptr;
  std::vector<uint8_t> unsent;
  size_t unsent_offset = 0;
  bool read_ended = false;   // this side's peer has sent its FIN
  bool write_ended = false;  // our FIN has gone to this side's peer

  bool blocked() const { return unsent_offset < unsent.size(); }
};

struct Pair {
  Side client;
  Side upstream;
};

sockaddr_in loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void set_no_delay(int descriptor) {
  const int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

class Relay {
 public:
  Relay(uint16_t listen_port, uint16_t upstream_port) : upstream_port_(upstream_port) {
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const sockaddr_in address = loopback(listen_port);
    if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        listen(listener_, 1024) != 0) {
      std::perror("relay: listen");
      std::exit(1);
    }
    epoll_event event{EPOLLIN, {.ptr = nullptr}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event);
  }

  [[noreturn]] void run() {
    epoll_event events[256];
    for (;;) {
      const int count = epoll_wait(epoll_, events, 256, -1);
      for (int i = 0; i < count; ++i) {
        if (events[i].data.ptr == nullptr) {
          accept_one();
        } else {
          on_ready(static_cast<Side*>(events[i].data.ptr), events[i].events);
        }
      }
      closed_.clear();  // only now: an event of this turn may still name a closed side
    }
  }

 private:
  void accept_one() {
    const int accepted = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted < 0) return;
    const int upstream = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const sockaddr_in address = loopback(upstream_port_);
    // On loopback a connection is made or refused at once, or reported by the first read.
    if (connect(upstream, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
        errno != EINPROGRESS) {
      close(accepted);
      close(upstream);
      return;
    }
    auto* pair = new Pair;
    pair->client.partner = &pair->upstream;
    pair->upstream.partner = &pair->client;
    pair->client.descriptor = accepted;
    pair->upstream.descriptor = upstream;
    for (Side* side : {&pair->client, &pair->upstream}) {
      set_no_delay(side->descriptor);
      side->owner = pair;
      epoll_event event{EPOLLIN, {.ptr = side}};
      epoll_ctl(epoll_, EPOLL_CTL_ADD, side->descriptor, &event);
    }
  }

  void on_ready(Side* side, uint32_t ready) {
    if (side->descriptor < 0) return;
    if ((ready & EPOLLOUT) != 0 && !flush(side)) return close_pair(side);
    if ((ready & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return;
    Side* partner = side->partner;
    if (partner->blocked()) return;
    if (side->read_ended) return close_pair(side);  // hung up, as far as both ways are concerned
    const ssize_t count = read(side->descriptor, buffer_, kReadBytes);
    if (count < 0) {
      if (errno != EAGAIN && errno != EINTR) close_pair(side);
      return;
    }
    if (count == 0) {
      side->read_ended = true;
      if (!flush(partner)) return close_pair(side);
      if (partner->read_ended && partner->write_ended && side->write_ended) close_pair(side);
      return;
    }
    pass_on(partner, static_cast<size_t>(count));
  }

  void pass_on(Side* to, size_t count) {
    ssize_t written = send(to->descriptor, buffer_, count, MSG_NOSIGNAL);
    if (written < 0) {
      if (errno != EAGAIN && errno != ENOTCONN) return close_pair(to);
      written = 0;
    }
    if (static_cast<size_t>(written) == count) return;
    to->unsent.assign(buffer_ + written, buffer_ + count);
    to->unsent_offset = 0;
    watch(to);
    watch(to->partner);
  }

  // Writes pending bytes for `to`, then the FIN of its partner. False when the socket is broken.
  bool flush(Side* to) {
    while (to->blocked()) {
      const ssize_t written = send(to->descriptor, to->unsent.data() + to->unsent_offset,
                                   to->unsent.size() - to->unsent_offset, MSG_NOSIGNAL);
      if (written < 0) return errno == EAGAIN || errno == ENOTCONN;
      to->unsent_offset += static_cast<size_t>(written);
    }
    if (to->partner->read_ended && !to->write_ended) {
      shutdown(to->descriptor, SHUT_WR);
      to->write_ended = true;
    }
    watch(to);
    watch(to->partner);
    return true;
  }

  void watch(Side* side) {
    uint32_t interest = 0;
    if (!side->partner->blocked() && !side->read_ended) interest |= EPOLLIN;
    if (side->blocked()) interest |= EPOLLOUT;
    epoll_event event{interest, {.ptr = side}};
    epoll_ctl(epoll_, EPOLL_CTL_MOD, side->descriptor, &event);
  }

  void close_pair(Side* side) {
    for (Side* each : {side, side->partner}) {
      close(each->descriptor);
      each->descriptor = -1;
    }
    closed_.emplace_back(side->owner);
  }

  const uint16_t upstream_port_;
  int epoll_ = -1;
  int listener_ = -1;
  std::vector<std::unique_ptr<Pair>> closed_;
  uint8_t buffer_[kReadBytes];
};

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count != 3) {
    std::fputs("usage: relay LISTEN_PORT UPSTREAM_PORT\n", stderr);
    return 2;
  }
  const auto relay = std::make_unique<Relay>(static_cast<uint16_t>(std::atoi(arguments[1])),
                                             static_cast<uint16_t>(std::atoi(arguments[2])));
  relay->run();
}
