// Whose code runs: that of one of the hosts, or the world's own (its network, its disks, the
// scenario). For tests that account for what one host holds; nothing in here depends on it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace millrace::io::sim {

inline constexpr size_t kNoHost = SIZE_MAX;

class RunningHost {
 public:
  // From here to the end of the scope. `host` is World::host_number(), or kNoHost.
  explicit RunningHost(size_t host) : before_(std::exchange(current, host)) {}
  ~RunningHost() { current = before_; }
  RunningHost(const RunningHost&) = delete;
  RunningHost& operator=(const RunningHost&) = delete;

  // On this thread.
  static size_t number() { return current; }

 private:
  static inline constinit thread_local size_t current = kNoHost;
  const size_t before_;
};

}  // namespace millrace::io::sim
