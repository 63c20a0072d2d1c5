// otelcol's process metrics: CPU seconds, uptime, resident memory and the allocator's memory, read
// when a page is rendered. otelcol_process_runtime_total_alloc_bytes is not offered: it is the
// running total of the Go allocator; the C allocator keeps none.
//
// Threads: created and destroyed on one thread, read on the thread that renders.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "metrics/registry.h"

namespace millrace::metrics {

// The sources of the figures as plain functions, so that tests can replace them.
struct ProcessSource {
  // The text of /proc/self/stat, or empty when it can't be read.
  std::string (*read_stat)();
  // Seconds since the system's start, on the clock of a process's start time.
  double (*seconds_since_boot)();
  int64_t ticks_per_second;  // sysconf(_SC_CLK_TCK)
  int64_t page_bytes;        // sysconf(_SC_PAGESIZE)
  uint64_t (*heap_allocated_bytes)();
  uint64_t (*heap_system_bytes)();
};

// The sources for this process: /proc/self/stat, clock_gettime and mallinfo2.
ProcessSource this_process();

// The used fields of one line of /proc/PID/stat (proc(5)).
struct ProcessStat {
  double cpu_seconds = 0;    // user and system
  double start_seconds = 0;  // after the system's start
  int64_t rss_bytes = 0;
};
std::optional<ProcessStat> parse_process_stat(const std::string& line, int64_t ticks_per_second,
                                              int64_t page_bytes);

// Registers the metrics during its lifetime. The registry may be destroyed first.
class ProcessMetrics {
 public:
  ProcessMetrics(Registry& registry, const ProcessSource& source);

 private:
  std::vector<Registry::Handle> handles_;
};

}  // namespace millrace::metrics
