// Lanes without threads. SimExecutor runs its tasks in order on a loop (of a simulated world), each
// after a delay from the loop's seeded generator, because a disk takes time. HandExecutor runs
// them when the test calls it.
//
// One thread. Tasks that have not run when the lane is destroyed are destroyed unrun, as in a
// crash.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "io/executor.h"
#include "io/loop.h"

namespace millrace::io::sim {

class SimExecutor final : public Executor {
 public:
  // The loop must outlive the lane.
  SimExecutor(Loop& loop, Duration delay_max)
      : loop_(loop),
        delay_max_(delay_max),
        timer_(loop.make_timer([this] { run_one(); })),
        due_timer_(loop.make_timer([this] { queue_what_is_due(); })) {}

  void submit(Task task) override {
    tasks_.push_back(std::move(task));
    if (!timer_->armed()) arm();
  }
  void submit_after(Duration delay, Task task) override {
    delayed_.emplace(loop_.now() + delay, std::move(task));
    due_timer_->arm_at(delayed_.begin()->first);
  }
  size_t waiting_count() const { return tasks_.size() + delayed_.size(); }

 private:
  void queue_what_is_due() {
    while (!delayed_.empty() && delayed_.begin()->first <= loop_.now()) {
      submit(std::move(delayed_.begin()->second));
      delayed_.erase(delayed_.begin());
    }
    if (!delayed_.empty()) due_timer_->arm_at(delayed_.begin()->first);
  }
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
  std::multimap<MonotonicTime, Task> delayed_;  // the key is the due time
  std::unique_ptr<Timer> timer_;
  std::unique_ptr<Timer> due_timer_;
};

class HandExecutor final : public Executor {
 public:
  void submit(Task task) override { tasks_.push_back(std::move(task)); }
  void submit_after(Duration delay, Task task) override {
    delays.push_back(delay);
    delayed_.push_back(std::move(task));
  }
  // Returns false when there is no task. Delayed tasks run after all others, in the order in which
  // they were submitted.
  bool run_one() {
    if (tasks_.empty()) tasks_.swap(delayed_);
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
  void forget_all() {  // simulates the end of the process
    tasks_.clear();
    delayed_.clear();
  }
  size_t waiting_count() const { return tasks_.size() + delayed_.size(); }

  std::vector<Duration> delays;  // the delays of all submit_after() calls

 private:
  std::deque<Task> tasks_;
  std::deque<Task> delayed_;
};

}  // namespace millrace::io::sim
