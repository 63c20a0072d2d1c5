// A function with a stack of its own that can be suspended and resumed.
//
// Asymmetric: resume() returns when the fiber suspends or ends, and a fiber does not resume other
// fibers. Exceptions must not leave the task. An inaccessible page below the stack stops the
// process on an overflow instead of overwriting other memory.
//
// One thread at a time; another thread may resume the fiber if the two resumptions are ordered.
// Cost: 10 ns to switch there and back on x86-64 (hand-written), 0.6 µs elsewhere (ucontext, which
// saves the signal mask by system calls).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

// The first function on a new stack; defined in fiber.cc.
extern "C" __attribute__((visibility("hidden"))) void millrace_fiber_begin(void* fiber);

namespace millrace::io {

class Fiber {
 public:
  using Task = std::move_only_function<void()>;

  // Deep enough for walks to the largest depth that admission allows. Unoptimized code with
  // sanitizers needs far more.
#if defined(MILLRACE_DEBUG_CHECKS) || !defined(__OPTIMIZE__)
  static constexpr size_t kStackBytes = 4 << 20;
#else
  static constexpr size_t kStackBytes = 512 << 10;
#endif

  // Returns null when the system has no memory for a stack.
  static std::unique_ptr<Fiber> try_make();
  ~Fiber();  // Precondition: ended, or never started
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Runs `task` until it suspends or ends. Returns true when it has ended; the fiber can then be
  // started again. Precondition: not started, or ended.
  [[nodiscard]] bool start(Task task);
  // Continues behind suspend(). Returns as start() does. Precondition: suspended.
  [[nodiscard]] bool resume();
  // Called inside the task: returns to the caller of start() or resume().
  void suspend();

 private:
  enum class State : uint8_t { kIdle, kRunning, kSuspended };
  struct Switch;  // the implementation for this machine
  explicit Fiber(void* mapping);
  friend void ::millrace_fiber_begin(void* fiber);
  bool run();
  void main() noexcept;

  void* const mapping_;  // the inaccessible page, then the stack
  std::unique_ptr<Switch> switch_;
  Task task_;
  State state_ = State::kIdle;
};

}  // namespace millrace::io
