// A batch on its way: one rope, and for each request in it what is owed.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/metadata.h"
#include "base/result.h"
#include "base/time.h"
#include "destination/destination.h"
#include "pipeline/batch_cutter.h"

namespace millrace::pipeline {

// What is owed for one request, or for one part of it. Its bytes are the next `size` of the
// flight's rope.
struct Entry {
  std::shared_ptr<Completion> completion;
  ledger::Account* account = nullptr;
  size_t size = 0;
  uint32_t item_count = 0;
  uint32_t admitted_bytes = 0;
  uint32_t cost = 0;
  uint32_t requests = 0;
  bool is_part = false;
  StoredRef place = {};
  ledger::Amount amount() const { return {item_count, admitted_bytes}; }
};

struct Flight {
  Signal signal = Signal::kTraces;
  Rope bytes;
  std::vector<Entry> entries;
  uint64_t item_count = 0;
  MetadataRef metadata;  // the partition's: the headers that metadata_keys names; null without
  MonotonicTime first_attempt_at = kNever;
  MonotonicTime attempted_at = kNever;
  Duration interval = 0s;  // the next back-off, before jitter
  bool is_compact = false;
  Error answer = {};  // to the last attempt that failed; only where dead letters are kept

  void append(Queued queued);
  // All of it has a record in the log.
  bool is_on_disk() const;
  // Names of the pipelines its requests came through, each once.
  std::vector<std::string_view> pipelines() const;
  // One flight per request, in order; empty when there is only one.
  std::vector<std::unique_ptr<Flight>> at_request_boundaries() const;
  // Two flights of about half the bytes each, cut at a request boundary.
  std::vector<std::unique_ptr<Flight>> in_halves() const;
  // A flight of one request cut into parts; empty when `cutter` cannot.
  std::vector<std::unique_ptr<Flight>> cut(const BatchCutter& cutter, CutLimits limits) const;
};

// The caller tells the destination of each further part (Destination::add_parts); likewise after
// Flight::cut.
//
// The pieces of one request; empty when it cannot be cut. `work`: see BatchCutter.
std::vector<CutPiece> cut_exactly(const BatchCutter& cutter, const Payload& whole, CutLimits limits,
                                  Work* work);
// One queued request as parts of those pieces that share what is owed for it: items, admitted bytes
// and cost add up, and its completion is owed one more answer for each further part.
std::vector<Queued> as_parts(const Queued& queued, std::vector<CutPiece> pieces);

}  // namespace millrace::pipeline
