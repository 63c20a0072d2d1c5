// Signals as something the main thread waits for: they are blocked in every thread, so no handler
// of ours ever interrupts one.
#pragma once

#include <sys/signalfd.h>

#include <cstdint>

#include "base/result.h"
#include "base/time.h"

namespace millrace::daemon {

class SignalWait {
 public:
  // Blocks SIGTERM, SIGINT and SIGHUP (and ignores SIGPIPE); before any thread is made.
  static Result<SignalWait> create();
  SignalWait(SignalWait&& other) noexcept;
  SignalWait& operator=(SignalWait&&) = delete;
  ~SignalWait();

  static constexpr int kWoken = 0;
  static constexpr int kTimeIsUp = -1;
  // The next signal's number, kWoken after wake(), kTimeIsUp after `time` (zero: never).
  int wait(Duration time = 0s);
  // Any thread; ends one wait(), now or when it comes.
  void wake();

 private:
  SignalWait(int signals, int wakeups) : signals_(signals), wakeups_(wakeups) {}
  int signals_;
  int wakeups_;
};

}  // namespace millrace::daemon
