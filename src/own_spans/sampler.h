// Whether an operation is recorded as a span: the samplers of OpenTelemetry's SDK (trace SDK,
// "Sampler"), as shares of the traces.
//
// Immutable; any thread. No allocation.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "http/trace_context.h"

namespace millrace::own_spans {

using TraceId = std::array<uint8_t, 16>;

// 0 to 1 each: always_off is 0, always_on is 1. A sampler that does not look at the parent has the
// same share in all three. The default is parent_based with the root always_on.
struct SamplerShares {
  double root = 1;  // operations without a sender's context
  double parent_sampled = 1;
  double parent_not_sampled = 0;
};

class Sampler {
 public:
  explicit Sampler(SamplerShares shares);
  // `trace_id`: the parent's where there is one.
  bool samples(const std::optional<http::TraceContext>& parent, const TraceId& trace_id) const;

 private:
  // A trace is sampled when the upper 63 bits of the second half of its id are below this, as in
  // Go's SDK, so that all processes of a trace decide alike.
  uint64_t root_;
  uint64_t parent_sampled_;
  uint64_t parent_not_sampled_;
};

}  // namespace millrace::own_spans
