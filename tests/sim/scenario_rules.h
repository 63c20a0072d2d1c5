// Draws the edits and filters of a scenario's pipelines.
#pragma once

#include <cstdint>
#include <string>

#include "base/random.h"
#include "tests/sim/scenario.h"

namespace millrace::sim_test {

// The sections of the processors `transform` and `filter`, in YAML. An edit by `transform` that is
// run twice gives kEditKey another value than "once".
std::string rule_processors();

// From a sequence of its own, so that seeds without any stay as they are.
class Rules {
 public:
  explicit Rules(uint64_t seed);
  // The processors of a pipeline, in any order: `shared`, `edits` and perhaps a filter, which is
  // noted in the route.
  std::string draw_list(const std::string& shared, const std::string& edits, Route& route);
  // Whether `transform` edits, and not `attributes`.
  bool draws_transform() { return random_.chance(0.5); }

 private:
  Random random_;
};

}  // namespace millrace::sim_test
