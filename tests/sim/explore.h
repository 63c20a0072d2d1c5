// Many seeds: each played and judged by itself, in this process or in several, and added up.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/time.h"
#include "tests/sim/coverage.h"
#include "tests/sim/run.h"
#include "tests/sim/scenario.h"

namespace millrace::sim_test {

struct SeedReport {
  uint64_t seed = 0;
  RunResult result;
  Coverage coverage;
  Duration processor = 0s;  // time that it took
};

// Also what holds for the seed as such: that it was not too calm to mean anything, and, of each
// n-th, that it leaves the same trace twice.
SeedReport play_seed(uint64_t seed, SeedKind kind);

struct Exploration {
  SeedKind kind = SeedKind::kMixed;
  uint64_t first = 1;
  uint64_t count = 500;
  double hours = 0;             // of processor time, of each job; 0: by count
  uint32_t jobs = 1;            // processes; 1: this one
  bool until_failed = false;    // the first seed that fails ends it
  uint64_t progress_every = 0;  // seeds, to stderr; 0: never
  const char* option = "";      // of the command that plays a seed of this kind again
};

// Prints what failed at once, and in the end what occurred. False: a seed failed, or a kind of
// fault or outcome that belongs to `kind` never occurred although there were enough seeds. SIGINT
// and SIGTERM end it early, with its summary.
bool explore(const Exploration& exploration);

}  // namespace millrace::sim_test
