#include "destination/request_cutter.h"

#include <utility>

#include "memory/work.h"

namespace millrace::pipeline {

RequestCutter::RequestCutter(BatchCutter cutter, io::LongWork* long_work,
                             std::function<void(Cut)> on_cut)
    : cutter_(std::move(cutter)),
      long_work_(long_work),
      on_cut_(std::move(on_cut)),
      self_(std::make_shared<RequestCutter*>(this)) {}

bool RequestCutter::takes_slices(const PendingRequest& request) const {
  return long_work_ != nullptr && !long_work_->is_inside() &&
         long_work_->is_long(request.bytes.size()) && request.signal != Signal::kProfiles;
}

std::vector<CutPiece> RequestCutter::cut(const PendingRequest& request, CutLimits limits) const {
  Pace pace;
  std::optional<Work> work;
  if (long_work_ != nullptr) work.emplace(long_work_->work().pool, pace);
  return cut_exactly(cutter_, request.signal, request.bytes, request.item_count(), limits,
                     work ? &*work : nullptr);
}

std::optional<RequestCutter::Cut> RequestCutter::begin(PendingRequest large, CutLimits limits) {
  const uint64_t id = next_id_++;
  const Rope bytes = large.bytes;
  const Signal signal = large.signal;
  const uint32_t item_count = large.item_count();
  requests_.emplace(id, std::move(large));
  beginning_ = id;
  long_work_->run(bytes.size(), [self = self_, id, bytes, signal, item_count, limits,
                                 cutter = cutter_, long_work = long_work_] {
    Work work = long_work->work();
    std::vector<CutPiece> pieces = cut_exactly(cutter, signal, bytes, item_count, limits, &work);
    if (*self != nullptr) (*self)->on_pieces(id, std::move(pieces));
  });
  beginning_.reset();
  return std::exchange(done_at_once_, std::nullopt);
}

void RequestCutter::on_pieces(uint64_t id, std::vector<CutPiece> pieces) {
  const auto found = requests_.find(id);
  if (found == requests_.end()) return;  // taken meanwhile
  Cut cut{.large = std::move(found->second), .pieces = std::move(pieces)};
  requests_.erase(found);
  if (beginning_ == id) {
    done_at_once_ = std::move(cut);
  } else {
    on_cut_(std::move(cut));
  }
}

std::vector<PendingRequest> RequestCutter::take_all() {
  std::vector<PendingRequest> all;
  for (auto& [id, request] : std::exchange(requests_, {})) all.push_back(std::move(request));
  return all;
}

void RequestCutter::count_held(ledger::Held& held) const {
  for (const auto& [id, request] : requests_) {
    held.add(request.owed.account(), request.amount());
  }
}

}  // namespace millrace::pipeline
