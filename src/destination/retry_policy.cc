#include "destination/retry_policy.h"

#include <algorithm>
#include <chrono>

namespace millrace::pipeline {
namespace {

using ledger::DropReason;

// Bounds of a sender's retry hint, whatever the destination wishes: neither at once nor in an hour.
constexpr Duration kSenderWaitMin = 1s;
constexpr Duration kSenderWaitMax = 30s;
// During a drain a batch is tried about four times before the deadline.
constexpr Duration kDrainDelayMin = 100ms;
constexpr int kAttemptsInDrain = 4;

Duration times(Duration duration, double factor) {
  return std::chrono::duration_cast<Duration>(
      std::chrono::duration<double, std::nano>(static_cast<double>(duration.count()) * factor));
}

}  // namespace

Duration RetryPolicy::first_interval() const {
  return std::min(options_.retry.initial_interval, options_.retry.max_interval);
}

MonotonicTime RetryPolicy::expires_at(const Attempt& attempt) const {
  const Duration elapsed_max = options_.retry.max_elapsed_time;
  return elapsed_max == 0s ? kNever : attempt.first_attempt_at + elapsed_max;
}

RetryPolicy::Backoff RetryPolicy::back_off(const Attempt& attempt, const Situation& situation,
                                           double random_unit) const {
  const RetryOptions& retry = options_.retry;
  Backoff backoff;
  backoff.delay =
      times(attempt.interval, 1.0 + retry.randomization_factor * (2.0 * random_unit - 1.0));
  if (situation.drain_deadline != kNever) {
    const Duration left = situation.drain_deadline - situation.now;
    backoff.delay = std::min(backoff.delay, std::max(kDrainDelayMin, left / kAttemptsInDrain));
  }
  backoff.delay = std::max({backoff.delay, attempt.retry_after.value_or(0s), Duration(1ms)});
  backoff.next_interval = std::min(retry.max_interval, times(attempt.interval, retry.multiplier));
  return backoff;
}

RetryPolicy::Decision RetryPolicy::decide(const Attempt& attempt, const Situation& situation,
                                          Duration delay) const {
  const Duration sender_wait =
      std::clamp(attempt.retry_after.value_or(kSenderWaitMin), kSenderWaitMin, kSenderWaitMax);
  const auto drop = [&](DropReason reason) {
    return Decision{.drop = reason, .sender_retry_after = sender_wait};
  };
  const bool is_draining = situation.drain_deadline != kNever;
  // While draining, what has a record is safe: the next start sends it.
  if (situation.is_closed || (is_draining && attempt.is_on_disk)) {
    return drop(DropReason::kDrainDeadline);
  }
  if (is_draining && options_.has_disk_in_front) return drop(DropReason::kHandedBack);
  if (!options_.retry.enabled) return drop(DropReason::kNotRetried);
  if (options_.hands_back && !is_draining && situation.is_breaker_open) {
    return {.drop = DropReason::kHandedBack, .sender_retry_after = kSenderWaitMin};
  }
  const MonotonicTime expiry = expires_at(attempt);
  if (expiry != kNever && situation.now + delay > expiry) return drop(DropReason::kRetryExpired);
  return {.attempt_at = situation.now + delay};
}

RetryPolicy::Decision RetryPolicy::decide_waiting(const Attempt& attempt,
                                                  const Situation& situation,
                                                  MonotonicTime ask_again_at,
                                                  bool has_waited) const {
  if (options_.hands_back) {
    if (!has_waited) return {.attempt_at = situation.now};
    return {.drop = DropReason::kHandedBack, .sender_retry_after = kSenderWaitMin};
  }
  const MonotonicTime expiry = expires_at(attempt);
  if (has_waited && situation.now >= expiry) {
    return {.drop = DropReason::kRetryExpired, .sender_retry_after = kSenderWaitMin};
  }
  return {.attempt_at = std::min(ask_again_at, expiry)};
}

}  // namespace millrace::pipeline
