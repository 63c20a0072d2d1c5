#include "tests/sim/work_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "io/sim/running_host.h"

extern "C" void __sanitizer_print_stack_trace(void);

namespace millrace::sim_test {
namespace {

// Globals, because the compiler's calls have no parameter for them.
struct Counter {
  size_t host = io::sim::kNoHost;
  uint64_t count = 0;
  bool has_counted = false;
  bool has_reported = false;
};
constinit thread_local Counter counter;

#if defined(__clang__)
#define MILLRACE_NOT_COUNTED __attribute__((no_sanitize("coverage")))
#else
#define MILLRACE_NOT_COUNTED
#endif

// Shows where the first turn that is too long stands.
[[gnu::noinline]] MILLRACE_NOT_COUNTED void report() {
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
  if (!std::exchange(counter.has_reported, true)) __sanitizer_print_stack_trace();
#endif
#endif
}

[[gnu::always_inline]] MILLRACE_NOT_COUNTED inline void count() {
  if (counter.host == io::sim::kNoHost || io::sim::RunningHost::number() != counter.host) return;
  counter.has_counted = true;
  if (++counter.count == WorkWatch::kTurnComparisonsMax) report();
}

}  // namespace

WorkWatch::WorkWatch(io::sim::World& world, Problems& problems) : problems_(problems) {
  counter = {.host = world.host_number("collector")};
}
WorkWatch::~WorkWatch() { counter.host = io::sim::kNoHost; }

bool WorkWatch::is_counting() { return counter.has_counted; }

void WorkWatch::on_event(const io::sim::TraceEvent& event) {
  if (event.what != "turn") return;
  const uint64_t count = std::exchange(counter.count, 0);
  if (std::exchange(has_begun_, true)) most_ = std::max(most_, count);
}

uint64_t WorkWatch::check() {
  most_ = std::max(most_, std::exchange(counter.count, 0));
  if (most_ > kTurnComparisonsMax) {
    problems_.push_back(
        fmt::format("a turn of the collector made {} comparisons, {} at most are two slices", most_,
                    kTurnComparisonsMax));
  }
  return most_;
}

}  // namespace millrace::sim_test

// What the compiler calls (clang's SanitizerCoverage, "Tracing data flow").
#define MILLRACE_COUNTED(name, ...)                                                    \
  __attribute__((visibility("default"))) MILLRACE_NOT_COUNTED void name(__VA_ARGS__) { \
    millrace::sim_test::count();                                                       \
  }

extern "C" {
MILLRACE_COUNTED(__sanitizer_cov_trace_cmp1, uint8_t, uint8_t)
MILLRACE_COUNTED(__sanitizer_cov_trace_cmp2, uint16_t, uint16_t)
MILLRACE_COUNTED(__sanitizer_cov_trace_cmp4, uint32_t, uint32_t)
MILLRACE_COUNTED(__sanitizer_cov_trace_cmp8, uint64_t, uint64_t)
MILLRACE_COUNTED(__sanitizer_cov_trace_const_cmp1, uint8_t, uint8_t)
MILLRACE_COUNTED(__sanitizer_cov_trace_const_cmp2, uint16_t, uint16_t)
MILLRACE_COUNTED(__sanitizer_cov_trace_const_cmp4, uint32_t, uint32_t)
MILLRACE_COUNTED(__sanitizer_cov_trace_const_cmp8, uint64_t, uint64_t)
MILLRACE_COUNTED(__sanitizer_cov_trace_switch, uint64_t, uint64_t*)
}
