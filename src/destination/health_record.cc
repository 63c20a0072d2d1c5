#include "destination/health_record.h"

namespace millrace::pipeline {
namespace {

constexpr Duration kFailureLineInterval = 10s;

}  // namespace

bool HealthRecord::note_success(MonotonicTime now, WallTime wall) {
  last_success_ns_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  // The answer's text changes only when a failure ends: the lock stays off the usual path.
  if (consecutive_failures_.load(std::memory_order_relaxed) == 0 ||
      consecutive_failures_.exchange(0, std::memory_order_relaxed) == 0) {
    return false;
  }
  const MutexLock lock(mutex_);
  last_answer_ = "OK";
  last_answer_at_ = wall;
  return failure_was_logged_.exchange(false, std::memory_order_relaxed);
}

void HealthRecord::note_failure(const std::string& error, WallTime wall) {
  consecutive_failures_.fetch_add(1, std::memory_order_relaxed);
  const MutexLock lock(mutex_);
  last_answer_ = error;
  last_answer_at_ = wall;
}

bool HealthRecord::is_failure_worth_a_line(MonotonicTime now) {
  const int64_t now_ns = now.time_since_epoch().count();
  int64_t next = next_failure_line_ns_.load(std::memory_order_relaxed);
  if (next != 0 && now_ns < next) return false;
  if (!next_failure_line_ns_.compare_exchange_strong(next, now_ns + kFailureLineInterval.count(),
                                                     std::memory_order_relaxed)) {
    return false;
  }
  failure_was_logged_.store(true, std::memory_order_relaxed);
  return true;
}

DestinationHealth HealthRecord::snapshot() const {
  DestinationHealth health;
  health.consecutive_failures = consecutive_failures_.load(std::memory_order_relaxed);
  if (const int64_t at = last_success_ns_.load(std::memory_order_relaxed); at != 0) {
    health.last_success = MonotonicTime(Duration(at));
  }
  const MutexLock lock(mutex_);
  health.last_answer = last_answer_;
  if (last_answer_at_ != WallTime{}) {
    health.last_answer_at = last_answer_at_;
  } else if (health.last_success) {
    health.last_answer = "OK";
  }
  return health;
}

}  // namespace millrace::pipeline
