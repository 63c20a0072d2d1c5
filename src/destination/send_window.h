// How much of one destination is in flight, over all workers, and what they must know of each other
// to schedule: permits, attempts under way, and whether a batch is overdue or being formed.
//
// A permit is the right to have one batch in flight, from its first attempt until it is settled. A
// batch that waits for its retry keeps its permit, so that what a dead destination holds is
// bounded.
//
// Threads: any. All of it is sequentially consistent against the sending queue's count of what is
// pending: a worker enqueues first and then looks here, or gives back here first and then looks for
// what is pending, so one of the two sees the other.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <utility>

#include "base/check.h"
#include "base/time.h"
#include "destination/concurrency.h"
#include "pipeline/options.h"

namespace millrace::pipeline {

class SendWindow {
 public:
  // `on_free` runs when a permit was given back while a worker starves for one; any thread.
  SendWindow(const ConcurrencyOptions& options, std::function<void()> on_free)
      : limit_(options), on_free_(std::move(on_free)) {}

  // --- Permits ---
  bool try_acquire() { return limit_.try_acquire(); }
  void release() {
    limit_.release();
    if (starving_.load() != 0) on_free_();
  }
  // False: the limit has shrunk below what is held, and a permit that comes free stays unused.
  bool is_within_limit() const { return limit_.held() <= limit_.limit(); }
  uint32_t limit() const { return limit_.limit(); }
  // A worker that has requests of its own and found no permit. It tries once more after this.
  void begin_starving() { starving_.fetch_add(1); }
  void end_starving() {
    const uint32_t before = starving_.fetch_sub(1);
    MILLRACE_CHECK(before != 0);
  }

  // --- Attempts ---
  void begin_attempt() { attempts_.fetch_add(1); }
  void end_attempt() {
    const uint32_t before = attempts_.fetch_sub(1);
    MILLRACE_CHECK(before != 0);
  }
  uint32_t attempts() const { return attempts_.load(); }
  // What attempts teach the limit.
  void on_answered(Duration latency) { limit_.on_answered(latency); }
  void on_passing_failure(MonotonicTime now) { limit_.on_passing_failure(now); }

  // --- Forming ---
  // flush_timeout has passed and no batch was formed since: the next permit that comes free is for
  // what is pending, however little.
  void set_overdue() { is_overdue_.store(true); }
  void clear_overdue() { is_overdue_.store(false); }
  bool is_overdue() const { return is_overdue_.load(); }
  // One worker at a time forms a batch that has a minimum: two that see the minimum at the same
  // time would each take a part of it, and send two batches below it.
  bool try_begin_forming() { return !is_forming_.exchange(true); }
  void end_forming() { is_forming_.store(false); }

 private:
  ConcurrencyLimit limit_;
  const std::function<void()> on_free_;
  std::atomic<uint32_t> attempts_{0};
  std::atomic<uint32_t> starving_{0};  // workers
  std::atomic<bool> is_forming_{false};
  std::atomic<bool> is_overdue_{false};
};

}  // namespace millrace::pipeline
