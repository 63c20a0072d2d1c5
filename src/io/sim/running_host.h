// The host whose code is running, or none while the world itself runs (its network, its disks, the
// scenario). For tests that measure the memory or the instructions of one host; the simulation does
// not depend on it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace millrace::io::sim {

inline constexpr size_t kNoHost = SIZE_MAX;

class RunningHost {
 public:
  // Sets the host until the end of the scope. `host` is World::host_number(), or kNoHost.
  explicit RunningHost(size_t host) : before_(current) { change_to(host); }
  ~RunningHost() { change_to(before_); }
  RunningHost(const RunningHost&) = delete;
  RunningHost& operator=(const RunningHost&) = delete;

  // The host on this thread.
  static size_t number() { return current; }

  // Called with the new number at each change on this thread; null: nothing is called.
  using Observer = void (*)(size_t host);
  static void observe(Observer new_observer) { observer = new_observer; }

 private:
  static void change_to(size_t host) {
    current = host;
    if (observer != nullptr) observer(host);
  }

  static inline constinit thread_local size_t current = kNoHost;
  static inline constinit thread_local Observer observer = nullptr;
  const size_t before_;
};

}  // namespace millrace::io::sim
