// A destination that fails is probed, not hammered: after so many passing failures in a row its
// breaker opens; then one attempt at a time is let through, after the back-off of the attempt
// that failed last, and everything else waits. The first answer that shows it alive closes it.
//
// Closed it costs a relaxed load for each attempt. Threads: safe from any; all workers of a
// destination share one.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/mutex.h"
#include "base/time.h"

namespace millrace::pipeline {

class Breaker {
 public:
  // 0: it never opens.
  explicit Breaker(uint32_t failures_to_open) : failures_to_open_(failures_to_open) {}

  enum class Pass : uint8_t {
    kSend,   // it is closed
    kProbe,  // it is open, and this attempt is the one that finds out
    kWait,   // it is open: not now
  };
  struct Leave {
    Pass pass = Pass::kSend;
    MonotonicTime again_at{};  // kWait: ask again then, or when it has closed
  };
  // After kProbe the caller must call exactly one of the three functions below.
  Leave ask(MonotonicTime now);

  // How an attempt ended. The destination answered, whatever it said of the data; true: the breaker
  // was open, and waiting batches may be sent.
  bool on_answered();
  // It did not, or asked to come back: the next probe is due at `probe_at`. True: this opened it.
  bool on_passing_failure(Pass pass, MonotonicTime probe_at);
  // Nothing was learnt.
  void on_cancelled(Pass pass);

  bool is_open() const { return open_.load(std::memory_order_relaxed); }
  // How often it has opened.
  uint64_t opened_count() const { return opened_.load(std::memory_order_relaxed); }

 private:
  const uint32_t failures_to_open_;
  Mutex mutex_;  // locked only while anything fails
  MonotonicTime probe_at_ MILLRACE_GUARDED_BY(mutex_){};
  bool is_probing_ MILLRACE_GUARDED_BY(mutex_) = false;
  // Written under the mutex, read without it. Release and acquire: a thread that sees it closed may
  // send, and nothing else hangs on it.
  std::atomic<bool> open_{false};
  std::atomic<uint32_t> failures_{0};  // in a row; as open_
  std::atomic<uint64_t> opened_{0};    // for metrics
};

}  // namespace millrace::pipeline
