// Seeds played in several processes, because the simulation is one thread. Each takes the next seed
// from a counter that all share; a process that dies of its seed is replaced, and the seed reported
// as failed.
#pragma once

#include <cstdint>
#include <functional>

#include "tests/sim/explore.h"

namespace millrace::sim_test {

struct SeedRange {
  uint64_t first = 1;
  uint64_t count = 0;
};

// Calls `take` for each report in the order in which they come in, until it returns false (seeds
// under way are still taken) or the range is done.
void play_in_processes(SeedRange range, SeedKind kind, uint32_t process_count,
                       const std::function<bool(SeedReport)>& take);

}  // namespace millrace::sim_test
