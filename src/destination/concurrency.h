// How many batches may be in flight to one destination: additive increase while all permits are
// used, multiplicative decrease on passing failures and on latency that grows.
//
// Threads: safe from any. The limit itself is advice that moves slowly, so updates race
// harmlessly: a lost one is a step taken later.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/time.h"
#include "pipeline/options.h"

namespace millrace::pipeline {

class ConcurrencyLimit {
 public:
  explicit ConcurrencyLimit(ConcurrencyOptions options);

  uint32_t limit() const { return limit_.load(std::memory_order_relaxed) / kScale; }
  uint32_t held() const { return held_.load(std::memory_order_relaxed); }
  // Sequentially consistent, as is release: a thread that enqueued and found no permit, and one
  // that gives a permit back and looks into the queue, must not both miss the other.
  bool try_acquire();
  void release() { held_.fetch_sub(1, std::memory_order_seq_cst); }

  void on_answered(Duration latency);
  void on_passing_failure(MonotonicTime now);

 private:
  static constexpr uint32_t kScale = 256;  // fixed point
  void shrink(MonotonicTime now);

  const uint32_t min_;
  const uint32_t max_;
  const bool adaptive_;
  std::atomic<uint32_t> limit_;    // times kScale; written by the worker that hears an answer
  std::atomic<uint32_t> held_{0};  // exact; see try_acquire
  std::atomic<int64_t> last_shrink_ns_{0};  // relaxed: at most one shrink a second
  std::atomic<int64_t> usual_ns_{0};        // slow mean of the latency; relaxed
};

}  // namespace millrace::pipeline
