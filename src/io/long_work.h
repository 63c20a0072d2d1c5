// Long work on one message, in slices: decompressing, JSON, admission, edits, cutting, compressing.
//
// A task of a large message runs on a stack of its own (io/fiber.h). It starts at once, as a call
// does, and usually ends before run() returns. A task that has used up its slice is suspended where
// it calls its pace (base/pace.h) and continues in a later turn of the loop, so that other
// requests, pings and timers wait for a slice and not for the whole message. A turn spends at most
// two slices here: one for arriving messages, one for suspended tasks. New messages and suspended
// tasks alternate, so that a large message need not wait for larger ones.
//
// Bounded: at most `suspended_max` tasks are suspended; their stacks are reserved in the budget.
// Further tasks wait before their start, each with the memory that its owner has reserved.
//
// One loop. The destructor runs suspended tasks to their end and destroys waiting tasks unrun.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "base/pace.h"
#include "base/time.h"
#include "io/fiber.h"
#include "io/loop.h"
#include "memory/work.h"

namespace millrace::io {

struct LongWorkOptions {
  // Smaller messages run as a plain call: walking, editing or decompressing them takes less than a
  // slice whatever their content.
  size_t bytes_min = 32 << 10;
  Duration slice = 1ms;
  size_t suspended_max = 16;
  // The number of units (about nanoseconds) between two readings of the clock.
  int64_t units_at_once = 50'000;
  // Empty: the loop's clock. The simulation passes one that advances with each reading.
  std::function<MonotonicTime()> clock = {};
};

class LongWork final : private Pace::Keeper {
 public:
  LongWork(Loop& loop, ChunkPool& pool, LongWorkOptions options = {});
  ~LongWork();
  LongWork(const LongWork&) = delete;
  LongWork& operator=(const LongWork&) = delete;

  // Runs `task` now, or in a later turn when the turn's slice is used up. `bytes` is the size of
  // the message, or its possible size. Inside a task it is a plain call.
  void run(size_t bytes, Task task);
  // Whether a message of that size may be suspended.
  bool is_long(size_t bytes) const { return bytes >= options_.bytes_min; }
  // Whether a task is running, so that the caller may be suspended.
  bool is_inside() const { return running_ != nullptr; }
  // The pool and the pace for the running code; the pace suspends only inside a task.
  Work work() { return {pool_, running_ == nullptr ? unlimited_ : limited_}; }

  // Ends suspended tasks without a pause and drops waiting ones. Afterwards run() is a plain call.
  void finish();
  size_t suspended_count() const { return suspended_.size(); }
  size_t waiting_count() const { return waiting_.size(); }

 private:
  struct Stack {
    std::unique_ptr<Fiber> fiber;
    Reservation memory;
  };
  using StackRef = std::unique_ptr<Stack>;

  int64_t on_units_used() override;
  MonotonicTime now() const;
  void schedule();
  void on_turn();
  bool run_one();
  bool has_slice() const { return spent_ < options_.slice; }
  StackRef take_stack();
  void begin_slice(Stack& stack);
  void end_slice(StackRef stack, bool has_ended);

  Loop& loop_;
  ChunkPool& pool_;
  const LongWorkOptions options_;
  Pace unlimited_;
  Pace limited_{*this};
  Stack* running_ = nullptr;
  std::deque<Task> waiting_;  // not started
  std::deque<StackRef> suspended_;
  StackRef idle_;
  size_t stack_count_ = 0;
  MonotonicTime turn_{};         // the turn in which spent_ was spent
  MonotonicTime slice_begin_{};  // of the running task
  Duration spent_{};
  bool starts_next_ = false;  // true: a waiting task is next, not a suspended one
  bool is_scheduled_ = false;
  bool is_finishing_ = false;
  std::shared_ptr<LongWork*> self_;  // points to null after the destructor: for posted tasks
};

}  // namespace millrace::io
