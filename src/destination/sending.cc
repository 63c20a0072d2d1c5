// A batch's way: a place in flight, an attempt, its answer, and what goes next. What an answer
// means is in settling.cc and retrying.cc.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "destination/destination_slot.h"
#include "destination/destination_worker.h"

namespace millrace::pipeline {

using ledger::DropReason;

DestinationWorker::Slot& DestinationWorker::free_slot() {
  for (const auto& slot : slots_) {
    if (slot->flight == nullptr) return *slot;
  }
  slots_.push_back(std::make_unique<Slot>());
  Slot& slot = *slots_.back();
  slot.retry_timer = loop_.make_timer([this, &slot] { attempt(slot); });
  return slot;
}

void DestinationWorker::start(Slot& slot, std::unique_ptr<Flight> flight) {
  slot.flight = std::move(flight);
  if (destination_.batch_observer_ && slot.flight->first_attempt_at == kNever) {
    destination_.batch_observer_(slot.flight->item_count, slot.flight->bytes.size());
  }
  attempt(slot);
}

void DestinationWorker::attempt(Slot& slot) {
  Flight& flight = *slot.flight;
  const MonotonicTime now = loop_.now();
  if (flight.first_attempt_at == kNever) {
    flight.first_attempt_at = now;
    flight.interval = std::min(options_.retry.initial_interval, options_.retry.max_interval);
  }
  if (!may_send(slot, now)) return;
  flight.attempted_at = now;
  slot.is_attempting = true;
  destination_.active_.fetch_add(1);
  const MonotonicTime deadline = options_.timeout == 0s ? kNever : now + options_.timeout;
  exporter_->send_batch({.signal = flight.signal,
                         .item_count = static_cast<uint32_t>(flight.item_count),
                         .bytes = flight.bytes,
                         .metadata = flight.metadata},
                        deadline, [self = self_, &slot](Outcome outcome) {
                          if (*self != nullptr) (*self)->on_outcome(slot, std::move(outcome));
                        });
}

void DestinationWorker::on_outcome(Slot& slot, Outcome outcome) {
  MILLRACE_CHECK(slot.is_attempting);
  slot.is_attempting = false;
  destination_.active_.fetch_sub(1);
  Flight& flight = *slot.flight;
  const MonotonicTime now = loop_.now();
  using Kind = Outcome::Kind;
  tell_breaker(slot, outcome.kind);
  if (outcome.kind == Kind::kDelivered || outcome.kind == Kind::kPartial) {
    destination_.concurrency_.on_answered(now - flight.attempted_at);
    if (destination_.note_success(now, loop_.wall_now()) && log_ != nullptr) {
      log_->info("Exporting works again.",
                 {{"exporter", options_.name}, {"signal", signal_name(options_.signal)}});
    }
  } else if (dead_letters_ != nullptr) {
    flight.answer = outcome.error;
  }
  const Verdict final_refusal{.code = code_of_final_refusal(outcome.error.code),
                              .message = options_.name + " refused: " + outcome.error.message};
  switch (outcome.kind) {
    case Kind::kDelivered:
    case Kind::kPartial:
      on_delivered(flight, outcome);
      break;
    case Kind::kRetry:
    case Kind::kCancelled:
      on_retry(slot, std::move(outcome));
      return;
    case Kind::kTooLarge:
      on_too_large(slot, outcome);
      break;
    case Kind::kBadData:
      on_bad_data(slot, outcome);
      break;
    case Kind::kRefused:
      destination_.note_failure(outcome.error.message, loop_.wall_now());
      drop(flight, DropReason::kRefused, final_refusal);
      break;
  }
  next(slot);
}

// The slot's batch is answered for: what was cut from it, else whatever waits, goes next. The
// place is kept while this worker has requests left over, so that their order is kept as well.
void DestinationWorker::next(Slot& slot) {
  slot.flight.reset();
  slot.pass = Breaker::Pass::kSend;
  // The memory of an outage ends with it.
  if (!destination_.stalled() || compactor_.is_unused()) compactor_.close();
  if (closed_) {
    while (!slot.rest.empty()) {
      drop(*slot.rest.front(), DropReason::kDrainDeadline,
           {.code = Code::kUnavailable, .message = "shutting down", .retry_after = 1s});
      slot.rest.pop_front();
    }
    give_back_slot();
    return;
  }
  if (!slot.rest.empty()) {
    std::unique_ptr<Flight> rest = std::move(slot.rest.front());
    slot.rest.pop_front();
    start(slot, std::move(rest));
    return;
  }
  if (partitioned()) sort_into_partitions();
  const bool within_limit = destination_.concurrency_.held() <= destination_.concurrency_.limit();
  if (within_limit && is_ready(Trigger::kSlotFree)) {
    if (std::unique_ptr<Flight> flight = form_whole(Trigger::kSlotFree); flight != nullptr) {
      start(slot, std::move(flight));
      pump(Trigger::kEnqueued);
      return;
    }
    if (std::exchange(place_is_kept_, false)) {
      pump(Trigger::kEnqueued);
      return;
    }
  }
  give_back_slot();
  if (any_waits()) pump(Trigger::kEnqueued);
}

void DestinationWorker::give_back_slot() {
  destination_.concurrency_.give_back();
  if (destination_.starved_.load() != 0) destination_.wake_starved();
}

void DestinationWorker::wake_for_slot() {
  if (!starving_.exchange(false)) return;
  destination_.starved_.fetch_sub(1);
  loop_.post([self = self_] {
    if (*self != nullptr) (*self)->pump(Trigger::kSlotFree);
  });
}

}  // namespace millrace::pipeline
