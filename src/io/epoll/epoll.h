// The kernel's event loop: one epoll descriptor, one thread, any number of sockets and timers.
//
// Sockets are registered once, edge-triggered, and the loop stores which of them are ready. The
// interface is level-triggered all the same, and changing an interest costs no system call. A read
// that fills its buffer leaves the stream ready; a shorter one, or EAGAIN, does not.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "io/loop.h"

namespace millrace::io {

// Looks names up with getaddrinfo on threads of its own (at most four, started when needed). Shared
// by the loops of a process. Thread-safe. Destroying it waits for idle threads only; a thread
// inside getaddrinfo ends by itself when that returns.
class Resolver {
 public:
  Resolver();
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  using Done = std::move_only_function<void(Result<std::vector<Address>>)>;
  // `done` is called once on a thread of the resolver, or destroyed uncalled with the resolver.
  void resolve(std::string host, uint16_t port, Done done);

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the threads, which may outlive the resolver
};

struct EpollLoopOptions {
  // Null: the loop creates its own.
  std::shared_ptr<Resolver> resolver = nullptr;
  // The seed of Loop::random(); 0: a seed from the kernel.
  uint64_t seed = 0;
  // Called on the loop's thread for errors that belong to no stream: accepting is suspended because
  // descriptors or memory ran out ("accept suspended"; it resumes by itself), or the last bytes of
  // a closed TLS stream were dropped ("tls output dropped"). May be empty.
  std::function<void(std::string_view what, const Error& error)> on_trouble = {};
};

// Fails when the system has no descriptors left.
Result<std::unique_ptr<Loop>> make_epoll_loop(EpollLoopOptions options = {});

}  // namespace millrace::io
