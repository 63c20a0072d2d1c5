// What is tried again: later, or in smaller parts.
#include <algorithm>
#include <utility>

#include "destination/destination_slot.h"
#include "destination/destination_worker.h"

namespace millrace::pipeline {

using ledger::DropReason;

void DestinationWorker::on_retry(Slot& slot, Outcome outcome) {
  Flight& flight = *slot.flight;
  const MonotonicTime now = loop_.now();
  const RetryOptions& retry = options_.retry;
  const bool was_stalled = destination_.stalled();
  destination_.note_failure(outcome.error.message, loop_.wall_now());
  destination_.concurrency_.on_passing_failure(now);
  Verdict verdict{.code = Code::kUnavailable,
                  .message = options_.name + ": " + outcome.error.message,
                  .retry_after = std::clamp<Duration>(outcome.retry_after.value_or(1s), 1s, 30s)};
  const double jitter = 1.0 + retry.randomization_factor * (2.0 * loop_.random().unit() - 1.0);
  Duration delay = std::chrono::duration_cast<Duration>(std::chrono::duration<double, std::nano>(
      static_cast<double>(flight.interval.count()) * jitter));
  flight.interval = std::min<Duration>(
      retry.max_interval, Duration(static_cast<int64_t>(
                              static_cast<double>(flight.interval.count()) * retry.multiplier)));
  if (drain_deadline_ != kNever) {
    delay = std::min(delay, std::max<Duration>(100ms, (drain_deadline_ - now) / 4));
  }
  delay = std::max({delay, outcome.retry_after.value_or(0s), Duration(1ms)});
  if (outcome.kind == Outcome::Kind::kRetry) tell_breaker_of_failure(slot, now + delay);
  // While draining, what has a record is safe: the next start sends it.
  if (closed_ || (drain_deadline_ != kNever && flight.is_on_disk())) {
    drop(flight, DropReason::kDrainDeadline, verdict);
    next(slot);
    return;
  }
  if (drain_deadline_ != kNever && options_.has_disk_in_front) {
    drop(flight, DropReason::kHandedBack, verdict);
    next(slot);
    return;
  }
  if (!retry.enabled) {
    drop(flight, DropReason::kNotRetried, verdict);
    next(slot);
    return;
  }
  if (options_.hands_back && asks_breaker() && destination_.breaker_.is_open()) {
    give_up_waiting(slot, DropReason::kHandedBack);
    return;
  }
  if (retry.max_elapsed_time != 0s &&
      now + delay > flight.first_attempt_at + retry.max_elapsed_time) {
    drop(flight, DropReason::kRetryExpired, verdict);
    next(slot);
    return;
  }
  destination_.retries_.fetch_add(1, std::memory_order_relaxed);
  if (!flight.is_compact) flight.is_compact = compactor_.compact(flight.bytes);
  if (!was_stalled) sweep_and_compact();
  slot.retry_timer->arm_at(now + delay);
  if (log_ != nullptr && destination_.is_failure_worth_a_line(now)) {
    const DestinationNumbers numbers = destination_.numbers();
    log_->warn("Exporting failed. Will retry the request after interval.",
               {{"exporter", options_.name},
                {"signal", signal_name(options_.signal)},
                {"error", outcome.error.message},
                {"interval_ms", delay.count() / 1'000'000},
                {"queue_size", numbers.queue_size},
                {"queue_capacity", numbers.queue_capacity}});
  }
  // Nothing of this batch is in flight now: others need not wait for it.
  pump(Trigger::kEnqueued);
}

// Cut at request boundaries first, then inside the request; a single item can only be dropped.
void DestinationWorker::on_too_large(Slot& slot, const Outcome& outcome) {
  constexpr uint64_t kLearnedMin = 16 * 1024;
  Flight& flight = *slot.flight;
  destination_.note_failure(outcome.error.message, loop_.wall_now());
  const uint64_t half = std::max<uint64_t>(kLearnedMin, flight.bytes.size() / 2);
  const uint64_t learned = destination_.learned_bytes_max_.load(std::memory_order_relaxed);
  if (flight.bytes.size() > half && (learned == 0 || half < learned)) {
    destination_.learned_bytes_max_.store(half, std::memory_order_relaxed);
  }
  std::vector<std::unique_ptr<Flight>> parts = flight.in_halves();
  if (parts.empty() && flight.signal != Signal::kProfiles) {
    parts = flight.cut(cutter_, {(flight.item_count + 1) / 2, 0});
    if (!parts.empty()) destination_.add_parts(parts.size() - 1);
  }
  if (parts.empty()) {
    drop(flight, DropReason::kTooLarge,
         {.code = Code::kInvalidArgument,
          .message = options_.name + ": too large for the destination: " + outcome.error.message});
    return;
  }
  for (size_t i = parts.size(); i > 0; --i) slot.rest.push_front(std::move(parts[i - 1]));
}

void DestinationWorker::on_bad_data(Slot& slot, const Outcome& outcome) {
  Flight& flight = *slot.flight;
  destination_.note_failure(outcome.error.message, loop_.wall_now());
  std::vector<std::unique_ptr<Flight>> parts = flight.at_request_boundaries();
  if (parts.empty()) {
    drop(flight, DropReason::kBadData,
         {.code = Code::kInvalidArgument,
          .message = options_.name + " refused as bad data: " + outcome.error.message});
    return;
  }
  for (size_t i = parts.size(); i > 0; --i) slot.rest.push_front(std::move(parts[i - 1]));
}

}  // namespace millrace::pipeline
