// The contract of nodes between a receiver and the fan-out.
//
// A processor turns one payload into what should go on, now or later. Stateless ones (resource,
// attributes, filter) edit in place and return; ones that hold data (tail sampling, span metrics)
// take it out of `payload`, account for it as held, and let go of it later through the Outlet they
// were given. An edit produces a new rope whose untouched stretches are slices of the old bytes.
//
// The output for a message is bounded and reserved: every byte of it comes from `work.pool`
// (RopeWriter, ChunkBuffer), and what else grows with the message is a reservation under
// MemoryTerm::kWork or a small named constant. A processor that has no room fails the request:
//   kUnavailable        the budget is full now; the answer asks the sender to try again
//   kResourceExhausted  the output would pass its limit, or can never be had: final (HTTP: 413)
// A walk tells `work.pace` how far it is, at least once for each item or field, and may be
// suspended there while the same processor runs for other requests. So what belongs to one request
// (scratch, found matches, values from its headers) lives in process(), not in the object.
//
// One instance serves one pipeline on one worker; used on that worker's loop only.
#pragma once

#include <cstdint>

#include "memory/work.h"
#include "pipeline/payload.h"

namespace millrace::pipeline {

// What became of the items of a payload that are no longer in it. Those that are kept stay in it.
struct ProcessorResult {
  uint32_t filtered_count = 0;     // removed, because the configuration does not want them
  uint32_t sampled_out_count = 0;  // removed by a sampling decision
  uint32_t held_count = 0;         // taken over; the processor lets go of them later
  // Items of the payload that the processor made of others; the ledger admits them as well.
  uint32_t added_count = 0;
  uint32_t left_count() const { return filtered_count + sampled_out_count + held_count; }
};

// Where a processor lets go of the items that it holds, by the words of the ledger. Each item that
// was reported as held leaves exactly once. Called on the processor's loop, not from inside of its
// process().
class Outlet {
 public:
  // Payload.item_count items that were held go on behind the processor. What finds no room is
  // dropped and counted as queue_full, since its sender was answered long ago; that is the error.
  virtual Status emit(Payload payload) = 0;
  virtual void filter(uint32_t item_count) = 0;
  virtual void sample_out(uint32_t item_count) = 0;

 protected:
  ~Outlet() = default;
};

class Processor {
 public:
  virtual ~Processor() = default;
  // On success payload.item_count + left_count() equals the count before + added_count. An error
  // rejects the whole request with that error and leaves the ledger at "refused"; `payload` is then
  // void.
  virtual Result<ProcessorResult> process(Payload& payload, Work& work) = 0;
  // Items held now, counted by walking, for the ledger. 0 for stateless processors.
  virtual uint64_t held_count() const { return 0; }
  // Emits or gives up what is held; called while draining, again when more came meanwhile.
  virtual void flush() {}
};

}  // namespace millrace::pipeline
