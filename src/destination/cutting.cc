// Cutting a large request in slices. Millions of small items take a tenth of a second to be cut
// into batches, so the walk runs as long work (io/long_work.h); meanwhile the request keeps the
// place in flight that it was taken with, so that with one consumer nothing passes it.
#include <utility>

#include "destination/destination_worker.h"

namespace millrace::pipeline {

using ledger::DropReason;

bool DestinationWorker::is_cut_in_slices(const Queued& large) const {
  return long_work_ != nullptr && !long_work_->is_inside() &&
         long_work_->is_long(large.payload.bytes.size()) && !partitioned() &&
         options_.signal != Signal::kProfiles;
}

// True: it is done, and the parts are in front of local_. Otherwise on_cut() comes in a later turn.
bool DestinationWorker::cut_in_slices(Queued large) {
  const uint64_t id = next_cutting_++;
  const Payload whole = large.payload;
  cutting_.emplace(id, std::move(large));
  cutting_now_ = id;
  long_work_->run(whole.bytes.size(), [self = self_, id, whole, cutter = cutter_,
                                       limits = batch_limits(), long_work = long_work_] {
    Work work = long_work->work();
    std::vector<CutPiece> pieces = cut_exactly(cutter, whole, limits, &work);
    if (*self != nullptr) (*self)->on_cut(id, std::move(pieces));
  });
  cutting_now_.reset();
  return !cutting_.contains(id);
}

void DestinationWorker::on_cut(uint64_t id, std::vector<CutPiece> pieces) {
  const auto found = cutting_.find(id);
  if (found == cutting_.end()) return;  // dropped meanwhile
  Queued large = std::move(found->second);
  cutting_.erase(found);
  put_in_front(local_, std::move(large), std::move(pieces));
  if (cutting_now_ == id) return;
  // In a turn of its own: what follows may be long as well.
  loop_.post([self = self_] {
    if (*self == nullptr) return;
    DestinationWorker& worker = **self;
    worker.give_back_slot();
    if (worker.drain_deadline_ != kNever) {
      worker.park_what_waits();
      worker.give_back_what_waits();
    }
    worker.pump(Trigger::kSlotFree);
  });
}

void DestinationWorker::drop_what_is_being_cut(DropReason reason, const Verdict& verdict) {
  for (auto& [id, queued] : std::exchange(cutting_, {})) {
    drop(std::move(queued), reason, verdict);
    give_back_slot();
  }
}

}  // namespace millrace::pipeline
