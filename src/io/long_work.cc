#include "io/long_work.h"

#include <utility>

#include "base/check.h"

namespace millrace::io {

namespace {

// The units granted to a task that must end without a pause.
constexpr int64_t kUnitsToTheEnd = int64_t{1} << 40;

}  // namespace

LongWork::LongWork(Loop& loop, ChunkPool& pool, LongWorkOptions options)
    : loop_(loop),
      pool_(pool),
      options_(std::move(options)),
      self_(std::make_shared<LongWork*>(this)) {}

LongWork::~LongWork() {
  finish();
  *self_ = nullptr;
}

MonotonicTime LongWork::now() const {
  return options_.clock ? options_.clock() : loop_.read_clock();
}

void LongWork::run(size_t bytes, Task task) {
  if (bytes < options_.bytes_min || running_ != nullptr || is_finishing_) {
    task();
    return;
  }
  if (loop_.now() != turn_) {
    turn_ = loop_.now();
    spent_ = {};
  }
  if (waiting_.empty() && has_slice()) {
    if (StackRef stack = take_stack()) {
      begin_slice(*stack);
      const bool has_ended = stack->fiber->start(std::move(task));
      end_slice(std::move(stack), has_ended);
      return;
    }
  }
  waiting_.push_back(std::move(task));
  schedule();
}

void LongWork::schedule() {
  if (is_scheduled_ || is_finishing_) return;
  is_scheduled_ = true;
  loop_.post([self = self_] {
    if (*self != nullptr) (*self)->on_turn();
  });
}

void LongWork::on_turn() {
  is_scheduled_ = false;
  turn_ = loop_.now();
  spent_ = {};
  while (has_slice() && run_one()) {
  }
  if (!waiting_.empty() || !suspended_.empty()) schedule();
}

// Runs one slice or less. False: no task can run.
bool LongWork::run_one() {
  starts_next_ = !starts_next_;
  if (!waiting_.empty() && (starts_next_ || suspended_.empty())) {
    StackRef stack = take_stack();
    if (stack != nullptr || suspended_.empty()) {
      Task task = std::move(waiting_.front());
      waiting_.pop_front();
      if (stack == nullptr) {  // no memory for the first stack
        task();
        return true;
      }
      begin_slice(*stack);
      const bool has_ended = stack->fiber->start(std::move(task));
      end_slice(std::move(stack), has_ended);
      return true;
    }
  }
  if (suspended_.empty()) return false;
  StackRef stack = std::move(suspended_.front());
  suspended_.pop_front();
  begin_slice(*stack);
  const bool has_ended = stack->fiber->resume();
  end_slice(std::move(stack), has_ended);
  return true;
}

// The first stack is always available, so that long work proceeds even with a full budget; it is
// counted nevertheless.
LongWork::StackRef LongWork::take_stack() {
  if (idle_ != nullptr) return std::move(idle_);
  if (stack_count_ >= options_.suspended_max) return nullptr;
  auto stack = std::make_unique<Stack>();
  Budget& budget = pool_.budget();
  stack->memory = stack_count_ == 0
                      ? Reservation::make_beyond(budget, MemoryTerm::kWork, Fiber::kStackBytes)
                      : Reservation::try_make(budget, MemoryTerm::kWork, Fiber::kStackBytes);
  if (!stack->memory) return nullptr;
  stack->fiber = Fiber::try_make();
  if (stack->fiber == nullptr) return nullptr;
  ++stack_count_;
  return stack;
}

void LongWork::begin_slice(Stack& stack) {
  running_ = &stack;
  slice_begin_ = now();
}

void LongWork::end_slice(StackRef stack, bool has_ended) {
  running_ = nullptr;
  spent_ += now() - slice_begin_;
  if (!has_ended) {
    suspended_.push_back(std::move(stack));
    schedule();
  } else if (idle_ == nullptr) {
    idle_ = std::move(stack);
  } else {
    --stack_count_;
  }
}

// Called on the stack of the running task.
int64_t LongWork::on_units_used() {
  if (is_finishing_) return kUnitsToTheEnd;
  MILLRACE_DCHECK(running_ != nullptr);
  if (spent_ + (now() - slice_begin_) >= options_.slice) {
    running_->fiber->suspend();
    if (is_finishing_) return kUnitsToTheEnd;
  }
  return options_.units_at_once;
}

void LongWork::finish() {
  is_finishing_ = true;
  while (!suspended_.empty()) {
    StackRef stack = std::move(suspended_.front());
    suspended_.pop_front();
    begin_slice(*stack);
    const bool has_ended = stack->fiber->resume();
    MILLRACE_CHECK(has_ended);
    end_slice(std::move(stack), has_ended);
  }
  std::exchange(waiting_, {}).clear();
}

}  // namespace millrace::io
