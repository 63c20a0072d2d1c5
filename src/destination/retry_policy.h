// What becomes of a batch whose attempt failed for now, or that waits for the breaker: sent again
// at a time, or dropped with a reason. Pure functions of the options, the attempt and the clock;
// nothing is kept, sent or settled here, so a table tests all of it.
#pragma once

#include <optional>

#include "base/time.h"
#include "ledger/ledger.h"
#include "pipeline/options.h"

namespace millrace::pipeline {

class RetryPolicy {
 public:
  // The batch, as far as the policy must know it.
  struct Attempt {
    MonotonicTime first_attempt_at{};
    Duration interval{};                       // the back-off of this failure, before jitter
    std::optional<Duration> retry_after = {};  // the destination's own wish
    bool is_on_disk = false;                   // all of it has a record in the log
  };
  // The destination and its worker, as far as the policy must know them.
  struct Situation {
    MonotonicTime now{};
    MonotonicTime drain_deadline = kNever;  // kNever: it is not draining
    bool is_closed = false;                 // nothing is sent any more
    bool is_breaker_open = false;
  };
  struct Backoff {
    Duration delay{};          // from the failure to the next attempt
    Duration next_interval{};  // the interval of the next failure
  };
  struct Decision {
    std::optional<ledger::DropReason> drop = {};  // empty: sent again
    MonotonicTime attempt_at{};                   // when; only if it is sent again
    Duration sender_retry_after{};                // for a waiting sender; only if it is dropped
  };

  // `options` outlives this.
  explicit RetryPolicy(const DestinationOptions& options) : options_(options) {}

  // The interval of a batch that is sent for the first time.
  Duration first_interval() const;
  // `random_unit` is of [0, 1).
  Backoff back_off(const Attempt& attempt, const Situation& situation, double random_unit) const;
  Decision decide(const Attempt& attempt, const Situation& situation, Duration delay) const;

  // Whether an attempt has to ask the breaker first. Without retries every attempt is settled at
  // once, so nothing could wait. While draining each batch gets its attempt.
  bool asks_breaker(const Situation& situation) const {
    return situation.drain_deadline == kNever && reports_to_breaker();
  }
  bool reports_to_breaker() const { return options_.retry.enabled || options_.hands_back; }
  // The breaker said: not before `ask_again_at`. `has_waited`: it has said so before, and the time
  // that was decided then has come. Where batches are handed back each takes one such turn, because
  // a whole queue may go this way.
  Decision decide_waiting(const Attempt& attempt, const Situation& situation,
                          MonotonicTime ask_again_at, bool has_waited) const;

 private:
  MonotonicTime expires_at(const Attempt& attempt) const;

  const DestinationOptions& options_;
};

}  // namespace millrace::pipeline
