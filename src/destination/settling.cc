// What is owed for a batch that is answered for: the ledger's accounts, the senders that wait, the
// places in the queue, and a dead letter for what is given up.
#include <algorithm>
#include <utility>

#include "destination/destination_worker.h"
#include "pipeline/completion.h"

namespace millrace::pipeline {

using ledger::DropReason;

namespace {

// What the end of this process leaves on disk is neither lost nor delivered: it is held.
bool stays_on_disk(DropReason reason, const StoredRef& place) {
  return (reason == DropReason::kDrainDeadline || reason == DropReason::kShutdown) &&
         place != nullptr && place->is_on_disk();
}

}  // namespace

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
      book_.reject_by_peer(*entry.account, rejected);
      amount = {amount.items - rejected.items, amount.bytes - rejected.bytes};
    }
    book_.deliver(*entry.account, amount);
    requests += entry.requests;
    cost += entry.cost;
    if (entry.completion != nullptr) {
      Completion::settle(std::move(entry.completion), loop_, warning);
    }
  }
  destination_.sent_items_.fetch_add(flight.item_count - rejected_total, std::memory_order_relaxed);
  destination_.release(flight.entries.size(), requests, cost);
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
      book_.store(*entry.account, entry.amount());
      entry.place->keep_part(entry.item_count, entry.admitted_bytes, entry.size, entry.cost);
    } else {
      book_.drop(*entry.account, reason, entry.amount());
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
  } else if (log_ != nullptr && dropped_items != 0 && reason != DropReason::kHandedBack) {
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
  book_.drop(*queued.account, reason, queued.amount());
  if (queued.payload.completion != nullptr) {
    Completion::settle(std::move(queued.payload.completion), loop_, verdict);
  }
  if (ending_drops_) {
    *ending_drops_ += queued.payload.item_count;
  } else if (reason != DropReason::kHandedBack) {
    destination_.losses_.note(reason, queued.payload.item_count, loop_, log_);
  }
  destination_.release(1, queued.requests, queued.cost);
}

}  // namespace millrace::pipeline
