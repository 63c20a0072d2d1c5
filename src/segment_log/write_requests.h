// Requests to the write lane. At most one task of the lane is scheduled at a time; it handles the
// requests that were made before it runs. One thread at a time (the log's lock).
#pragma once

#include <functional>
#include <utility>

#include "io/executor.h"

namespace millrace::segment_log {

class WriteRequests {
 public:
  explicit WriteRequests(io::Executor& lane) : lane_(lane) {}
  // The function that a task runs. Before all other calls.
  void set_task(std::function<void()> task) { task_ = std::move(task); }

  bool is_scheduled() const { return is_scheduled_; }
  void schedule() {
    if (is_scheduled_) return;
    is_scheduled_ = true;
    lane_.submit(task_);
  }
  // The lane is to check that the directory is still in its place.
  void schedule_check() {
    wants_check_ = true;
    schedule();
  }
  // The lane is to seal the active segment and to begin another.
  void schedule_new_segment() {
    wants_new_segment_ = true;
    schedule();
  }

  // The task runs; the next request schedules another.
  void begin_task() { is_scheduled_ = false; }
  // No task is scheduled any more.
  void stop() { is_scheduled_ = true; }
  bool take_check() { return std::exchange(wants_check_, false); }
  bool take_new_segment() { return std::exchange(wants_new_segment_, false); }

 private:
  io::Executor& lane_;
  std::function<void()> task_;
  bool is_scheduled_ = false;
  bool wants_check_ = false;
  bool wants_new_segment_ = false;
};

}  // namespace millrace::segment_log
