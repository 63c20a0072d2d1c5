// The order of all events in a simulated world: by virtual time, then by insertion.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/time.h"
#include "io/loop.h"
#include "io/sim/running_host.h"

namespace millrace::io::sim {

class EventQueue {
 public:
  MonotonicTime now() const { return now_; }
  bool empty() const { return heap_.empty(); }
  MonotonicTime next_time() const { return heap_.empty() ? kNever : heap_.front().when; }
  // Runs `task` at `when`; a time in the past means now.
  void at(MonotonicTime when, Task task) {
    const RunningHost none(kNoHost);
    uint32_t index = static_cast<uint32_t>(tasks_.size());
    if (free_.empty()) {
      tasks_.push_back(std::move(task));
    } else {
      index = free_.back();
      free_.pop_back();
      tasks_[index] = std::move(task);
    }
    heap_.push_back(Event{std::max(when, now_), next_sequence_++, index});
    std::push_heap(heap_.begin(), heap_.end(), Later());
  }
  void after(Duration delay, Task task) { at(now_ + delay, std::move(task)); }
  // Moves the clock to the next event and runs it. Precondition: not empty.
  void run_next() {
    std::pop_heap(heap_.begin(), heap_.end(), Later());
    const Event event = heap_.back();
    heap_.pop_back();
    now_ = event.when;
    Task task = std::move(tasks_[event.task]);
    free_.push_back(event.task);
    task();
  }
  // Precondition: no event is due before `when`.
  void advance_to(MonotonicTime when) { now_ = std::max(now_, when); }

 private:
  // Small, because the heap moves events; their tasks are not moved.
  struct Event {
    MonotonicTime when;
    uint64_t sequence;
    uint32_t task;
  };
  struct Later {
    bool operator()(const Event& a, const Event& b) const {
      return a.when != b.when ? a.when > b.when : a.sequence > b.sequence;
    }
  };

  // Not zero, so that code that treats a time of zero as "unset" fails.
  MonotonicTime now_{1'000s};
  uint64_t next_sequence_ = 0;
  std::vector<Event> heap_;
  std::vector<Task> tasks_;     // the index is Event::task
  std::vector<uint32_t> free_;  // unused indexes of tasks_
};

}  // namespace millrace::io::sim
