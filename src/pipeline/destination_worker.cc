#include "pipeline/destination_worker.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "pipeline/completion.h"
#include "pipeline/destination_slot.h"

namespace millrace::pipeline {

using ledger::DropReason;

namespace {

// What the end of this process leaves on disk is neither lost nor delivered: it is held.
bool stays_on_disk(DropReason reason, const StoredRef& place) {
  return (reason == DropReason::kDrainDeadline || reason == DropReason::kShutdown) &&
         place != nullptr && place->is_on_disk();
}

bool is_on_disk(const Flight& flight) {
  return std::ranges::all_of(flight.entries, [](const Entry& entry) {
    return entry.place != nullptr && entry.place->is_on_disk();
  });
}

}  // namespace

DestinationWorker::DestinationWorker(Destination& destination, io::Loop& loop, Parts parts)
    : destination_(destination),
      options_(destination.options()),
      loop_(loop),
      exporter_(std::move(parts.exporter)),
      cutter_(std::move(parts.cutter)),
      compactor_(parts.pool),
      log_(parts.log),
      dead_letters_(parts.dead_letters),
      self_(std::make_shared<DestinationWorker*>(this)),
      flush_timer_(loop.make_timer([this] { pump(Trigger::kTimeout); })),
      line_timer_(loop.make_timer([this] { on_line_timer(); })),
      drain_timer_(loop.make_timer([this] { expire_drain(); })),
      feed_timer_(loop.make_timer([this] { destination_.backlog()->feed(); })),
      take_over_timer_(loop.make_timer([this] { queue_again(); })) {
  destination_.workers_.push_back(this);
  if (destination_.backlog() == nullptr) return;
  destination_.backlog()->add_worker(*this);
  feed_timer_->arm_at(loop.now());
}

DestinationWorker::~DestinationWorker() {
  *self_ = nullptr;
  std::erase(destination_.workers_, this);
  if (destination_.backlog() != nullptr) destination_.backlog()->stop_reading();
  if (!closed_) exporter_->close();
  closed_ = true;
  drop_everything(DropReason::kShutdown,
                  {.code = Code::kUnavailable, .message = "shutting down", .retry_after = 1s});
}

// --- Taking in ---------------------------------------------------------------------------------

DestinationWorker::Room DestinationWorker::try_reserve(Need need) {
  if (need.cost > options_.queue.capacity || need.requests > destination_.ring_.capacity()) {
    return Room::kNever;
  }
  if (closed_) return Room::kFull;
  if (destination_.try_reserve(need.requests, need.cost)) return Room::kReserved;
  if (options_.queue.on_full == OnFull::kBlock) return Room::kWait;
  if (options_.queue.on_full == OnFull::kReject) return Room::kFull;
  for (;;) {
    switch (drop_oldest()) {
      case segment_log::GivingUp::kGivenUp:
        if (destination_.try_reserve(need.requests, need.cost)) return Room::kReserved;
        break;
      case segment_log::GivingUp::kLater:
        return Room::kWait;
      case segment_log::GivingUp::kNothing:
        return Room::kFull;
    }
  }
}

// Of what waits in memory (of what this worker took from the ring, else of the ring) and of what
// lies on disk only: what entered first. What is being sent stays.
segment_log::GivingUp DestinationWorker::drop_oldest() {
  using segment_log::GivingUp;
  const auto [forming, index] = oldest_waiting();
  if (Backlog* const backlog = destination_.backlog(); backlog != nullptr) {
    const GivingUp given_up =
        backlog->give_up_oldest(forming == nullptr ? nullptr : forming->queue[index].place.get());
    if (given_up != GivingUp::kNothing) return given_up;
  }
  if (forming == nullptr) return GivingUp::kNothing;
  Queued oldest = forming->take(index);
  std::erase_if(partitions_, [](const auto& entry) { return entry.second.queue.empty(); });
  drop(std::move(oldest), DropReason::kDropOldest,
       {.code = Code::kUnavailable,
        .message = options_.name + ": dropped to make room for newer data",
        .retry_after = 1s});
  return GivingUp::kGivenUp;
}

// Takes it from the ring when this worker has none of its own. What is read back with the newest
// first stands in that order, and all of it has to be looked at.
DestinationWorker::Waiting DestinationWorker::oldest_waiting() {
  const Backlog* const backlog = destination_.backlog();
  const bool is_in_order =
      backlog == nullptr || backlog->options().order == segment_log::Order::kOldestFirst;
  Queued queued;
  if (partitioned()) {
    sort_into_partitions();
  } else {
    while ((!is_in_order || local_.queue.empty()) && destination_.try_pop(queued)) {
      local_.push_back(std::move(queued));
    }
  }
  if (any_waits()) schedule_pump();  // what is this worker's now is not forgotten by it
  Waiting oldest;
  const auto look_at = [&](Forming& forming) {
    const size_t count =
        is_in_order ? std::min<size_t>(1, forming.queue.size()) : forming.queue.size();
    for (size_t i = 0; i < count; ++i) {
      if (oldest.forming == nullptr ||
          forming.queue[i].entered_before(oldest.forming->queue[oldest.index])) {
        oldest = {&forming, i};
      }
    }
  };
  look_at(local_);
  for (auto& [key, forming] : partitions_) look_at(forming);
  return oldest;
}

void DestinationWorker::release(const Payload& payload) {
  const Need need = need_of(payload);
  destination_.release(need.requests, need.requests, need.cost);
}

void DestinationWorker::commit(Payload payload, ledger::Account& account, size_t admitted_bytes,
                               StoredRef place) {
  Queued queued;
  queued.cost = static_cast<uint32_t>(destination_.cost_of(payload));
  queued.payload = std::move(payload);
  queued.account = &account;
  queued.admitted_bytes = static_cast<uint32_t>(admitted_bytes);
  queued.place = std::move(place);
  if (destination_.stalled()) {
    compact(queued);
  } else {
    compactor_.close();
  }
  destination_.push(std::move(queued));
  schedule_pump();
}

Verdict DestinationWorker::full_verdict(Room room) {
  if (room == Room::kNever) {
    return {.code = Code::kInvalidArgument,
            .message = options_.name + ": the request is larger than the whole sending queue (" +
                       std::to_string(options_.queue.capacity) + ")"};
  }
  return {.code = Code::kUnavailable,
          .message = options_.name + ": sending queue is full",
          .retry_after = destination_.estimate_retry_after(loop_.now())};
}

void DestinationWorker::count_enqueue_failure(uint32_t item_count) {
  destination_.enqueue_failed_items_.fetch_add(item_count, std::memory_order_relaxed);
}

// --- The line of submissions that wait for room ------------------------------------------------

void DestinationWorker::wait_for_room(Retry retry, MonotonicTime deadline, GiveUp give_up) {
  destination_.blocked_.fetch_add(1);
  line_.push_back({std::move(retry), deadline, std::move(give_up)});
  arm_line_timer();
  // Room may have come between the refused reservation and the count above.
  wake_for_room();
}

void DestinationWorker::wake_for_room() {
  if (room_posted_.exchange(true)) return;
  loop_.post([self = self_] {
    if (*self == nullptr) return;
    (*self)->room_posted_.store(false);
    (*self)->on_room();
  });
}

void DestinationWorker::on_room() {
  while (!line_.empty()) {
    if (!line_.front().retry()) break;
    line_.pop_front();
    destination_.blocked_.fetch_sub(1);
  }
  arm_line_timer();
}

void DestinationWorker::arm_line_timer() {
  MonotonicTime first = kNever;
  for (const Waiter& waiter : line_) first = std::min(first, waiter.deadline);
  if (first == kNever) {
    line_timer_->disarm();
  } else {
    line_timer_->arm_at(first);
  }
}

void DestinationWorker::on_line_timer() {
  std::deque<Waiter> late;
  const bool all = closed_ || destination_.draining_.load();
  for (auto waiter = line_.begin(); waiter != line_.end();) {
    if (!all && waiter->deadline > loop_.now()) {
      ++waiter;
      continue;
    }
    late.push_back(std::move(*waiter));
    waiter = line_.erase(waiter);
    destination_.blocked_.fetch_sub(1);
  }
  arm_line_timer();
  for (Waiter& waiter : late) waiter.give_up();
}

// --- Sending -----------------------------------------------------------------------------------

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
    flight.interval = options_.retry.initial_interval;
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

// Delivered, less rejected_count items that cannot be attributed unless the batch is one request.
void DestinationWorker::on_delivered(Flight& flight, const Outcome& outcome) {
  const uint64_t rejected_total = std::min<uint64_t>(
      outcome.kind == Outcome::Kind::kPartial ? outcome.rejected_count : 0, flight.item_count);
  const bool is_exact = flight.entries.size() == 1 && !flight.entries.front().is_part;
  Verdict warning;
  if (outcome.kind == Outcome::Kind::kPartial) {
    warning.partial_message =
        is_exact ? outcome.error.message
                 : options_.name + " rejected " + std::to_string(rejected_total) +
                       " items of a batch joined from several requests: " + outcome.error.message;
    if (is_exact) warning.rejected_count = rejected_total;
  }
  uint64_t requests = 0;
  uint64_t cost = 0;
  uint64_t items_so_far = 0;
  uint64_t rejected_so_far = 0;
  for (Entry& entry : flight.entries) {
    ledger::Amount amount = entry.amount();
    if (rejected_total != 0) {
      items_so_far += entry.item_count;
      const uint64_t upto = rejected_total * items_so_far / flight.item_count;
      const ledger::Amount rejected{
          upto - rejected_so_far,
          entry.item_count == 0
              ? 0
              : entry.admitted_bytes * (upto - rejected_so_far) / entry.item_count};
      rejected_so_far = upto;
      entry.account->reject_by_peer(rejected);
      amount = {amount.items - rejected.items, amount.bytes - rejected.bytes};
    }
    entry.account->deliver(amount);
    requests += entry.requests;
    cost += entry.cost;
    if (entry.completion != nullptr) {
      Completion::settle(std::move(entry.completion), loop_, warning);
    }
  }
  destination_.sent_items_.fetch_add(flight.item_count - rejected_total, std::memory_order_relaxed);
  destination_.release(flight.entries.size(), requests, cost);
}

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
  if (closed_ || (drain_deadline_ != kNever && is_on_disk(flight))) {
    drop(flight, DropReason::kDrainDeadline, verdict);
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

void DestinationWorker::keep_as_dead_letter(const Flight& flight, DropReason reason) {
  dead_letters_->keep({.reason = reason,
                       .signal = flight.signal,
                       .destination = options_.name,
                       .pipelines = flight.pipelines(),
                       .item_count = flight.item_count,
                       .answer = flight.answer,
                       .bytes = flight.bytes,
                       .metadata = flight.metadata.get()});
}

void DestinationWorker::drop(Flight& flight, DropReason reason, const Verdict& verdict) {
  // What is handed back or over is somebody else's to deliver.
  const bool is_given_up = reason != DropReason::kHandedBack &&
                           !std::ranges::all_of(flight.entries, [&](const Entry& entry) {
                             return hands_over(reason, entry);
                           });
  if (dead_letters_ != nullptr && is_given_up) keep_as_dead_letter(flight, reason);
  uint64_t count = 0;
  uint64_t requests = 0;
  uint64_t cost = 0;
  uint64_t dropped_items = 0;
  size_t offset = 0;
  for (Entry& entry : flight.entries) {
    const size_t entry_offset = offset;
    offset += entry.size;
    if (hands_over(reason, entry)) {
      hand_over(flight, entry, entry_offset);
      continue;
    }
    ++count;
    requests += entry.requests;
    if (stays_on_disk(reason, entry.place)) {
      entry.place->keep(entry.item_count, entry.admitted_bytes, entry.size);
    } else {
      entry.account->drop(reason, entry.amount());
      cost += entry.cost;
      dropped_items += entry.item_count;
    }
    if (entry.completion != nullptr) {
      Completion::settle(std::move(entry.completion), loop_, verdict);
    }
  }
  destination_.failed_items_.fetch_add(dropped_items, std::memory_order_relaxed);
  if (ending_drops_) {
    *ending_drops_ += dropped_items;
  } else if (log_ != nullptr && dropped_items != 0) {
    log_->error("Exporting failed. Dropping data.", {{"exporter", options_.name},
                                                     {"error", verdict.message},
                                                     {"reason", ledger::drop_reason_name(reason)},
                                                     {"dropped_items", dropped_items}});
  }
  destination_.release(count, requests, cost);
}

void DestinationWorker::drop(Queued queued, DropReason reason, const Verdict& verdict) {
  if (stays_on_disk(reason, queued.place)) {
    park(std::move(queued), verdict);
    return;
  }
  queued.account->drop(reason, queued.amount());
  if (queued.payload.completion != nullptr) {
    Completion::settle(std::move(queued.payload.completion), loop_, verdict);
  }
  if (ending_drops_) {
    *ending_drops_ += queued.payload.item_count;
  } else if (log_ != nullptr) {
    log_->warn("Dropping queued data.", {{"exporter", options_.name},
                                         {"reason", ledger::drop_reason_name(reason)},
                                         {"dropped_items", queued.payload.item_count}});
  }
  destination_.release(1, queued.requests, queued.cost);
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
    if (std::unique_ptr<Flight> flight = form(); flight != nullptr) {
      start(slot, std::move(flight));
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

// --- Ending ------------------------------------------------------------------------------------

void DestinationWorker::begin_drain(MonotonicTime deadline) {
  drain_deadline_ = deadline;
  on_line_timer();
  drain_timer_->arm_at(deadline);
  park_what_waits();
  for (const auto& slot : slots_) {
    if (slot->flight == nullptr || slot->is_attempting) continue;
    if (is_on_disk(*slot->flight)) {
      slot->retry_timer->disarm();
      drop(*slot->flight, DropReason::kDrainDeadline,
           {.code = Code::kUnavailable, .message = "shutting down", .retry_after = 1s});
      next(*slot);
    } else {
      // One attempt now rather than after a back-off that may outlast the drain.
      slot->retry_timer->arm_at(loop_.now());
    }
  }
  pump(Trigger::kSlotFree);
}

void DestinationWorker::expire_drain() {
  if (!closed_) {
    closed_ = true;
    exporter_->close();  // what is under way ends as cancelled, now or in a coming turn
  }
  drop_everything(DropReason::kDrainDeadline,
                  {.code = Code::kUnavailable, .message = "shutting down", .retry_after = 1s});
}

// Everything but the attempts that the exporter still owes an answer for. In the destructor those
// as well: no answer can come any more.
void DestinationWorker::drop_everything(DropReason reason, const Verdict& verdict) {
  on_line_timer();
  ending_drops_ = 0;
  for (const auto& slot : slots_) {
    if (slot->flight == nullptr) continue;
    if (slot->is_attempting) {
      if (*self_ != nullptr) continue;
      slot->is_attempting = false;
      destination_.active_.fetch_sub(1);
    }
    slot->retry_timer->disarm();
    drop(*slot->flight, reason, verdict);
    slot->flight.reset();
    for (const auto& rest : slot->rest) drop(*rest, reason, verdict);
    slot->rest.clear();
    give_back_slot();
  }
  while (!local_.queue.empty()) drop(local_.pop_front(), reason, verdict);
  for (auto& [key, forming] : partitions_) {
    while (!forming.queue.empty()) drop(forming.pop_front(), reason, verdict);
  }
  partitions_.clear();
  for (auto& [id, one] : std::exchange(handing_over_, {})) {
    drop(std::move(one.queued), reason, verdict);
  }
  Queued queued;
  while (destination_.try_pop(queued)) drop(std::move(queued), reason, verdict);
  if (log_ != nullptr && *ending_drops_ != 0) {
    log_->error("Dropping queued data.", {{"exporter", options_.name},
                                          {"signal", signal_name(options_.signal)},
                                          {"reason", ledger::drop_reason_name(reason)},
                                          {"dropped_items", *ending_drops_},
                                          {"last_answer", destination_.health().last_answer}});
  }
  ending_drops_.reset();
  compactor_.close();
}

void DestinationWorker::count_held(ledger::Held& held) const {
  for (const Queued& queued : local_.queue) held.add(*queued.account, queued.amount());
  for (const auto& [key, forming] : partitions_) {
    for (const Queued& queued : forming.queue) held.add(*queued.account, queued.amount());
  }
  for (const auto& [id, one] : handing_over_) held.add(*one.queued.account, one.queued.amount());
  const auto count = [&](const Flight& flight) {
    for (const Entry& entry : flight.entries) held.add(*entry.account, entry.amount());
  };
  for (const auto& slot : slots_) {
    if (slot->flight != nullptr) count(*slot->flight);
    for (const auto& rest : slot->rest) count(*rest);
  }
}

}  // namespace millrace::pipeline
