// The end of a worker's destination: draining until the deadline, and dropping what is left then.
// What has storage stays on disk instead (parking.cc).
#include <utility>

#include "destination/destination_slot.h"
#include "destination/destination_worker.h"

namespace millrace::pipeline {

using ledger::DropReason;

namespace {

Verdict shutting_down() {
  return {.code = Code::kUnavailable, .message = "shutting down", .retry_after = 1s};
}

}  // namespace

void DestinationWorker::begin_drain(MonotonicTime deadline) {
  drain_deadline_ = deadline;
  on_line_timer();
  drain_timer_->arm_at(deadline);
  park_what_waits();
  give_back_what_waits();
  // Where others have sent what this worker compacted, none of its own batches would do that.
  compactor_.close();
  // next() may start batches in new slots behind these; their attempts are under way already.
  const size_t slot_count = slots_.size();
  for (size_t i = 0; i < slot_count; ++i) {
    Slot& slot = *slots_[i];
    if (slot.flight == nullptr || slot.is_attempting) continue;
    if (slot.flight->is_on_disk()) {
      slot.retry_timer->disarm();
      drop(*slot.flight, DropReason::kDrainDeadline, shutting_down());
      next(slot);
    } else if (options_.has_disk_in_front) {
      slot.retry_timer->disarm();
      drop(*slot.flight, DropReason::kHandedBack, shutting_down());
      next(slot);
    } else {
      // One attempt now rather than after a back-off that may outlast the drain.
      slot.retry_timer->arm_at(loop_.now());
    }
  }
  pump(Trigger::kSlotFree);
}

void DestinationWorker::hasten_drain(MonotonicTime deadline) {
  if (closed_ || deadline >= drain_deadline_) return;
  drain_deadline_ = deadline;
  drain_timer_->arm_at(deadline);
}

void DestinationWorker::expire_drain() {
  if (!closed_) {
    closed_ = true;
    exporter_->close();  // what is under way ends as cancelled, now or in a coming turn
  }
  drop_everything(DropReason::kDrainDeadline, shutting_down());
}

void DestinationWorker::give_back_what_waits() {
  if (!options_.has_disk_in_front || destination_.backlog() != nullptr) return;
  while (!local_.queue.empty()) drop(local_.pop_front(), DropReason::kHandedBack, shutting_down());
  for (auto& [key, forming] : partitions_) {
    while (!forming.queue.empty()) {
      drop(forming.pop_front(), DropReason::kHandedBack, shutting_down());
    }
  }
  partitions_.clear();
  Queued queued;
  while (try_pop(queued)) drop(std::move(queued), DropReason::kHandedBack, shutting_down());
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
  drop_what_is_being_cut(reason, verdict);
  while (!local_.queue.empty()) drop(local_.pop_front(), reason, verdict);
  for (auto& [key, forming] : partitions_) {
    while (!forming.queue.empty()) drop(forming.pop_front(), reason, verdict);
  }
  partitions_.clear();
  for (auto& [id, one] : std::exchange(handing_over_, {})) {
    drop(std::move(one.queued), reason, verdict);
  }
  Queued queued;
  while (try_pop(queued)) drop(std::move(queued), reason, verdict);
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

}  // namespace millrace::pipeline
