// The intake of pipelines (pipeline/intake.h): runs their processors, reserves room in every
// required destination, and then commits everything; one refusal releases all. Best-effort
// destinations drop and count. Under `durable` a request enters when the disk has it, and one that
// the disk did not take enters nothing.
//
// Used on its worker's loop only. Cost with one pipeline, no processor and one destination under
// `accepted`: two compare-and-swaps, four atomic adds, no allocation.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "graph/pipeline.h"
#include "graph/submission.h"
#include "pipeline/intake.h"

namespace millrace::pipeline {

class PipelineIntake final : public Intake {
 public:
  // The pipelines are of one signal and this worker, and outlive the intake.
  PipelineIntake(io::Loop& loop, std::vector<PipelineWorker*> pipelines);
  ~PipelineIntake() override;
  PipelineIntake(const PipelineIntake&) = delete;
  PipelineIntake& operator=(const PipelineIntake&) = delete;

  std::optional<Verdict> submit(Payload payload, Policy policy, MonotonicTime deadline,
                                VerdictCallback&& on_verdict) override;
  void stop() override { stopped_ = true; }
  void abandon_waiting() override;
  io::Loop& loop() override { return loop_; }

 private:
  std::optional<Verdict> try_fast(Payload& payload, Policy policy);

  io::Loop& loop_;
  const std::vector<PipelineWorker*> pipelines_;
  const std::shared_ptr<Submission::DiskWait> disk_wait_;
  bool stopped_ = false;
};

}  // namespace millrace::pipeline
