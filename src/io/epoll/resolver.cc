#include <netdb.h>

#include <cstring>
#include <deque>
#include <thread>
#include <vector>

#include "base/allocation_name.h"
#include "base/mutex.h"
#include "io/address.h"
#include "io/epoll/epoll.h"
#include "io/epoll/socket.h"

namespace millrace::io {

namespace {

constexpr size_t kThreadsMax = 4;

Result<std::vector<Address>> look_up(const std::string& host, uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found); error != 0) {
    return fail(Code::kUnavailable, "resolving \"" + host + "\": " + ::gai_strerror(error));
  }
  std::vector<Address> addresses;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_family != AF_INET && entry->ai_family != AF_INET6) continue;
    SocketAddress address;
    std::memcpy(&address.any, entry->ai_addr, entry->ai_addrlen);
    address.size = entry->ai_addrlen;
    address.set_port(port);
    addresses.push_back(Address{to_text(address)});
  }
  ::freeaddrinfo(found);
  return addresses;
}

}  // namespace

struct Resolver::State {
  struct Job {
    std::string host;
    uint16_t port;
    Done done;
  };
  Mutex mutex;
  Condition changed;
  std::deque<Job> jobs MILLRACE_GUARDED_BY(mutex);
  size_t idle_count MILLRACE_GUARDED_BY(mutex) = 0;
  size_t thread_count MILLRACE_GUARDED_BY(mutex) = 0;
  bool stopping MILLRACE_GUARDED_BY(mutex) = false;

  void work() {
    MutexLock lock(mutex);
    for (;;) {
      ++idle_count;
      while (!stopping && jobs.empty()) changed.wait(mutex);
      --idle_count;
      if (stopping) break;
      Job job = std::move(jobs.front());
      jobs.pop_front();
      lock.unlock();
      {
        // The system's resolver reads an answer of the network into a buffer of its own.
        const AllocationName name("constant name lookup", size_t{256} << 10);
        job.done(look_up(job.host, job.port));
      }
      job.done = nullptr;
      lock.lock();
    }
    --thread_count;
    changed.notify_all();
  }
};

Resolver::Resolver() : state_(std::make_shared<State>()) {}

Resolver::~Resolver() {
  const MutexLock lock(state_->mutex);
  state_->stopping = true;
  state_->jobs.clear();
  state_->changed.notify_all();
  // Idle threads are about to end. A thread inside getaddrinfo may take seconds; it has its own
  // reference to the state.
  while (state_->idle_count != 0) state_->changed.wait(state_->mutex);
}

void Resolver::resolve(std::string host, uint16_t port, Done done) {
  const MutexLock lock(state_->mutex);
  state_->jobs.push_back(State::Job{std::move(host), port, std::move(done)});
  if (state_->idle_count < state_->jobs.size() && state_->thread_count < kThreadsMax) {
    ++state_->thread_count;
    std::thread([state = state_] { state->work(); }).detach();
  }
  state_->changed.notify_one();
}

}  // namespace millrace::io
