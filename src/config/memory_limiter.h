// The `memory_limiter` processor's options. There is one memory budget for the process; assembly
// takes its limit from here when the configuration has a memory_limiter.
#pragma once

#include <cstdint>

#include "base/time.h"
#include "config/section.h"

namespace millrace::config {

struct MemoryLimiterConfig {
  Duration check_interval = 0s;  // required and unused: every reservation is a check
  int64_t limit_mib = 0;         // wins over limit_percentage
  int64_t limit_percentage = 0;  // of the machine's or the cgroup's memory
  int64_t spike_limit_mib = 0;
  int64_t spike_limit_percentage = 0;

  // The soft limit in bytes, above which requests are refused: limit less spike (by default 20 %
  // of the limit). `memory_total`: bytes that the machine or the cgroup allows.
  uint64_t soft_limit_bytes(uint64_t memory_total) const;
  uint64_t hard_limit_bytes(uint64_t memory_total) const;
};

void read_memory_limiter(Section& section, MemoryLimiterConfig& into);

}  // namespace millrace::config
