#include "tests/sim/memory_watch.h"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::sim_test {
namespace {

// For two workers and two destinations: the graph, the memory of libraries for a compressor (360
// KiB for each exporter, signal and worker), and 64 KiB for each connection to a back end. All
// other memory is reserved. Measured: 5.2 MiB in 200 seeds. docs/reliability.md promises that
// resident memory stays below the budget and 32 MiB.
constexpr size_t kOutsideBudgetBytes = 8 << 20;

// A global, because it is read inside malloc, which has no parameter for it.
constinit thread_local size_t watched_host = io::sim::kNoHost;

bool is_watched() {
  const size_t host = io::sim::RunningHost::number();
  return host != io::sim::kNoHost && host == watched_host;
}

}  // namespace

MemoryWatch::MemoryWatch(io::sim::World& world, Problems& problems)
    : problems_(problems), host_(world.host_number("collector")), account_(is_watched) {
  watched_host = host_;
}

void MemoryWatch::begin_life(const Budget& budget) {
  lives_ = true;
  account_.set_budget(&budget);
  account_.reset_outside_peak();  // there was no budget before
  account_.report_beyond(kOutsideBudgetBytes);
}

void MemoryWatch::check() {
  const size_t peak = account_.outside_peak();
  outside_peak_ = std::max(outside_peak_, peak);
  if (peak > kOutsideBudgetBytes) {
    problems_.push_back(
        fmt::format("{} bytes were held outside the terms of the budget, {} at most", peak,
                    kOutsideBudgetBytes));
  }
  for (std::string& text : account_.take_unnamed()) problems_.push_back(std::move(text));
}

std::string MemoryWatch::large_allocations() const {
  std::string lines;
  for (const testing::HeapAccount::Named& named : account_.named()) {
    lines += fmt::format("{}: {} bytes at one time, {} at most, {} allocations\n", named.name,
                         named.peak_bytes, named.largest_bytes, named.count);
  }
  return lines;
}

}  // namespace millrace::sim_test
