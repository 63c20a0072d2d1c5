// otelcol's process metrics: CPU seconds, uptime, resident memory, and what the allocator holds,
// read when a page is rendered. otelcol_process_runtime_total_alloc_bytes is not offered: it is the
// Go allocator's running total, which the C allocator does not keep.
//
// Threads: made and destroyed on one thread; read on the one that renders.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "metrics/registry.h"

namespace millrace::metrics {

// Where the figures come from: plain functions, so that tests give their own.
struct ProcessSource {
  // The text of /proc/self/stat, or empty when it can't be read.
  std::string (*read_stat)();
  // Seconds since the system's start, on the clock that counts a process's start time.
  double (*seconds_since_boot)();
  int64_t ticks_per_second;  // sysconf(_SC_CLK_TCK)
  int64_t page_bytes;        // sysconf(_SC_PAGESIZE)
  uint64_t (*heap_allocated_bytes)();
  uint64_t (*heap_system_bytes)();
};

// This process, by /proc/self/stat, clock_gettime and mallinfo2.
ProcessSource this_process();

// What one line of /proc/PID/stat says (proc(5)).
struct ProcessStat {
  double cpu_seconds = 0;    // user and system
  double start_seconds = 0;  // after the system's start
  int64_t rss_bytes = 0;
};
std::optional<ProcessStat> parse_process_stat(const std::string& line, int64_t ticks_per_second,
                                              int64_t page_bytes);

// Registers the metrics for as long as it lives; the registry may end before it.
class ProcessMetrics {
 public:
  ProcessMetrics(Registry& registry, const ProcessSource& source);

 private:
  std::vector<Registry::Handle> handles_;
};

}  // namespace millrace::metrics
