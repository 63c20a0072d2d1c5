// Signals as something the main thread waits for. A thread of its own takes them from the start on,
// so that the second signal ends the process also while the main thread or a loop is stuck.
//
// What ends the process with a drain: SIGTERM, SIGINT, SIGQUIT, SIGXCPU, SIGPWR. What is told to
// wait() and changes nothing: SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGIO,
// SIGSTKFLT and the real-time signals. Ignored: SIGPIPE and SIGXFSZ, which the failing call reports
// as an error. Left as they are: those that report a fault of the program, that stop and continue,
// and SIGKILL.
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "base/time.h"

namespace millrace::daemon {

class SignalWait {
 public:
  // Blocks the signals above in every thread made afterwards; call it before any thread is made.
  // `on_second_end` runs on the signal thread when a second ending signal has come and `grace` has
  // passed without the end of the process: it must end the process and must not wait for anything.
  static Result<SignalWait> create(std::function<void()> on_second_end, Duration grace);
  SignalWait(SignalWait&&) noexcept = default;
  SignalWait& operator=(SignalWait&&) = delete;
  ~SignalWait();

  static constexpr int kWoken = 0;
  static constexpr int kTimeIsUp = -1;
  // The next signal's number, kWoken after wake(), kTimeIsUp after `time` (zero: never).
  int wait(Duration time = 0s);
  // Any thread; ends one wait(), now or when it comes.
  void wake();

 private:
  struct State;
  explicit SignalWait(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;  // shared with the signal thread
};

// Whether a signal of that number stops intake and drains.
bool is_ending_signal(int number);

}  // namespace millrace::daemon
