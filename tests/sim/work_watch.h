// Holds each turn of the collector's loops to its share of work (law 7: no piece of work holds a
// loop for longer than a slice).
//
// The simulated clock stands still within a turn, and a real clock would make a seed depend on the
// machine. So work is measured in comparisons: builds for fuzzing call a function for each integer
// comparison and each switch of Millrace's code (-fsanitize=fuzzer-no-link), and this counts the
// calls. Only for seeds without a disk, whose collector starts once: what it does outside its turns
// would count as well. Other builds count nothing, and is_counting() says so.
#pragma once

#include <cstddef>
#include <cstdint>

#include "io/sim/world.h"
#include "tests/sim/coverage.h"

namespace millrace::sim_test {

class WorkWatch {
 public:
  // Two slices, of a millisecond each: what long work may take of a turn (io/long_work.h). A walk
  // makes a comparison in about a nanosecond. The most in 80 seeds were 0.9 million.
  static constexpr uint64_t kTurnComparisonsMax = 2'000'000;

  // One at a time.
  WorkWatch(io::sim::World& world, Problems& problems);
  ~WorkWatch();
  WorkWatch(const WorkWatch&) = delete;
  WorkWatch& operator=(const WorkWatch&) = delete;

  static bool is_counting();
  // For each event of the world: a turn ends where the next one begins.
  void on_event(const io::sim::TraceEvent& event);
  // The most comparisons of a turn so far. A turn that made too many is a problem, once.
  uint64_t check();

 private:
  Problems& problems_;
  uint64_t most_ = 0;
  bool has_begun_ = false;  // what was counted before the first turn was the start
};

}  // namespace millrace::sim_test
