// Runs one seed, from the first event to the last check.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "io/sim/world.h"
#include "tests/sim/coverage.h"
#include "tests/sim/scenario.h"

namespace millrace::sim_test {

struct RunResult {
  std::vector<std::string> problems;  // empty: passed
  uint64_t trace_hash = 0;
  uint64_t requests = 0;
  uint64_t items = 0;
  Duration simulated = 0s;
  uint64_t turn_comparisons = 0;  // the most of one turn of the collector; 0: not counted
  size_t outside_bytes = 0;       // the peak of memory outside the terms of the budget
  std::string large_allocations;  // one line for each name; in builds with names
  std::string last_line;          // the ledger's last line
};

// For inspecting one seed. Both may be null.
struct Watch {
  std::function<void(std::string_view line)> log;  // receives the collector's log
  std::function<void(const io::sim::TraceEvent&)> trace;
};

RunResult run_seed(uint64_t seed, SeedKind kind, Coverage& coverage, const Watch& watch = {});

}  // namespace millrace::sim_test
