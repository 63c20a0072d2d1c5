// Long work on one message, in slices: decompressing, JSON, admission, edits, cutting, compressing.
//
// A task of a large message runs on a stack of its own (io/fiber.h). It starts at once, as a call
// does, and mostly ends before run() returns. What has used up its slice is suspended where its
// walk tells its pace (base/pace.h), and goes on in a later turn of the loop, so that others'
// requests, pings and timers wait for a slice and not for the whole message. In one turn at most
// two slices are spent here: one where messages arrive, one for what was suspended. Messages that
// have just come and suspended ones take turns, so that a large honest one need not wait for larger
// ones.
//
// Bounded: at most `suspended_max` tasks are in the middle; their stacks are reserved in the
// budget. More of them wait unstarted, each holding what its owner has reserved for it.
//
// One loop. Destroying it runs what is suspended to its end and destroys unrun what waits.
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
  // slice whatever they hold.
  size_t bytes_min = 32 << 10;
  Duration slice = 1ms;
  size_t suspended_max = 16;
  // Between two looks at the clock; about nanoseconds.
  int64_t units_at_once = 50'000;
  // Empty: the loop's. The simulation gives one that moves with each look.
  std::function<MonotonicTime()> clock = {};
};

class LongWork final : private Pace::Keeper {
 public:
  LongWork(Loop& loop, ChunkPool& pool, LongWorkOptions options = {});
  ~LongWork();
  LongWork(const LongWork&) = delete;
  LongWork& operator=(const LongWork&) = delete;

  // Runs `task` now, or where the turn's slice is used up in a later turn. `bytes`: of the message,
  // or what it may become. Called from inside a task it is a plain call.
  void run(size_t bytes, Task task);
  // Whether a message of so many bytes may be suspended.
  bool is_long(size_t bytes) const { return bytes >= options_.bytes_min; }
  // Whether a task runs now: the caller may be suspended.
  bool is_inside() const { return running_ != nullptr; }
  // For what runs now; with a pace that may suspend only inside a task.
  Work work() { return {pool_, running_ == nullptr ? unlimited_ : limited_}; }

  // Ends what is suspended, without pausing, and drops what waits. run() is a plain call
  // afterwards.
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
  MonotonicTime turn_{};         // of the loop, in which spent_ was spent
  MonotonicTime slice_begin_{};  // of what runs now
  Duration spent_{};
  bool starts_next_ = false;  // what waits is next, not what is suspended
  bool is_scheduled_ = false;
  bool is_finishing_ = false;
  std::shared_ptr<LongWork*> self_;  // null inside once this is gone: for what is posted
};

}  // namespace millrace::io
