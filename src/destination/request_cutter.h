// Cuts requests that are larger than a batch. Millions of small items take a tenth of a second to
// be cut, so such a walk runs as long work (io/long_work.h). Meanwhile the request keeps the permit
// that it was taken with, so that with one consumer nothing overtakes it.
//
// On the worker's loop only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "destination/pending_request.h"
#include "io/long_work.h"
#include "ledger/ledger.h"
#include "pipeline/batch_cutter.h"

namespace millrace::pipeline {

class RequestCutter {
 public:
  struct Cut {
    PendingRequest large;
    std::vector<CutPiece> pieces;  // none: it cannot be cut
  };
  // `cutter` may be empty: nothing is ever cut. `long_work` null: everything is cut at once; else
  // it outlives this, or is finished before this goes. `on_cut` gets what begin() did not return.
  RequestCutter(BatchCutter cutter, io::LongWork* long_work, std::function<void(Cut)> on_cut);
  ~RequestCutter() { close(); }
  RequestCutter(const RequestCutter&) = delete;
  RequestCutter& operator=(const RequestCutter&) = delete;

  const BatchCutter& cutter() const { return cutter_; }
  bool takes_slices(const PendingRequest& request) const;
  // In one go; copies come from the worker's pool all the same.
  std::vector<CutPiece> cut(const PendingRequest& request, CutLimits limits) const;
  // In slices. Empty: it is not done, and `on_cut` runs in a later turn.
  std::optional<Cut> begin(PendingRequest large, CutLimits limits);

  // Takes the requests that are being cut; the results of their cuts are ignored.
  std::vector<PendingRequest> take_all();
  // `on_cut` does not run any more.
  void close() { *self_ = nullptr; }
  void count_held(ledger::Held& held) const;

 private:
  void on_pieces(uint64_t id, std::vector<CutPiece> pieces);

  const BatchCutter cutter_;
  io::LongWork* const long_work_;
  const std::function<void(Cut)> on_cut_;
  std::map<uint64_t, PendingRequest> requests_;  // being cut, in the order of begin()
  uint64_t next_id_ = 0;
  std::optional<uint64_t> beginning_;  // set while begin() runs
  std::optional<Cut> done_at_once_;
  // Work may end after this is gone; it holds the token and looks.
  std::shared_ptr<RequestCutter*> self_;
};

}  // namespace millrace::pipeline
