// Whether a destination answers, what it said last, and when the log should say so.
//
// Threads: any; the lock is taken by failures and by their end only.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "base/mutex.h"
#include "base/time.h"

namespace millrace::pipeline {

struct DestinationHealth {
  uint32_t consecutive_failures = 0;  // attempts since the last success
  std::optional<MonotonicTime> last_success;
  std::string last_answer;  // what it said last, "OK" or the error
  std::optional<WallTime> last_answer_at;
};

class HealthRecord {
 public:
  // Returns whether it ends failures that were logged.
  bool note_success(MonotonicTime now, WallTime wall);
  void note_failure(const std::string& error, WallTime wall);
  // The last attempt failed: what is pending will wait for long.
  bool is_failing() const { return consecutive_failures_.load(std::memory_order_relaxed) != 0; }
  // True at most once in ten seconds: a dead destination fails all its batches at once, and must
  // not use up what the log allows the others.
  bool is_failure_worth_a_line(MonotonicTime now);
  DestinationHealth snapshot() const;

 private:
  std::atomic<uint32_t> consecutive_failures_{0};  // relaxed, as all atomics here: for people
  std::atomic<int64_t> next_failure_line_ns_{0};   // when the log may speak of a failure again
  std::atomic<bool> failure_was_logged_{false};
  std::atomic<int64_t> last_success_ns_{0};  // 0: never
  mutable Mutex mutex_;
  std::string last_answer_ MILLRACE_GUARDED_BY(mutex_);
  WallTime last_answer_at_ MILLRACE_GUARDED_BY(mutex_){};
};

}  // namespace millrace::pipeline
