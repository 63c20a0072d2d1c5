// Which traces the console keeps: a share of them, by a hash of the trace id. So a trace is kept
// whole or not at all, whichever requests, workers and pipelines its spans pass, also after a
// restart. Immutable: any thread.
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "memory/work.h"

namespace millrace::recent {

class TraceSample {
 public:
  // `rate`: the share that is kept, from 0 (none) to 1 (all).
  explicit TraceSample(double rate = 1);

  double rate() const { return rate_; }
  bool keeps_all() const { return rate_ >= 1; }
  bool keeps(std::span<const uint8_t> trace_id) const;

  struct Kept {
    Rope bytes;  // empty: nothing of the request is kept
    uint32_t span_count = 0;
  };
  // The request of traces without the spans of other traces, and without the resources and scopes
  // that have no more spans. Precondition: it has passed admission. Cost: one pass over the fields
  // of its spans; what is kept may be copied into the pool. Errors: those of otlp::RopeWriter.
  Result<Kept> kept_of(const Rope& request, Work& work) const;

 private:
  double rate_;
  uint64_t hash_max_;  // of the traces that are kept, where some are and some are not
};

}  // namespace millrace::recent
