#include "io/epoll/timer_heap.h"

#include <utility>

namespace millrace::io {

HeapTimer::HeapTimer(TimerHeap& heap, Task task) : heap_(heap), task_(std::move(task)) {
  ++heap_.timer_count_;
}

HeapTimer::~HeapTimer() {
  if (position_ != kOutside) heap_.remove(*this);
  --heap_.timer_count_;
  if (destroyed_ != nullptr) *destroyed_ = true;
}

void HeapTimer::arm_at(MonotonicTime when) {
  deadline_ = when;
  armed_ = true;
  heap_.arm(*this);
}

void TimerHeap::arm(HeapTimer& timer) {
  timer.sequence_ = next_sequence_++;
  if (timer.position_ != HeapTimer::kOutside && timer.deadline_ >= timer.key_) return;
  timer.key_ = timer.deadline_;
  timer.key_sequence_ = timer.sequence_;
  if (timer.position_ == HeapTimer::kOutside) {
    heap_.push_back(&timer);
    timer.position_ = heap_.size() - 1;
  }
  sift_up(timer.position_);
}

void TimerHeap::fire_due(MonotonicTime now) {
  const uint64_t armed_later = next_sequence_;
  while (!heap_.empty() && heap_.front()->key_ <= now) {
    HeapTimer& timer = *heap_.front();
    if (timer.armed_ && timer.key_sequence_ != timer.sequence_) {
      // The deadline was moved since; put the timer at its new position.
      timer.key_ = timer.deadline_;
      timer.key_sequence_ = timer.sequence_;
      sift_down(0);
      continue;
    }
    if (timer.armed_ && timer.sequence_ >= armed_later) break;
    remove(timer);
    if (!timer.armed_) continue;
    timer.armed_ = false;
    // The task may destroy its timer, and must not be destroyed while it runs.
    Task running = std::move(timer.task_);
    bool destroyed = false;
    timer.destroyed_ = &destroyed;
    running();
    if (destroyed) continue;
    timer.destroyed_ = nullptr;
    timer.task_ = std::move(running);
  }
}

void TimerHeap::remove(HeapTimer& timer) {
  const size_t position = timer.position_;
  HeapTimer* last = heap_.back();
  heap_.pop_back();
  timer.position_ = HeapTimer::kOutside;
  if (last == &timer) return;
  place(last, position);
  sift_up(position);
  sift_down(last->position_);
}

void TimerHeap::place(HeapTimer* timer, size_t position) {
  heap_[position] = timer;
  timer->position_ = position;
}

void TimerHeap::sift_up(size_t position) {
  HeapTimer* timer = heap_[position];
  while (position > 0) {
    const size_t parent = (position - 1) / 2;
    if (!before(*timer, *heap_[parent])) break;
    place(heap_[parent], position);
    position = parent;
  }
  place(timer, position);
}

void TimerHeap::sift_down(size_t position) {
  HeapTimer* timer = heap_[position];
  for (;;) {
    size_t child = 2 * position + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && before(*heap_[child + 1], *heap_[child])) ++child;
    if (!before(*heap_[child], *timer)) break;
    place(heap_[child], position);
    position = child;
  }
  place(timer, position);
}

}  // namespace millrace::io
