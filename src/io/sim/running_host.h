// The host whose code is running, or none while the world itself runs (its network, its disks, the
// scenario). For tests that measure the memory of one host; the simulation does not depend on it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace millrace::io::sim {

inline constexpr size_t kNoHost = SIZE_MAX;

class RunningHost {
 public:
  // Sets the host until the end of the scope. `host` is World::host_number(), or kNoHost.
  explicit RunningHost(size_t host) : before_(std::exchange(current, host)) {}
  ~RunningHost() { current = before_; }
  RunningHost(const RunningHost&) = delete;
  RunningHost& operator=(const RunningHost&) = delete;

  // The host on this thread.
  static size_t number() { return current; }

 private:
  static inline constinit thread_local size_t current = kNoHost;
  const size_t before_;
};

}  // namespace millrace::io::sim
