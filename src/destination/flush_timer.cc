#include "destination/flush_timer.h"

#include <algorithm>
#include <utility>

namespace millrace::pipeline {

FlushTimer::FlushTimer(const Batcher& batcher, const SendWindow& window, Duration flush_timeout,
                       io::Loop& loop, std::function<void()> flush)
    : batcher_(batcher),
      window_(window),
      flush_timeout_(std::max<Duration>(flush_timeout, 1ms)),
      loop_(loop),
      timer_(loop.make_timer(std::move(flush))) {}

void FlushTimer::update(bool has_sent) {
  if (batcher_.is_partitioned()) return follow_partitions();
  // Overdue already: the next permit that comes free is for what is pending.
  if (!batcher_.has_pending() || window_.is_overdue()) {
    if (timer_->armed()) timer_->disarm();
  } else if (has_sent || !timer_->armed()) {
    timer_->arm_at(loop_.now() + flush_timeout_);
  }
}

void FlushTimer::follow_partitions() {
  const MonotonicTime first = batcher_.first_due();
  // A partition that is due already waits for a permit, and the worker will be woken.
  if (first == kNever || first <= loop_.now()) {
    timer_->disarm();
  } else {
    timer_->arm_at(first);
  }
}

}  // namespace millrace::pipeline
