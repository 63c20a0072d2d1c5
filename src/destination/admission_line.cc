#include "destination/admission_line.h"

#include <algorithm>
#include <utility>

namespace millrace::pipeline {

AdmissionLine::AdmissionLine(SendingQueue& queue, io::Loop& loop)
    : queue_(queue),
      loop_(loop),
      timer_(loop.make_timer([this] { expire(queue_.is_draining() ? kNever : loop_.now()); })),
      self_(std::make_shared<AdmissionLine*>(this)) {}

void AdmissionLine::wait(Retry retry, MonotonicTime deadline, Expire expire) {
  queue_.begin_waiting();
  line_.push_back({std::move(retry), deadline, std::move(expire)});
  arm_timer();
  // Room may have come between the refused reservation and begin_waiting.
  wake();
}

void AdmissionLine::wake() {
  if (is_woken_.exchange(true)) return;
  loop_.post([self = self_] {
    if (*self == nullptr) return;
    (*self)->is_woken_.store(false);
    (*self)->try_in_order();
  });
}

void AdmissionLine::try_in_order() {
  while (!line_.empty() && line_.front().retry()) {
    line_.pop_front();
    queue_.end_waiting();
  }
  arm_timer();
}

void AdmissionLine::expire(MonotonicTime now) {
  std::deque<Waiting> late;
  for (auto waiting = line_.begin(); waiting != line_.end();) {
    if (waiting->deadline > now) {
      ++waiting;
      continue;
    }
    late.push_back(std::move(*waiting));
    waiting = line_.erase(waiting);
    queue_.end_waiting();
  }
  arm_timer();
  for (Waiting& waiting : late) waiting.expire();
}

void AdmissionLine::arm_timer() {
  MonotonicTime first = kNever;
  for (const Waiting& waiting : line_) first = std::min(first, waiting.deadline);
  if (first == kNever) {
    timer_->disarm();
  } else {
    timer_->arm_at(first);
  }
}

}  // namespace millrace::pipeline
