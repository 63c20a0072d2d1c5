// The node contract: what stands between a receiver and the fan-out.
//
// A processor turns one payload into what should go on, now or later. Stateless ones (resource,
// attributes, filter) edit in place and return; ones that hold data (tail sampling, span metrics)
// take it out of `payload`, account for it as held, and emit later through the Emitter they were
// given. An edit produces a new rope whose untouched stretches are slices of the old bytes.
//
// What it makes of a message is bounded and reserved: every byte of output comes from `work.pool`
// (RopeWriter, ChunkBuffer), and what else grows with the message is a reservation under
// MemoryTerm::kWork or a small named constant. A processor that has no room fails the request:
//   kUnavailable        the budget is full now; the sender is told to try again
//   kResourceExhausted  the output would pass its limit, or can never be had: final (HTTP: 413)
// A walk tells `work.pace` how far it is, at least once for each item or field, and may be
// suspended there while the same processor runs for other requests. So what belongs to one request
// (scratch, found matches, values from its headers) lives in process(), not in the object.
//
// One instance serves one pipeline on one worker; used on that worker's loop only.
#pragma once

#include <cstdint>
#include <functional>

#include "memory/work.h"
#include "pipeline/payload.h"

namespace millrace::pipeline {

struct ProcessorResult {
  uint32_t filtered_count = 0;  // items this call removed on purpose
  uint32_t held_count = 0;      // items this call took over to emit later
};

class Processor {
 public:
  using Emitter = std::function<Status(Payload)>;
  virtual ~Processor() = default;
  // On success payload.item_count + filtered + held equals the count before. An error rejects the
  // whole request with that error and leaves the ledger at "refused"; `payload` is then void.
  virtual Result<ProcessorResult> process(Payload& payload, Work& work) = 0;
  // Items held now, counted by walking, for the ledger. 0 for stateless processors.
  virtual uint64_t held_count() const { return 0; }
  // Emits or gives up what is held; called once while draining.
  virtual void flush() {}
};

}  // namespace millrace::pipeline
