#include "destination/pending_request.h"

#include "pipeline/completion.h"
#include "segment_log/log.h"

namespace millrace::pipeline {

PendingRequest pending_of(Payload&& payload, ledger::Account& account, size_t admitted_bytes,
                          uint32_t cost, LeaseRef record) {
  return {.owed = Obligation({.account = &account,
                              .item_count = payload.item_count,
                              .admitted_bytes = static_cast<uint32_t>(admitted_bytes),
                              .cost = cost,
                              .completion = std::move(payload.completion),
                              .record = std::move(record)}),
          .bytes = std::move(payload.bytes),
          .metadata = std::move(payload.metadata),
          .admitted_at = payload.admitted_at,
          .signal = payload.signal};
}

PendingRequest pending_of(segment_log::Record record, Signal signal, ledger::Account& account,
                          uint32_t cost, LeaseRef lease, std::shared_ptr<Completion> waiter,
                          MonotonicTime admitted_at) {
  return {.owed = Obligation({.account = &account,
                              .item_count = record.item_count,
                              .admitted_bytes = record.admitted_bytes,
                              .cost = cost,
                              .completion = std::move(waiter),
                              .record = std::move(lease)}),
          .bytes = Rope(std::move(record.bytes)),
          .metadata = std::move(record.metadata),
          .admitted_at = admitted_at,
          .signal = signal};
}

std::vector<CutPiece> cut_exactly(const BatchCutter& cutter, Signal signal, const Rope& bytes,
                                  uint32_t item_count, CutLimits limits, Work* work) {
  if (!cutter || item_count < 2) return {};
  std::vector<CutPiece> pieces = cutter(signal, bytes, limits, work);
  uint64_t sum = 0;
  for (const CutPiece& piece : pieces) sum += piece.item_count;
  if (pieces.size() < 2 || sum != item_count) return {};
  return pieces;
}

std::vector<PendingRequest> split_request(PendingRequest& whole, std::vector<CutPiece> pieces) {
  std::vector<PendingRequest> parts;
  if (pieces.empty()) return parts;
  std::vector<uint32_t> item_counts;
  for (const CutPiece& piece : pieces) item_counts.push_back(piece.item_count);
  std::vector<Obligation> owed = whole.owed.split(item_counts);
  for (size_t i = 0; i < pieces.size(); ++i) {
    parts.push_back({.owed = std::move(owed[i]),
                     .bytes = std::move(pieces[i].bytes),
                     .metadata = whole.metadata,
                     .admitted_at = whole.admitted_at,
                     .signal = whole.signal,
                     .generation = whole.generation});
  }
  return parts;
}

}  // namespace millrace::pipeline
