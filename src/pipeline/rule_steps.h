// A processor taken apart for people: its rules (statements, conditions, actions) in order, and the
// processor that has only the first of them. Run on one item they tell which rule changed what.
// Only for processors without state, whose result for an item depends on that item alone.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/processor.h"

namespace millrace::pipeline {

struct RuleSteps {
  std::vector<std::string> texts;
  // It has the first `count` rules; it counts and logs nothing. One thread.
  std::function<std::unique_ptr<Processor>(size_t count)> make;
};

}  // namespace millrace::pipeline
