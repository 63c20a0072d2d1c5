// Signals as events that the main thread waits for. A thread of its own receives them from the
// start, so that the second signal ends the process even while the main thread or a loop is stuck.
//
// Signals that drain and end the process: SIGTERM, SIGINT, SIGQUIT, SIGXCPU, SIGPWR. Signals that
// wait() returns and that change nothing: SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF,
// SIGIO, SIGSTKFLT and the real-time signals. Ignored: SIGPIPE and SIGXFSZ, because the failing
// call returns an error. Unchanged: signals that report a fault of the program, signals that stop
// and continue, and SIGKILL.
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "base/time.h"

namespace millrace::daemon {

class SignalWait {
 public:
  // Blocks the signals above in every thread created afterwards; call it before any thread is
  // created. `on_second_end` runs on the signal thread when a second ending signal has arrived and
  // `grace` has passed without the end of the process: it must end the process and must not wait
  // for anything.
  static Result<SignalWait> create(std::function<void()> on_second_end, Duration grace);
  SignalWait(SignalWait&&) noexcept = default;
  SignalWait& operator=(SignalWait&&) = delete;
  ~SignalWait();

  static constexpr int kWoken = 0;
  static constexpr int kTimeIsUp = -1;
  // Returns the next signal's number, kWoken after wake(), or kTimeIsUp after `time` (zero: no
  // limit).
  int wait(Duration time = 0s);
  // Any thread; ends one call of wait(), the current or the next one.
  void wake();

 private:
  struct State;
  explicit SignalWait(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;  // shared with the signal thread
};

// Whether that signal stops intake and drains.
bool is_ending_signal(int number);

}  // namespace millrace::daemon
