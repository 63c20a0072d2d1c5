// Where admitted requests enter: one Intake for each receiver (or connector), signal and worker,
// feeding every pipeline of that signal that names the receiver. graph/pipeline_intake.h is the one
// that assembly makes.
//
// A request enters all of its pipelines or none (law 6). Used on its worker's loop only.
#pragma once

#include <optional>

#include "io/loop.h"
#include "pipeline/payload.h"
#include "pipeline/verdict.h"

namespace millrace::pipeline {

class Intake {
 public:
  virtual ~Intake() = default;

  // Returns the verdict if it is known at once: then `on_verdict` is left untouched and not called.
  // Otherwise takes `on_verdict` and calls it once, in a later turn of this loop.
  //
  // Under kAccepted the verdict is known at once, unless a destination blocks or has
  // wait_for_result. `deadline` (kNever: none) ends waiting for room only: what has entered is not
  // withdrawn. Counting accepted and refused items is the caller's, which has the verdict.
  [[nodiscard]] virtual std::optional<Verdict> submit(Payload payload, Policy policy,
                                                      MonotonicTime deadline,
                                                      VerdictCallback&& on_verdict) = 0;

  // From now on everything is refused with UNAVAILABLE, "shutting down".
  virtual void stop() = 0;
  // Gives back what requests that wait for the disk have reserved; they are refused nothing and
  // hear nothing. While the destinations are there: before the end of a worker takes them apart.
  virtual void abandon_waiting() = 0;
  virtual io::Loop& loop() = 0;
};

}  // namespace millrace::pipeline
