// Timers in a binary heap with lazy updates. Moving a deadline to a later time (an idle timer at
// each request) or disarming only stores the new deadline; the heap is corrected when the old time
// comes. Arming earlier, or for the first time, is O(log n). One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/time.h"
#include "io/loop.h"

namespace millrace::io {

class TimerHeap;

class HeapTimer final : public Timer {
 public:
  HeapTimer(TimerHeap& heap, Task task);
  ~HeapTimer() override;
  void arm_at(MonotonicTime when) override;
  void disarm() override { armed_ = false; }
  bool armed() const override { return armed_; }

 private:
  friend class TimerHeap;
  static constexpr size_t kOutside = static_cast<size_t>(-1);

  TimerHeap& heap_;
  Task task_;
  MonotonicTime deadline_{};
  uint64_t sequence_ = 0;  // the order of arming; equal deadlines fire in this order
  // The timer's position in the heap, which may be earlier than its deadline.
  MonotonicTime key_{};
  uint64_t key_sequence_ = 0;
  size_t position_ = kOutside;
  bool armed_ = false;
  bool* destroyed_ = nullptr;  // set while the task runs
};

class TimerHeap {
 public:
  // When fire_due() must be called; kNever without timers. May be early, never late.
  MonotonicTime next_time() const { return heap_.empty() ? kNever : heap_.front()->key_; }
  // Runs due tasks. A timer that is armed for the past meanwhile fires in the next call.
  void fire_due(MonotonicTime now);
  size_t timer_count() const { return timer_count_; }

 private:
  friend class HeapTimer;
  static bool before(const HeapTimer& a, const HeapTimer& b) {
    return a.key_ != b.key_ ? a.key_ < b.key_ : a.key_sequence_ < b.key_sequence_;
  }
  void arm(HeapTimer& timer);
  void remove(HeapTimer& timer);
  void place(HeapTimer* timer, size_t position);
  void sift_up(size_t position);
  void sift_down(size_t position);

  std::vector<HeapTimer*> heap_;
  uint64_t next_sequence_ = 0;
  size_t timer_count_ = 0;
};

}  // namespace millrace::io
