// A function on a stack of its own, that can be left in the middle and gone on with later.
//
// Only one direction: resume() returns when the fiber suspends or ends, and a fiber
// resumes none. Nothing thrown crosses. The stack is mapped with a page in front of it that may not
// be touched, so that running over its end stops the process instead of writing over other memory.
//
// One thread at a time; a fiber may be resumed by another thread than before if there is order
// between the two. Cost: 10 ns to go there and back on x86-64 (hand-written), 0.6 µs elsewhere
// (ucontext, which saves the signal mask by system calls).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

// Where a new stack begins; fiber.cc.
extern "C" __attribute__((visibility("hidden"))) void millrace_fiber_begin(void* fiber);

namespace millrace::io {

class Fiber {
 public:
  using Task = std::move_only_function<void()>;

  // Deep enough for walks to the largest depth that admission allows. Unoptimized code with
  // sanitizers needs far more of it.
#if defined(MILLRACE_DEBUG_CHECKS) || !defined(__OPTIMIZE__)
  static constexpr size_t kStackBytes = 4 << 20;
#else
  static constexpr size_t kStackBytes = 512 << 10;
#endif

  // Null: the system has no memory for a stack.
  static std::unique_ptr<Fiber> try_make();
  ~Fiber();  // of a fiber that has ended, or was never started
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Runs `task` until it suspends or ends. True when it has ended; the fiber can then be started
  // again. Precondition: not started, or ended.
  [[nodiscard]] bool start(Task task);
  // Goes on behind suspend(). As above. Precondition: suspended.
  [[nodiscard]] bool resume();
  // From inside the task: back to the caller of start() or resume().
  void suspend();
  bool is_suspended() const { return state_ == State::kSuspended; }

 private:
  enum class State : uint8_t { kIdle, kRunning, kSuspended };
  struct Switch;  // how stacks are switched on this machine
  explicit Fiber(void* mapping);
  friend void ::millrace_fiber_begin(void* fiber);
  bool run();
  void main() noexcept;

  void* const mapping_;  // the page that may not be touched, then the stack
  std::unique_ptr<Switch> switch_;
  Task task_;
  State state_ = State::kIdle;
};

}  // namespace millrace::io
