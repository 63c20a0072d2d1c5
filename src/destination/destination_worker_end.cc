// The end of a destination on one worker: it drains until the deadline, then drops the
// remaining requests. Requests with a record stay on disk instead of holding up the shutdown.
#include <algorithm>
#include <utility>

#include "destination/destination_worker.h"
#include "storage/storage.h"

namespace millrace::pipeline {

using ledger::DropReason;

namespace {

Verdict shutting_down() {
  return {.code = Code::kUnavailable, .message = "shutting down", .retry_after = 1s};
}

}  // namespace

void DestinationWorker::begin_drain(MonotonicTime deadline) {
  sender_.set_drain_deadline(deadline);
  reroute_.stop();
  line_.expire_all();
  drain_timer_->arm_at(deadline);
  leave_pending_on_disk();
  hand_back_pending();
  // Where others have sent what this worker compacted, none of its own batches would do that.
  compaction_.close();
  end_waiting_attempts();
  send_next(Trigger::kPermitFree, nullptr);
}

bool DestinationWorker::flush_exporter(Exporter::Flushed done) {
  return !sender_.is_closed() && sender_.exporter().flush(std::move(done));
}

void DestinationWorker::hasten_drain(MonotonicTime deadline) {
  if (sender_.is_closed() || deadline >= sender_.drain_deadline()) return;
  sender_.set_drain_deadline(deadline);
  drain_timer_->arm_at(deadline);
}

// Attempts under way may still succeed; everything else is on disk already, or is put there when
// memory alone had it (spill, or a disk that refused), so that a dead destination does not keep the
// process from ending and nothing is lost by that.
void DestinationWorker::leave_pending_on_disk() {
  Backlog* const backlog = queue_.backlog();
  if (backlog == nullptr) return;
  backlog->stop(loop_);
  const Verdict verdict{.code = Code::kUnavailable,
                        .message = "shutting down, the data stays on disk",
                        .retry_after = 1s};
  std::vector<PendingRequest> staying;
  const auto leave = [&](PendingRequest request) {
    if (request.owed.is_on_disk()) {
      settlement_.leave_on_disk(std::move(request), verdict);
    } else if (!request.owed.is_part() && write(*backlog, request)) {
      settlement_.note_written(std::move(request), verdict);
    } else {
      staying.push_back(std::move(request));
    }
  };
  PendingRequest request;
  while (batcher_.take_next(request)) leave(std::move(request));
  // A level that has a request may still deliver it.
  for (PendingRequest& refused : reroute_.take_refused()) leave(std::move(refused));
  // Their slots in the ring are still reserved.
  for (PendingRequest& one : staying) batcher_.push(std::move(one));
}

// False: the disk refuses.
bool DestinationWorker::write(Backlog& backlog, const PendingRequest& request) {
  const Payload payload{.signal = request.signal,
                        .item_count = request.item_count(),
                        .bytes = request.bytes,
                        .metadata = request.metadata,
                        .completion = nullptr,
                        .admitted_at = request.admitted_at};
  return backlog.storage().append_pending(loop_, payload,
                                          static_cast<uint32_t>(request.amount().bytes),
                                          request.owed.account(), backlog);
}

void DestinationWorker::hand_back_pending() {
  if (!options_.has_disk_in_front || queue_.backlog() != nullptr) return;
  PendingRequest request;
  while (batcher_.take_next(request)) {
    settlement_.drop(std::move(request), DropReason::kHandedBack, shutting_down());
  }
}

// Batches that wait for a retry: what has a record is left on disk, what a connector has on disk is
// handed back, and the others get an attempt now.
void DestinationWorker::end_waiting_attempts() {
  for (Slot* const slot : sender_.waiting_slots()) {
    const bool is_on_disk = slot->flight->is_on_disk();
    if (!is_on_disk && !options_.has_disk_in_front) {
      sender_.attempt_now(*slot);
      continue;
    }
    sender_.stop_waiting(*slot);
    drop(*slot->flight, is_on_disk ? DropReason::kDrainDeadline : DropReason::kHandedBack,
         shutting_down());
    send_next(Trigger::kPermitFree, slot);
  }
}

void DestinationWorker::drop_rest(Slot& slot) {
  sender_.take_rest(slot,
                    [&](Flight& rest) { drop(rest, DropReason::kDrainDeadline, shutting_down()); });
}

void DestinationWorker::expire_drain() {
  sender_.close();
  drop_everything(DropReason::kDrainDeadline, shutting_down());
}

// Everything but the attempts that the exporter still owes an answer for. In the destructor those
// as well: no answer can come any more.
void DestinationWorker::drop_everything(DropReason reason, const Verdict& verdict) {
  reroute_.stop();
  line_.expire_all();
  settlement_.begin_summary();
  sender_.take_all([&](Flight& flight) { drop(flight, reason, verdict); },
                   [&] { window_.release(); });
  for (PendingRequest& request : cutter_.take_all()) {
    settlement_.drop(std::move(request), reason, verdict);
    window_.release();
  }
  PendingRequest request;
  while (batcher_.take_next(request)) settlement_.drop(std::move(request), reason, verdict);
  for (PendingRequest& offered : reroute_.take_all()) {
    settlement_.drop(std::move(offered), reason, verdict);
  }
  settlement_.end_summary(reason);
  compaction_.close();
}

}  // namespace millrace::pipeline
