// A batch on its way: one rope, and for each request in it what is owed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/metadata.h"
#include "base/result.h"
#include "base/time.h"
#include "destination/pending_request.h"
#include "pipeline/batch_cutter.h"

namespace millrace::pipeline {

// One request of a batch. Its bytes are the next `size` of the flight's rope.
struct Entry {
  Obligation owed;
  size_t size = 0;
};

struct Flight {
  Signal signal = Signal::kTraces;
  Rope bytes;
  std::vector<Entry> entries;
  uint64_t item_count = 0;
  MetadataRef metadata;  // the partition's: the headers that metadata_keys names; null without
  MonotonicTime first_attempt_at = kNever;
  MonotonicTime attempted_at = kNever;
  MonotonicTime oldest_at = kNever;  // when the first of its requests was admitted
  Duration interval = 0s;            // the next back-off, before jitter
  bool is_compact = false;
  Error answer = {};  // to the last attempt that failed; only where dead letters are kept

  void append(PendingRequest&& request);
  // All of it has a record in the log.
  bool is_on_disk() const;
  // Names of the pipelines its requests came through, each once.
  std::vector<std::string_view> pipelines() const;

  // Takes the requests out for which `takes` says true.
  std::vector<PendingRequest> take_out(const std::function<bool(const Obligation&)>& takes,
                                       MonotonicTime now);

  // The three below leave nothing owed in this flight, or return nothing and leave it as it is.
  //
  // One flight per request, in order; nothing when there is only one.
  std::vector<std::unique_ptr<Flight>> split_at_requests();
  // Two flights of about half the bytes each, cut at a request boundary.
  std::vector<std::unique_ptr<Flight>> split_in_halves();
  // A flight of one request cut into parts; nothing when `cutter` cannot. The caller tells the
  // queue of each part but the first (SendingQueue::add_parts).
  std::vector<std::unique_ptr<Flight>> cut(const BatchCutter& cutter, CutLimits limits);
};

}  // namespace millrace::pipeline
