// The kernel's event loop: one epoll descriptor, one thread, any number of sockets and timers.
//
// Sockets are registered once, edge-triggered, and the loop remembers which of them are ready; the
// interface stays level-triggered, and changing an interest costs no system call. A read that fills
// its buffer leaves the stream ready; a shorter one, or EAGAIN, does not.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "io/loop.h"

namespace millrace::io {

// Looks names up with getaddrinfo on threads of its own (at most four, started when needed). Shared
// by the loops of a process. Thread-safe. Destroying it waits for idle threads only: one that is
// inside getaddrinfo is left to end by itself.
class Resolver {
 public:
  Resolver();
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  using Done = std::move_only_function<void(Result<std::vector<Address>>)>;
  // `done` is called once, on a thread of the resolver, or destroyed uncalled with it.
  void resolve(std::string host, uint16_t port, Done done);

 private:
  struct State;
  std::shared_ptr<State> state_;  // with its threads, which may outlive the resolver
};

struct EpollLoopOptions {
  // Null: the loop makes its own.
  std::shared_ptr<Resolver> resolver = nullptr;
  // Seed of Loop::random(); 0: from the kernel.
  uint64_t seed = 0;
  // Trouble that no stream hears of, on the loop's thread: accepting has been suspended because
  // descriptors or memory ran out ("accept suspended"; it resumes by itself), the last bytes of
  // a closed TLS stream were dropped ("tls output dropped"). May be empty.
  std::function<void(std::string_view what, const Error& error)> on_trouble = {};
};

// An error when the system has no descriptors left.
Result<std::unique_ptr<Loop>> make_epoll_loop(EpollLoopOptions options = {});

}  // namespace millrace::io
