// Runs many seeds in this process or in several, checks each, and sums up the reports.
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
  Duration processor = 0s;  // processor time
};

// Checks also the seed as such: that enough happened in it, and, for every n-th seed, that it
// produces the same trace twice.
SeedReport play_seed(uint64_t seed, SeedKind kind);

struct Exploration {
  SeedKind kind = SeedKind::kMixed;
  uint64_t first = 1;
  uint64_t count = 500;
  double hours = 0;             // processor time of each job; 0: by count
  uint32_t jobs = 1;            // processes; 1: this process
  bool until_failed = false;    // the first failing seed ends it
  uint64_t progress_every = 0;  // seeds between two lines on stderr; 0: none
  const char* option = "";      // the command-line option of this kind of seeds
};

// Prints failures at once, and the coverage at the end. False: a seed failed, or with enough seeds
// a fault or outcome that `kind` requires never occurred. SIGINT and SIGTERM end it early.
bool explore(const Exploration& exploration);

}  // namespace millrace::sim_test
