#include "destination/settlement.h"

#include <algorithm>
#include <string>
#include <utility>

#include "pipeline/completion.h"

namespace millrace::pipeline {

using ledger::DropReason;

namespace {

// Data that the end of this process leaves on disk is neither lost nor delivered: it is held.
bool stays_on_disk(DropReason reason, const Obligation& owed) {
  return (reason == DropReason::kDrainDeadline || reason == DropReason::kShutdown) &&
         owed.is_on_disk();
}

// The rejected items of a batch, divided among its requests in proportion to their items.
class RejectedShares {
 public:
  RejectedShares(uint64_t rejected, uint64_t items) : rejected_(rejected), items_(items) {}
  ledger::Amount take(ledger::Amount whole) {
    if (rejected_ == 0) return {};
    items_so_far_ += whole.items;
    const uint64_t upto = rejected_ * items_so_far_ / items_;
    const uint64_t items = upto - taken_;
    taken_ = upto;
    return {items, whole.items == 0 ? 0 : whole.bytes * items / whole.items};
  }

 private:
  const uint64_t rejected_;
  const uint64_t items_;
  uint64_t items_so_far_ = 0;
  uint64_t taken_ = 0;
};

}  // namespace

Settlement::Settlement(Destination& destination, io::Loop& loop, Logger* log,
                       DeadLetters* dead_letters)
    : destination_(destination),
      options_(destination.options()),
      loop_(loop),
      log_(log),
      dead_letters_(dead_letters) {}

void Settlement::answer(Obligation& owed, const Verdict& verdict) {
  if (std::shared_ptr<Completion> completion = owed.close(); completion != nullptr) {
    Completion::settle(std::move(completion), loop_, verdict);
  }
}

void Settlement::deliver(Flight& flight, const Outcome& outcome) {
  const bool is_partial = outcome.kind == Outcome::Kind::kPartial;
  const uint64_t rejected =
      is_partial ? std::min<uint64_t>(outcome.rejected_count, flight.item_count) : 0;
  const bool is_exact = flight.entries.size() == 1 && !flight.entries.front().owed.is_part();
  Verdict verdict;
  if (is_partial) {
    verdict.partial_message =
        is_exact ? outcome.error.message
                 : options_.name + " rejected " + std::to_string(rejected) +
                       " items of a batch joined from several requests: " + outcome.error.message;
    if (is_exact) verdict.rejected_count = rejected;
  }
  RejectedShares shares(rejected, flight.item_count);
  SendingQueue::Settled settled;
  for (Entry& entry : flight.entries) {
    Obligation& owed = entry.owed;
    const ledger::Amount amount = owed.amount();
    const ledger::Amount refused = shares.take(amount);
    if (rejected != 0) book_.reject_by_peer(owed.account(), refused);
    book_.deliver(owed.account(), amount - refused);
    settled.add(owed);
    answer(owed, verdict);
  }
  destination_.counters().add_sent_items(flight.item_count - rejected);
  destination_.queue().release(settled);
}

void Settlement::drop(Flight& flight, DropReason reason, const Verdict& verdict) {
  if (flight.entries.empty()) return;
  // What is handed back is another destination's to deliver.
  const bool is_lost = reason != DropReason::kHandedBack;
  const bool has_dead_letter = is_lost && keep_dead_letter(flight, reason);
  SendingQueue::Settled settled;
  uint64_t dropped_items = 0;
  for (Entry& entry : flight.entries) {
    Obligation& owed = entry.owed;
    settled.add(owed);
    if (stays_on_disk(reason, owed)) {
      book_.store(owed.account(), owed.amount());
      owed.record()->leave_part(owed.item_count(), owed.amount().bytes, entry.size, owed.cost());
      settled.cost -= owed.cost();  // stays reserved for the record
    } else {
      book_.drop(owed.account(), reason, owed.amount());
      dropped_items += owed.item_count();
    }
  }
  destination_.counters().add_failed_items(dropped_items);
  if (summary_items_) {
    *summary_items_ += dropped_items;
  } else if (is_lost && dropped_items != 0) {
    log_drop(flight, reason, verdict, dropped_items, has_dead_letter);
  }
  // After the line in the log, so that a sender that looks there finds the reason of its answer.
  for (Entry& entry : flight.entries) answer(entry.owed, verdict);
  destination_.queue().release(settled);
}

void Settlement::drop(PendingRequest request, DropReason reason, const Verdict& verdict) {
  if (stays_on_disk(reason, request.owed)) {
    leave_on_disk(std::move(request), verdict);
    return;
  }
  const uint32_t items = request.item_count();
  book_.drop(request.owed.account(), reason, request.amount());
  SendingQueue::Settled settled;
  settled.add(request.owed);
  answer(request.owed, verdict);
  if (summary_items_) {
    *summary_items_ += items;
  } else if (reason != DropReason::kHandedBack) {
    destination_.losses().note(reason, items, loop_, log_);
  }
  destination_.queue().release(settled);
}

// The slot in memory ends; the capacity stays reserved for the bytes on disk.
void Settlement::leave_on_disk(PendingRequest request, const Verdict& verdict) {
  Obligation& owed = request.owed;
  owed.record()->leave_part(owed.item_count(), owed.amount().bytes, request.bytes.size(),
                            owed.cost());
  note_written(std::move(request), verdict);
}

void Settlement::note_written(PendingRequest request, const Verdict& verdict) {
  Obligation& owed = request.owed;
  book_.store(owed.account(), owed.amount());
  SendingQueue::Settled settled;
  settled.add(owed);
  settled.cost = 0;
  answer(owed, verdict);
  destination_.queue().release(settled);
}

void Settlement::hand_back(PendingRequest request) {
  book_.drop(request.owed.account(), DropReason::kHandedBack, request.amount());
  SendingQueue::Settled settled;
  settled.add(request.owed);
  answer(request.owed, {});
  destination_.queue().release(settled);
}

void Settlement::count_refused(uint32_t items, LossReport::Refusal reason) {
  destination_.counters().add_enqueue_failed_items(items);
  destination_.losses().note(reason, items, loop_, log_);
}

void Settlement::count_dropped_at_the_queue(uint32_t items) {
  destination_.counters().add_enqueue_failed_items(items);
  destination_.losses().note(DropReason::kQueueFull, items, loop_, log_);
}

bool Settlement::keep_dead_letter(const Flight& flight, DropReason reason) {
  if (dead_letters_ == nullptr) return false;
  return dead_letters_->keep({.reason = reason,
                              .signal = flight.signal,
                              .destination = options_.name,
                              .pipelines = flight.pipelines(),
                              .item_count = flight.item_count,
                              .answer = flight.answer,
                              .bytes = flight.bytes,
                              .metadata = flight.metadata.get()});
}

void Settlement::log_drop(const Flight& flight, DropReason reason, const Verdict& verdict,
                          uint64_t items, bool has_dead_letter) {
  const uint64_t total = destination_.counters().add_lost_items(items);
  if (log_ == nullptr) return;
  log_->error("Exporting failed. Dropping data.",
              {{"exporter", options_.name},
               {"signal", signal_name(flight.signal)},
               {"error", verdict.message},
               {"reason", ledger::drop_reason_name(reason)},
               {"dropped_items", items},
               {"dropped_items_total", total},
               {"dead_letter", has_dead_letter ? "yes" : "no"}});
}

void Settlement::end_summary(DropReason reason) {
  const uint64_t items = *std::exchange(summary_items_, std::nullopt);
  if (log_ == nullptr || items == 0) return;
  log_->error("Dropping queued data.", {{"exporter", options_.name},
                                        {"signal", signal_name(options_.signal)},
                                        {"reason", ledger::drop_reason_name(reason)},
                                        {"dropped_items", items},
                                        {"last_answer", destination_.health().last_answer}});
}

}  // namespace millrace::pipeline
