// What a destination's breaker means to the batches of one worker: who sends, who waits, and who
// goes back to where it came from.
#include <algorithm>

#include "destination/destination_slot.h"
#include "destination/destination_worker.h"

namespace millrace::pipeline {

using ledger::DropReason;

bool DestinationWorker::asks_breaker() const {
  // Without retries every attempt is answered for at once: there is nobody who could wait. While
  // draining each batch gets its attempt.
  return drain_deadline_ == kNever && (options_.retry.enabled || options_.hands_back);
}

// False: the breaker is open, and the batch waits, has expired waiting or is handed back.
bool DestinationWorker::may_send(Slot& slot, MonotonicTime now) {
  const bool has_waited = slot.pass == Breaker::Pass::kWait;
  const Breaker::Leave leave = asks_breaker() ? destination_.breaker_.ask(now) : Breaker::Leave{};
  slot.pass = leave.pass;
  if (leave.pass != Breaker::Pass::kWait) return true;
  const Duration elapsed_max = options_.retry.max_elapsed_time;
  const MonotonicTime expires_at =
      elapsed_max == 0s ? kNever : slot.flight->first_attempt_at + elapsed_max;
  // Only from the timer, one batch a turn: a whole queue may go this way.
  if (has_waited && (options_.hands_back || now >= expires_at)) {
    give_up_waiting(slot,
                    options_.hands_back ? DropReason::kHandedBack : DropReason::kRetryExpired);
    return false;
  }
  slot.retry_timer->arm_at(options_.hands_back ? now : std::min(leave.again_at, expires_at));
  return false;
}

void DestinationWorker::give_up_waiting(Slot& slot, DropReason reason) {
  drop(*slot.flight, reason,
       {.code = Code::kUnavailable,
        .message = options_.name + ": " + destination_.health().last_answer,
        .retry_after = 1s});
  next(slot);
}

void DestinationWorker::tell_breaker(const Slot& slot, Outcome::Kind kind) {
  switch (kind) {
    case Outcome::Kind::kRetry:  // when the next attempt's time is known: on_retry
      break;
    case Outcome::Kind::kCancelled:
      destination_.breaker_.on_cancelled(slot.pass);
      break;
    default:
      if (destination_.breaker_.on_answered()) destination_.wake_waiting();
  }
}

void DestinationWorker::tell_breaker_of_failure(const Slot& slot, MonotonicTime next_attempt_at) {
  if (!options_.retry.enabled && !options_.hands_back) return;
  if (!destination_.breaker_.on_passing_failure(slot.pass, next_attempt_at)) return;
  if (options_.hands_back) destination_.wake_waiting();
  if (log_ == nullptr) return;
  log_->warn("The destination does not answer: it is probed until it does, everything else waits.",
             {{"exporter", options_.name},
              {"signal", signal_name(options_.signal)},
              {"error", destination_.health().last_answer}});
}

void DestinationWorker::wake_waiting() {
  loop_.post([self = self_] {
    if (*self == nullptr || (*self)->closed_) return;
    for (const auto& slot : (*self)->slots_) {
      const bool waits = slot->pass == Breaker::Pass::kWait || (*self)->options_.hands_back;
      if (slot->flight == nullptr || slot->is_attempting || !waits) continue;
      slot->retry_timer->arm_at((*self)->loop_.now());
    }
  });
}

void Destination::wake_waiting() {
  for (DestinationWorker* worker : workers_) worker->wake_waiting();
}

}  // namespace millrace::pipeline
