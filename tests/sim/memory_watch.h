// Checks the collector's memory: its heap beyond the reservations in the budget's terms stays below
// a constant, and every large allocation has a name.
#pragma once

#include <cstddef>
#include <string>

#include "io/sim/running_host.h"
#include "io/sim/world.h"
#include "memory/budget.h"
#include "memory/testing/heap_account.h"
#include "tests/sim/coverage.h"

namespace millrace::sim_test {

class MemoryWatch {
 public:
  // One object at a time.
  MemoryWatch(io::sim::World& world, Problems& problems);
  MemoryWatch(const MemoryWatch&) = delete;
  MemoryWatch& operator=(const MemoryWatch&) = delete;

  // Allocations in the scope of the result belong to the collector, as in its loops' turns.
  io::sim::RunningHost running() const { return io::sim::RunningHost(host_); }
  // The budget must outlive end_life().
  void begin_life(const Budget& budget);
  // Also after a start that failed: it had no budget yet.
  void end_life() {
    if (lives_) check();
    lives_ = false;
    account_.report_beyond(SIZE_MAX);
    account_.set_budget(nullptr);
    account_.reset_outside_peak();
  }
  // Appends the violations since the last call.
  void check();
  size_t outside_peak() const { return outside_peak_; }
  // One line for each name.
  std::string large_allocations() const;

 private:
  Problems& problems_;
  const size_t host_;
  testing::HeapAccount account_;
  bool lives_ = false;
  size_t outside_peak_ = 0;  // of all lives
};

}  // namespace millrace::sim_test
