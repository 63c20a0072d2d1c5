#include "destination/destination_worker.h"

#include <algorithm>
#include <utility>

#include "destination/verdicts.h"
#include "pipeline/completion.h"

namespace millrace::pipeline {

using ledger::DropReason;

DestinationWorker::DestinationWorker(Destination& destination, io::Loop& loop, Parts parts)
    : destination_(destination),
      options_(destination.options()),
      queue_(destination.queue()),
      window_(destination.window()),
      loop_(loop),
      self_(std::make_shared<DestinationWorker*>(this)),
      reader_self_(std::make_shared<BacklogReader*>(this)),
      policy_(options_),
      settlement_(destination, loop, parts.log, parts.dead_letters),
      line_(queue_, loop),
      cutter_(std::move(parts.cutter), parts.long_work,
              [this](RequestCutter::Cut cut) { on_cut(std::move(cut)); }),
      batcher_(
          {.options = options_,
           .queue = queue_,
           .window = window_,
           .peer_size_limit = destination.peer_size_limit(),
           .book = settlement_.book(),
           .cutting = {
               .takes_slices =
                   [this](const PendingRequest& request) { return cutter_.takes_slices(request); },
               .cut = [this](const PendingRequest& request,
                             CutLimits limits) { return cutter_.cut(request, limits); }}}),
      sender_(destination, policy_, loop, std::move(parts.exporter), parts.log,
              {.on_answer = [this](Slot& slot,
                                   const Sender::Answer& answer) { on_answer(slot, answer); },
               .on_expired =
                   [this](Slot& slot, const RetryPolicy::Decision& decision) {
                     on_expired(slot, decision);
                   }}),
      reroute_(loop, options_.retry.initial_interval, settlement_,
               [this](std::vector<PendingRequest> refused) {
                 if (refused.empty()) return;
                 batcher_.put_in_front(std::move(refused));
                 schedule();
               }),
      compaction_(parts.pool, batcher_, destination.health_record(), loop),
      flush_timer_(batcher_, window_, options_.batch.flush_timeout, loop,
                   [this] { send_next(Trigger::kTimeout, nullptr); }),
      drain_timer_(loop.make_timer([this] { expire_drain(); })),
      feed_timer_(loop.make_timer([this] { queue_.backlog()->feed(); })) {
  destination_.add_worker(*this);
  if (queue_.backlog() == nullptr) return;
  queue_.backlog()->add_reader(loop_, reader_self_);
  feed_timer_->arm_at(loop.now());
}

DestinationWorker::~DestinationWorker() {
  stop_exporting();
  destination_.remove_worker(*this);
  drop_everything(DropReason::kShutdown,
                  {.code = Code::kUnavailable, .message = "shutting down", .retry_after = 1s});
}

void DestinationWorker::stop_exporting() {
  *self_ = nullptr;
  *reader_self_ = nullptr;
  line_.close();
  cutter_.close();
  reroute_.close();
  sender_.stop_listening();
  if (queue_.backlog() != nullptr) queue_.backlog()->stop_reading();
  sender_.close();
}

void DestinationWorker::count_held(ledger::Held& held) const {
  batcher_.count_held(held);
  cutter_.count_held(held);
  reroute_.count_held(held);
  sender_.count_held(held);
}

void DestinationWorker::note_oldest() {
  oldest_.store(std::min(batcher_.oldest(), sender_.oldest()), std::memory_order_relaxed);
}

// --- Admission ---------------------------------------------------------------------------------

DestinationWorker::Room DestinationWorker::try_reserve(Need need) {
  using segment_log::GivingUp;
  if (queue_.can_never_hold(need)) return Room::kNever;
  if (sender_.is_closed()) return Room::kFull;
  if (queue_.try_reserve(need)) return Room::kReserved;
  if (options_.queue.on_full == OnFull::kBlock) return Room::kWait;
  if (options_.queue.on_full == OnFull::kReject) return Room::kFull;
  for (;;) {
    switch (drop_oldest()) {
      case GivingUp::kGivenUp:
        if (queue_.try_reserve(need)) return Room::kReserved;
        break;
      case GivingUp::kLater:
        return Room::kWait;
      case GivingUp::kNothing:
        return Room::kFull;
    }
  }
}

// Drops the request that entered first, of those pending in memory and those on disk only. Requests
// in flight stay.
segment_log::GivingUp DestinationWorker::drop_oldest() {
  using segment_log::GivingUp;
  const PendingRequest* const oldest = batcher_.find_oldest(loop_.now());
  if (batcher_.has_pending()) schedule();  // what is this worker's now is not forgotten by it
  if (Backlog* const backlog = queue_.backlog(); backlog != nullptr) {
    const GivingUp dropped =
        backlog->drop_oldest(oldest == nullptr ? nullptr : oldest->owed.record().get());
    if (dropped != GivingUp::kNothing) return dropped;
  }
  if (oldest == nullptr) return GivingUp::kNothing;
  settlement_.drop(batcher_.take_oldest(), DropReason::kDropOldest,
                   dropped_oldest_verdict(options_.name));
  return GivingUp::kGivenUp;
}

void DestinationWorker::commit(Payload payload, ledger::Account& account, size_t admitted_bytes,
                               LeaseRef record) {
  const auto cost = static_cast<uint32_t>(queue_.cost_of(payload));
  PendingRequest request =
      pending_of(std::move(payload), account, admitted_bytes, cost, std::move(record));
  compaction_.on_enqueue(request);
  enqueue(std::move(request));
}

void DestinationWorker::enqueue(PendingRequest&& request) {
  batcher_.push(std::move(request));
  schedule();
}

void DestinationWorker::wait_for_room(AdmissionLine::Retry retry, MonotonicTime deadline,
                                      AdmissionLine::Expire expire) {
  line_.wait(std::move(retry), deadline, std::move(expire));
}

Verdict DestinationWorker::full_verdict(Room room, Need need) {
  if (room == Room::kNever) return above_capacity_verdict(options_.name, options_.queue.capacity);
  return full_queue_verdict(
      options_.name,
      queue_.hint_retry(loop_.now(), need.cost, destination_.health_record().is_failing()));
}

// Enqueues a record that was read from disk; its slot in the ring is reserved.
void DestinationWorker::enqueue_read(segment_log::Record record, ledger::Account& account,
                                     LeaseRef lease, std::shared_ptr<Completion> waiter) {
  const Duration age = std::max<Duration>(0s, loop_.wall_now() - record.admitted_at);
  const segment_log::Amount amount{
      .records = 1, .items = record.item_count, .payload_bytes = record.bytes.size()};
  PendingRequest request = pending_of(std::move(record), options_.signal, account,
                                      static_cast<uint32_t>(queue_.cost_of(amount)),
                                      std::move(lease), std::move(waiter), loop_.now() - age);
  settlement_.book().fetch(account, request.amount());
  enqueue(std::move(request));
}

void DestinationWorker::feed_later(Duration wait) {
  if (!feed_timer_->armed()) feed_timer_->arm_at(loop_.now() + wait);
}

// --- What is sent next -------------------------------------------------------------------------

// At the end of this turn.
void DestinationWorker::schedule() {
  if (std::exchange(is_scheduled_, true)) return;
  loop_.defer([self = self_] {
    if (*self == nullptr) return;
    (*self)->is_scheduled_ = false;
    (*self)->send_next(Trigger::kEnqueued, nullptr);
  });
}

void DestinationWorker::post_schedule(Trigger trigger) {
  loop_.post([self = self_, trigger] {
    if (*self != nullptr) (*self)->send_next(trigger, nullptr);
  });
}

void DestinationWorker::wake_for_permit() {
  if (!is_starving_.exchange(false)) return;
  window_.end_starving();
  post_schedule(Trigger::kPermitFree);
}

// `slot` has a permit, and its batch is settled; null: no permit came free here. What was cut from
// the slot's batch goes first, so that its order is kept; else batches are formed of what is
// pending as long as one is ready and has a permit.
void DestinationWorker::send_next(Trigger trigger, Slot* slot) {
  if (slot != nullptr) {
    sender_.finish(*slot);
    compaction_.on_settled();
  }
  if (sender_.is_closed()) {
    if (slot == nullptr) return expire_drain();
    drop_rest(*slot);
    window_.release();
    return;
  }
  if (slot != nullptr && sender_.start_rest(*slot)) return;
  bool has_permit = slot != nullptr;
  if (has_permit && !window_.is_within_limit()) {
    window_.release();
    has_permit = false;
    trigger = Trigger::kEnqueued;
  }
  flush_timer_.update(send_while_ready(trigger, slot, has_permit));
}

// Returns whether a batch was sent with a permit of its own. Takes the permit, if there is one.
bool DestinationWorker::send_while_ready(Trigger trigger, Slot* slot, bool has_permit) {
  bool has_sent = false;
  for (;;) {
    if (!batcher_.is_ready(trigger, loop_.now())) {
      if (!has_permit) return has_sent;
      // A request that was enqueued meanwhile may have seen the permit taken: looks again.
      window_.release();
      has_permit = false;
      trigger = Trigger::kEnqueued;
      continue;
    }
    if (trigger == Trigger::kTimeout) window_.set_overdue();
    if (!has_permit && !try_acquire_permit()) return has_sent;
    Formed formed = form(trigger);
    if (formed.batch == nullptr && !formed.permit_is_kept) {
      // Another worker was quicker. What was enqueued meanwhile may have seen our permit taken.
      window_.release();
      if (batcher_.has_pending()) post_schedule(Trigger::kEnqueued);
      return has_sent;
    }
    trigger = Trigger::kEnqueued;
    if (formed.batch != nullptr) {
      has_sent = has_sent || !has_permit;
      sender_.start(has_permit ? slot : nullptr, std::move(formed.batch));
    }
    has_permit = false;
  }
}

// A worker that holds requests of its own and finds no permit is woken when one comes free.
bool DestinationWorker::try_acquire_permit() {
  if (window_.try_acquire()) return true;
  if (batcher_.has_own() && !is_starving_.exchange(true)) window_.begin_starving();
  return window_.try_acquire();
}

DestinationWorker::Formed DestinationWorker::form(Trigger trigger) {
  for (;;) {
    Batcher::Formed formed = batcher_.form(trigger, loop_.now());
    for (PendingRequest& expired : formed.expired) {
      settlement_.drop(std::move(expired), DropReason::kAgeExpired,
                       age_limit_verdict(options_.name));
    }
    if (!formed.large) return {.batch = std::move(formed.batch)};
    std::optional<RequestCutter::Cut> cut =
        cutter_.begin(std::move(*formed.large), batcher_.limits());
    if (!cut) return {.batch = nullptr, .permit_is_kept = true};
    batcher_.put_in_front(std::move(cut->large), std::move(cut->pieces));
  }
}

// Takes the result for a request that was cut in slices, and goes on in a turn of its own: the next
// step may be long as well. Its permit is free by then.
void DestinationWorker::on_cut(RequestCutter::Cut cut) {
  batcher_.put_in_front(std::move(cut.large), std::move(cut.pieces));
  loop_.post([self = self_] {
    if (*self == nullptr) return;
    DestinationWorker& worker = **self;
    worker.window_.release();
    if (worker.sender_.is_draining()) {
      worker.leave_pending_on_disk();
      worker.hand_back_pending();
    }
    worker.send_next(Trigger::kPermitFree, nullptr);
  });
}

// --- What becomes of a batch -------------------------------------------------------------------

void DestinationWorker::on_answer(Slot& slot, const Sender::Answer& answer) {
  const Outcome& outcome = answer.outcome;
  Flight& flight = *slot.flight;
  using Kind = Outcome::Kind;
  const bool is_delivered = outcome.kind == Kind::kDelivered || outcome.kind == Kind::kPartial;
  if (!is_delivered && settlement_.keeps_dead_letters()) flight.answer = outcome.error;
  switch (outcome.kind) {
    case Kind::kDelivered:
    case Kind::kPartial:
      settlement_.deliver(flight, outcome);
      break;
    case Kind::kRetry:
    case Kind::kCancelled:
      if (retry(slot, outcome, answer.begins_outage)) {
        // Nothing of this batch is in flight now: others need not wait for it.
        send_next(Trigger::kEnqueued, nullptr);
        return;
      }
      break;
    case Kind::kTooLarge:
      cut_too_large(slot, outcome);
      break;
    case Kind::kBadData:
      split_bad_data(slot, outcome);
      break;
    case Kind::kRefused:
      drop(flight, DropReason::kRefused, refused_verdict(options_.name, outcome.error));
      break;
  }
  send_next(Trigger::kPermitFree, &slot);
}

// False: it is dropped instead.
bool DestinationWorker::retry(Slot& slot, const Outcome& outcome, bool begins_outage) {
  Flight& flight = *slot.flight;
  RetryPolicy::Attempt attempt = Sender::attempt_of(flight);
  attempt.retry_after = outcome.retry_after;
  const RetryPolicy::Backoff backoff =
      policy_.back_off(attempt, sender_.situation(), loop_.random().unit());
  flight.interval = backoff.next_interval;
  if (outcome.kind == Outcome::Kind::kRetry) {
    sender_.report_failure(slot, loop_.now() + backoff.delay);
  }
  const RetryPolicy::Decision decision =
      policy_.decide(attempt, sender_.situation(), backoff.delay);
  if (decision.drop) {
    drop(flight, *decision.drop,
         not_retried_verdict(options_.name, outcome.error.message, decision.sender_retry_after));
    return false;
  }
  compaction_.on_failed_attempt(flight, begins_outage);
  sender_.retry_at(slot, decision.attempt_at, outcome.error);
  return true;
}

// Split at request boundaries first, then inside the request; a single item can only be dropped.
void DestinationWorker::cut_too_large(Slot& slot, const Outcome& outcome) {
  Flight& flight = *slot.flight;
  destination_.peer_size_limit().note_refused(flight.bytes.size());
  std::vector<std::unique_ptr<Flight>> parts = flight.split_in_halves();
  if (parts.empty() && flight.signal != Signal::kProfiles) {
    parts = flight.cut(cutter_.cutter(), {(flight.item_count + 1) / 2, 0});
    if (!parts.empty()) queue_.add_parts(parts.size() - 1);
  }
  if (parts.empty()) {
    drop(flight, DropReason::kTooLarge, too_large_verdict(options_.name, outcome.error));
    return;
  }
  sender_.follow_with(slot, std::move(parts));
}

void DestinationWorker::split_bad_data(Slot& slot, const Outcome& outcome) {
  std::vector<std::unique_ptr<Flight>> parts = slot.flight->split_at_requests();
  if (parts.empty()) {
    drop(*slot.flight, DropReason::kBadData, bad_data_verdict(options_.name, outcome.error));
    return;
  }
  sender_.follow_with(slot, std::move(parts));
}

void DestinationWorker::on_expired(Slot& slot, const RetryPolicy::Decision& decision) {
  drop(*slot.flight, *decision.drop,
       not_retried_verdict(options_.name, destination_.health().last_answer,
                           decision.sender_retry_after));
  send_next(Trigger::kPermitFree, &slot);
}

void DestinationWorker::drop(Flight& flight, DropReason reason, const Verdict& verdict) {
  std::vector<PendingRequest> rerouted;
  if (options_.hands_back && reroute_.has_levels()) {
    rerouted = flight.take_out([&](const Obligation& owed) { return reroute_.takes(reason, owed); },
                               loop_.now());
  }
  settlement_.drop(flight, reason, verdict);
  for (PendingRequest& request : rerouted) reroute_.offer(std::move(request));
}

}  // namespace millrace::pipeline
