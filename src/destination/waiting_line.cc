// The line of submissions that wait for room in a destination, on one worker.
#include <algorithm>
#include <utility>

#include "destination/destination_worker.h"

namespace millrace::pipeline {

void DestinationWorker::wait_for_room(Retry retry, MonotonicTime deadline, GiveUp give_up) {
  destination_.blocked_.fetch_add(1);
  line_.push_back({std::move(retry), deadline, std::move(give_up)});
  arm_line_timer();
  // Room may have come between the refused reservation and the count above.
  wake_for_room();
}

void DestinationWorker::wake_for_room() {
  if (room_posted_.exchange(true)) return;
  loop_.post([self = self_] {
    if (*self == nullptr) return;
    (*self)->room_posted_.store(false);
    (*self)->on_room();
  });
}

void DestinationWorker::on_room() {
  while (!line_.empty()) {
    if (!line_.front().retry()) break;
    line_.pop_front();
    destination_.blocked_.fetch_sub(1);
  }
  arm_line_timer();
}

void DestinationWorker::arm_line_timer() {
  MonotonicTime first = kNever;
  for (const Waiter& waiter : line_) first = std::min(first, waiter.deadline);
  if (first == kNever) {
    line_timer_->disarm();
  } else {
    line_timer_->arm_at(first);
  }
}

void DestinationWorker::on_line_timer() {
  std::deque<Waiter> late;
  const bool all = closed_ || destination_.draining_.load();
  for (auto waiter = line_.begin(); waiter != line_.end();) {
    if (!all && waiter->deadline > loop_.now()) {
      ++waiter;
      continue;
    }
    late.push_back(std::move(*waiter));
    waiter = line_.erase(waiter);
    destination_.blocked_.fetch_sub(1);
  }
  arm_line_timer();
  for (Waiter& waiter : late) waiter.give_up();
}

}  // namespace millrace::pipeline
