#include "destination/sender.h"

#include <algorithm>
#include <utility>

#include "base/allocation_name.h"
#include "base/check.h"

namespace millrace::pipeline {

using Kind = Outcome::Kind;

Sender::Sender(Destination& destination, const RetryPolicy& policy, io::Loop& loop,
               std::unique_ptr<Exporter> exporter, Logger* log, Events events)
    : destination_(destination),
      options_(destination.options()),
      policy_(policy),
      loop_(loop),
      exporter_(std::move(exporter)),
      log_(log),
      events_(std::move(events)),
      self_(std::make_shared<Sender*>(this)) {}

Sender::~Sender() { stop_listening(); }

RetryPolicy::Situation Sender::situation() const {
  return {.now = loop_.now(),
          .drain_deadline = drain_deadline_,
          .is_closed = is_closed_,
          .is_breaker_open = destination_.breaker().is_open()};
}

RetryPolicy::Attempt Sender::attempt_of(const Flight& flight) {
  return {.first_attempt_at = flight.first_attempt_at,
          .interval = flight.interval,
          .is_on_disk = flight.is_on_disk()};
}

// --- Attempts ----------------------------------------------------------------------------------

Sender::Slot& Sender::free_slot() {
  for (const auto& slot : slots_) {
    if (slot->flight == nullptr) return *slot;
  }
  slots_.push_back(std::make_unique<Slot>());
  Slot& slot = *slots_.back();
  slot.timer = loop_.make_timer([this, &slot] { attempt(slot); });
  return slot;
}

void Sender::start(Slot* where, std::unique_ptr<Flight> flight) {
  MILLRACE_CHECK(!is_closed_);
  Slot& slot = where != nullptr ? *where : free_slot();
  MILLRACE_CHECK(!slot.is_attempting);
  slot.pass = Breaker::Pass::kSend;
  slot.flight = std::move(flight);
  if (slot.flight->first_attempt_at == kNever) {
    const BatchObserver& observe = destination_.batch_observer();
    if (observe) observe(slot.flight->item_count, slot.flight->bytes.size());
    destination_.flow().batch_items.record(slot.flight->item_count);
    slot.flight->first_attempt_at = loop_.now();
    slot.flight->interval = policy_.first_interval();
  }
  attempt(slot);
}

void Sender::finish(Slot& slot) {
  MILLRACE_CHECK(!slot.is_attempting);
  slot.flight.reset();
  slot.pass = Breaker::Pass::kSend;
}

void Sender::follow_with(Slot& slot, std::vector<std::unique_ptr<Flight>> parts) {
  for (size_t i = parts.size(); i > 0; --i) slot.rest.push_front(std::move(parts[i - 1]));
}

bool Sender::start_rest(Slot& slot) {
  if (slot.rest.empty()) return false;
  std::unique_ptr<Flight> next = std::move(slot.rest.front());
  slot.rest.pop_front();
  start(&slot, std::move(next));
  return true;
}

void Sender::attempt(Slot& slot) {
  Flight& flight = *slot.flight;
  const MonotonicTime now = loop_.now();
  if (!may_send(slot, now)) return;
  flight.attempted_at = now;
  slot.is_attempting = true;
  destination_.window().begin_attempt();
  const MonotonicTime deadline = options_.timeout == 0s ? kNever : now + options_.timeout;
  Rope bytes = [&flight] {
    const AllocationName name("term queues");  // the list is part of each request's slot
    return flight.bytes;
  }();
  exporter_->send_batch({.signal = flight.signal,
                         .item_count = static_cast<uint32_t>(flight.item_count),
                         .bytes = std::move(bytes),
                         .metadata = flight.metadata},
                        deadline, [self = self_, &slot](Outcome outcome) {
                          if (*self != nullptr) (*self)->on_outcome(slot, std::move(outcome));
                        });
}

// False: the breaker is open. The batch waits, or is to be dropped.
bool Sender::may_send(Slot& slot, MonotonicTime now) {
  const bool has_waited = slot.pass == Breaker::Pass::kWait;
  const RetryPolicy::Situation situation = this->situation();
  const Breaker::Leave leave =
      policy_.asks_breaker(situation) ? destination_.breaker().ask(now) : Breaker::Leave{};
  slot.pass = leave.pass;
  if (leave.pass != Breaker::Pass::kWait) return true;
  const RetryPolicy::Decision decision =
      policy_.decide_waiting(attempt_of(*slot.flight), situation, leave.again_at, has_waited);
  if (decision.drop) {
    events_.on_expired(slot, decision);
  } else {
    slot.timer->arm_at(decision.attempt_at);
  }
  return false;
}

void Sender::on_outcome(Slot& slot, Outcome outcome) {
  MILLRACE_CHECK(slot.is_attempting);
  slot.is_attempting = false;
  destination_.window().end_attempt();
  const MonotonicTime now = loop_.now();
  Answer answer{.begins_outage = !destination_.health_record().is_failing()};
  note_answered(slot, outcome, now);
  answer.outcome = std::move(outcome);
  events_.on_answer(slot, answer);
}

// Records what the answer says of the destination, whatever becomes of the batch.
void Sender::note_answered(Slot& slot, const Outcome& outcome, MonotonicTime now) {
  // The breaker hears of a passing failure when the time of the next attempt is known.
  if (outcome.kind == Kind::kCancelled) {
    destination_.breaker().on_cancelled(slot.pass);
  } else if (outcome.kind != Kind::kRetry && destination_.breaker().on_answered()) {
    destination_.wake_for_breaker();
  }
  if (outcome.kind == Kind::kDelivered || outcome.kind == Kind::kPartial) {
    const Duration latency = now - slot.flight->attempted_at;
    destination_.window().on_answered(latency);
    destination_.flow().latency_ns.record(static_cast<uint64_t>(latency.count()));
    if (destination_.health_record().note_success(now, loop_.wall_now()) && log_ != nullptr) {
      log_->info("Exporting works again.",
                 {{"exporter", options_.name}, {"signal", signal_name(options_.signal)}});
    }
    return;
  }
  destination_.health_record().note_failure(outcome.error.message, loop_.wall_now());
  if (outcome.kind == Kind::kRetry || outcome.kind == Kind::kCancelled) {
    destination_.window().on_passing_failure(now);
  }
}

// --- Waiting -----------------------------------------------------------------------------------

void Sender::retry_at(Slot& slot, MonotonicTime when, const Error& error) {
  const MonotonicTime now = loop_.now();
  destination_.counters().add_retry();
  slot.timer->arm_at(when);
  if (log_ == nullptr || !destination_.health_record().is_failure_worth_a_line(now)) return;
  const DestinationNumbers numbers = destination_.numbers();
  log_->warn("Exporting failed. Will retry the request after interval.",
             {{"exporter", options_.name},
              {"signal", signal_name(options_.signal)},
              {"error", error.message},
              {"interval_ms", (when - now).count() / 1'000'000},
              {"queue_size", numbers.queue_size},
              {"queue_capacity", numbers.queue_capacity}});
}

void Sender::report_failure(const Slot& slot, MonotonicTime next_attempt_at) {
  if (!policy_.reports_to_breaker()) return;
  if (!destination_.breaker().on_passing_failure(slot.pass, next_attempt_at)) return;
  if (options_.hands_back) destination_.wake_for_breaker();
  if (log_ == nullptr) return;
  log_->warn("The destination does not answer: it is probed until it does, everything else waits.",
             {{"exporter", options_.name},
              {"signal", signal_name(options_.signal)},
              {"error", destination_.health().last_answer}});
}

void Sender::wake_for_breaker() {
  loop_.post([self = self_] {
    if (*self != nullptr) (*self)->look_at_breaker();
  });
}

void Sender::look_at_breaker() {
  if (is_closed_) return;
  for (Slot* slot : waiting_slots()) {
    if (slot->pass == Breaker::Pass::kWait || options_.hands_back) attempt_now(*slot);
  }
}

std::vector<Sender::Slot*> Sender::waiting_slots() {
  std::vector<Slot*> waiting;
  for (const auto& slot : slots_) {
    if (slot->flight != nullptr && !slot->is_attempting) waiting.push_back(slot.get());
  }
  return waiting;
}

// --- The end -----------------------------------------------------------------------------------

void Sender::close() {
  if (std::exchange(is_closed_, true)) return;
  exporter_->close();
}

void Sender::take_all(const std::function<void(Flight&)>& settle,
                      const std::function<void()>& free) {
  for (const auto& slot : slots_) {
    if (slot->flight == nullptr) continue;
    if (slot->is_attempting) {
      if (*self_ != nullptr) continue;
      slot->is_attempting = false;
      destination_.window().end_attempt();
    }
    slot->timer->disarm();
    settle(*slot->flight);
    slot->flight.reset();
    take_rest(*slot, settle);
    free();
  }
}

void Sender::take_rest(Slot& slot, const std::function<void(Flight&)>& settle) {
  for (const auto& rest : slot.rest) settle(*rest);
  slot.rest.clear();
}

void Sender::count_held(ledger::Held& held) const {
  const auto count = [&](const Flight& flight) {
    for (const Entry& entry : flight.entries) {
      if (entry.owed.is_open()) held.add(entry.owed.account(), entry.owed.amount());
    }
  };
  for (const auto& slot : slots_) {
    if (slot->flight != nullptr) count(*slot->flight);
    for (const auto& rest : slot->rest) count(*rest);
  }
}

MonotonicTime Sender::oldest() const {
  MonotonicTime oldest = kNever;
  for (const auto& slot : slots_) {
    if (slot->flight != nullptr) oldest = std::min(oldest, slot->flight->oldest_at);
    for (const auto& rest : slot->rest) oldest = std::min(oldest, rest->oldest_at);
  }
  return oldest;
}

}  // namespace millrace::pipeline
