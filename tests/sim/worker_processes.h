// Runs seeds in several processes, because the simulation has one thread. Each process takes the
// next seed from a shared counter. A process that dies of its seed is replaced, and the seed
// reported as failed.
#pragma once

#include <cstdint>
#include <functional>

#include "tests/sim/explore.h"

namespace millrace::sim_test {

struct SeedRange {
  uint64_t first = 1;
  uint64_t count = 0;
};

// Calls `take` for each report in order of arrival, until it returns false (current seeds are still
// finished) or the range is done.
void play_in_processes(SeedRange range, SeedKind kind, uint32_t process_count,
                       const std::function<bool(SeedReport)>& take);

}  // namespace millrace::sim_test
