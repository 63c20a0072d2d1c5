// A request as it lies in a sending queue: its bytes, and what is owed for it.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/metadata.h"
#include "base/signal.h"
#include "base/time.h"
#include "destination/obligation.h"
#include "ledger/book.h"
#include "pipeline/batch_cutter.h"
#include "pipeline/payload.h"

namespace millrace::segment_log {
struct Record;
}

namespace millrace::pipeline {

struct PendingRequest {
  Obligation owed;
  Rope bytes;
  MetadataRef metadata;
  MonotonicTime admitted_at{};
  Signal signal = Signal::kTraces;
  bool is_compact = false;            // copied out of a chunk that it used little of
  bool is_uncuttable = false;         // larger than a batch, and cutting it was tried
  ledger::Generation generation = 0;  // in the shared queue: the audit's

  uint32_t item_count() const { return owed.item_count(); }
  ledger::Amount amount() const { return owed.amount(); }

  // By their records where both have one: those have an order also within one tick of the clock.
  bool entered_before(const PendingRequest& other) const {
    if (owed.is_on_disk() && other.owed.is_on_disk()) {
      return owed.record()->record() < other.owed.record()->record();
    }
    return admitted_at < other.admitted_at;
  }
};

// An admitted payload; `record` is null where the destination has no storage. `cost` is reserved.
PendingRequest pending_of(Payload&& payload, ledger::Account& account, size_t admitted_bytes,
                          uint32_t cost, LeaseRef record);
// A record that was read from disk; `waiter` (null: none) is the completion of its sender.
PendingRequest pending_of(segment_log::Record record, Signal signal, ledger::Account& account,
                          uint32_t cost, LeaseRef lease, std::shared_ptr<Completion> waiter,
                          MonotonicTime admitted_at);

// The pieces of one request; empty when it cannot be cut, or when `cutter` counts differently from
// admission, which would unbalance the ledger. `work`: see BatchCutter.
std::vector<CutPiece> cut_exactly(const BatchCutter& cutter, Signal signal, const Rope& bytes,
                                  uint32_t item_count, CutLimits limits, Work* work);

// One request as parts of those pieces, which share what is owed for it. The caller tells the queue
// of each part but the first (SendingQueue::add_parts). Empty, and `whole` untouched, without
// pieces.
std::vector<PendingRequest> split_request(PendingRequest& whole, std::vector<CutPiece> pieces);

}  // namespace millrace::pipeline
