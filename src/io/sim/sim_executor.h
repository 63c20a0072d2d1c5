// Lanes without threads. SimExecutor runs its tasks in order on a loop (of a simulated world), each
// after a delay drawn from the loop's seeded generator: a disk takes its time. HandExecutor runs
// them when a test says so.
//
// One thread. Tasks that have not run when the lane is destroyed are destroyed unrun, as in a
// crash.
#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <utility>

#include "io/executor.h"
#include "io/loop.h"

namespace millrace::io::sim {

class SimExecutor final : public Executor {
 public:
  // The loop must outlive it.
  SimExecutor(Loop& loop, Duration delay_max)
      : loop_(loop), delay_max_(delay_max), timer_(loop.make_timer([this] { run_one(); })) {}

  void submit(Task task) override {
    tasks_.push_back(std::move(task));
    if (!timer_->armed()) arm();
  }
  size_t waiting_count() const { return tasks_.size(); }

 private:
  void arm() {
    const auto delay = loop_.random().below(static_cast<uint64_t>(delay_max_.count()) + 1);
    timer_->arm_at(loop_.now() + Duration(static_cast<Duration::rep>(delay)));
  }
  void run_one() {
    if (tasks_.empty()) return;
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    task();
    if (!tasks_.empty() && !timer_->armed()) arm();
  }

  Loop& loop_;
  const Duration delay_max_;
  std::deque<Task> tasks_;
  std::unique_ptr<Timer> timer_;
};

class HandExecutor final : public Executor {
 public:
  void submit(Task task) override { tasks_.push_back(std::move(task)); }
  // False when there is nothing to run.
  bool run_one() {
    if (tasks_.empty()) return false;
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    task();
    return true;
  }
  void run_all() {
    while (run_one()) {
    }
  }
  void forget_all() { tasks_.clear(); }  // the process has ended
  size_t waiting_count() const { return tasks_.size(); }

 private:
  std::deque<Task> tasks_;
};

}  // namespace millrace::io::sim
