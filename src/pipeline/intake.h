// Where a receiver hands in admitted requests: one Intake for each receiver, signal and worker,
// feeding every pipeline of that signal that names the receiver.
//
// A request enters all of its pipelines or none (law 6): the processors run first, then a place is
// reserved in every required destination, then everything is committed; one refusal releases all.
// Best-effort destinations drop and count. Under `durable` it enters when the disk has it, and one
// that the disk did not take enters nothing.
//
// Used on its worker's loop only. Cost with one pipeline, no processor and one destination under
// `accepted`: two compare-and-swaps, four atomic adds, one callback; no allocation.
#pragma once

#include <memory>
#include <vector>

#include "io/loop.h"
#include "pipeline/payload.h"
#include "pipeline/pipeline.h"
#include "pipeline/verdict.h"

namespace millrace::pipeline {

class Intake {
 public:
  // The pipelines are of one signal and this worker, and outlive the intake.
  Intake(io::Loop& loop, std::vector<PipelineWorker*> pipelines);
  ~Intake();
  // Gives back what requests that wait for the disk have reserved; they are refused nothing and
  // hear nothing. While the destinations are there: before the end of a worker takes them apart.
  void abandon_waiting();
  Intake(const Intake&) = delete;
  Intake& operator=(const Intake&) = delete;

  // Exactly one call of `on_verdict`. Under kAccepted it comes from inside submit, unless a
  // destination blocks or has wait_for_result; otherwise in a later turn of this loop, never from
  // inside a submit. `deadline` (kNever: none) ends waiting for room only: what has entered is not
  // withdrawn. Counting accepted and refused items is the receiver's (it has the verdict).
  void submit(Payload payload, Policy policy, MonotonicTime deadline, VerdictCallback on_verdict);

  // From now on everything is refused with UNAVAILABLE, "shutting down".
  void stop() { stopped_ = true; }
  io::Loop& loop() { return loop_; }

 private:
  class Submission;
  struct DiskWait;
  bool try_fast(Payload& payload, Policy policy, VerdictCallback& on_verdict);

  io::Loop& loop_;
  const std::vector<PipelineWorker*> pipelines_;
  const std::shared_ptr<DiskWait> disk_wait_;
  bool stopped_ = false;
};

}  // namespace millrace::pipeline
