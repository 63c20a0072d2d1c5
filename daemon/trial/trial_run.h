// Sends requests through the processors of one pipeline, as one worker would, and keeps what each
// of them made of the requests.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "assembly/plan.h"
#include "base/time.h"
#include "daemon/trial/rule_counts.h"
#include "daemon/trial/sample.h"

namespace millrace::trial {

// What one processor did. The requests in front of it are those behind the step before.
struct Step {
  std::string processor;                   // its id
  bool acts_elsewhere = false;             // batch, memory_limiter: they change no request
  std::vector<std::string> requests = {};  // behind it, as OTLP/JSON
  uint64_t item_count = 0;
  uint64_t filtered_count = 0;
  uint64_t sampled_out_count = 0;
  std::vector<RuleCounts> rules = {};
  std::optional<Error> failure = {};  // of the first request that it refused
};

struct Trial {
  std::string pipeline;
  std::vector<std::string> requests;  // as they came, as OTLP/JSON
  uint64_t item_count = 0;
  std::vector<Step> steps;
  // Behind the last step.
  const std::vector<std::string>& output() const {
    return steps.empty() ? requests : steps.back().requests;
  }
  bool has_failed() const;
};

// Runs the pipeline at `pipeline` in the plan; the sample has its signal. `wait`: how long the
// processors may run before the first request comes, for those that detect something first. An
// error: a processor cannot be made. What processors hold at the end they let go of, as at the end
// of a process.
Result<Trial> run_trial(const assembly::Plan& plan, size_t pipeline,
                        const std::vector<SampleRequest>& sample, Duration wait);

}  // namespace millrace::trial
