// How a way of handing over spans is measured, for library_bench.cc and opentelemetry_twin.cc: the
// same threads, bursts, clocks and lines for all of them.
//
// The mean is CPU time of the calling threads (CLOCK_THREAD_CPUTIME_ID, two calls a burst), which
// holds on a busy machine too. Percentiles are of time stamps around single calls, less what an
// empty pair of time stamps shows (the median, printed); another process's turn is in them.
#pragma once

#include <time.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <thread>
#include <vector>

namespace millrace::bench {

// Bursts with pauses, so that what empties the buffer gets its turn on a small machine: the cost is
// the caller's alone.
inline constexpr int kBurst = 500;
inline constexpr int kSpansPerRun = 400'000;
inline constexpr int kThreadCounts[] = {1, 2, 4, 8};

struct Figures {
  double mean_ns = 0;
  uint64_t lost = 0;
};

inline double thread_cpu_ns() {
  timespec time;
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

// Fenced: what was begun before is finished, and nothing behind it has begun.
inline uint64_t time_stamp() {
#if defined(__x86_64__)
  _mm_lfence();
  const uint64_t now = __rdtsc();
  _mm_lfence();
  return now;
#else
  timespec time;
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
#endif
}

// The time stamps' unit, and what a pair of them costs.
class Clock {
 public:
  Clock() {
    using std::chrono::steady_clock;
    const auto start = steady_clock::now();
    const uint64_t first = time_stamp();
    while (steady_clock::now() - start < std::chrono::milliseconds(50)) {
    }
    const std::chrono::duration<double, std::nano> passed = steady_clock::now() - start;
    ticks_per_ns_ = static_cast<double>(time_stamp() - first) / passed.count();
    std::vector<uint64_t> pairs(10'001);
    for (uint64_t& pair : pairs) {
      const uint64_t before = time_stamp();
      pair = time_stamp() - before;
    }
    std::nth_element(pairs.begin(), pairs.begin() + 5000, pairs.end());
    pair_ticks_ = static_cast<double>(pairs[5000]);
  }
  double pair_ns() const { return pair_ticks_ / ticks_per_ns_; }
  double ns(double ticks) const { return std::max(0.0, ticks - pair_ticks_) / ticks_per_ns_; }

 private:
  double ticks_per_ns_ = 1;
  double pair_ticks_ = 0;
};

struct ThreadFigures {
  double cpu_ns = 0;
  uint64_t spans = 0;  // of cpu_ns
  uint64_t lost = 0;
  std::vector<float> ticks;
};

template <class Way>
void run_bursts(int bursts, int pause_us, uint64_t number, Way& way, ThreadFigures& figures) {
  figures.ticks.reserve(static_cast<size_t>(bursts) * kBurst / 2);
  for (int burst = 0; burst < bursts; ++burst) {
    std::this_thread::sleep_for(std::chrono::microseconds(pause_us));
    // Every other burst is timed span by span, which costs a little by itself.
    if (burst % 2 == 0) {
      const double before = thread_cpu_ns();
      for (int i = 0; i < kBurst; ++i) figures.lost += way(++number) ? 0 : 1;
      figures.cpu_ns += thread_cpu_ns() - before;
      figures.spans += kBurst;
      continue;
    }
    for (int i = 0; i < kBurst; ++i) {
      const uint64_t before = time_stamp();
      const bool is_taken = way(++number);
      figures.ticks.push_back(static_cast<float>(time_stamp() - before));
      figures.lost += is_taken ? 0 : 1;
    }
  }
}

// `way(number)` makes span `number` and hands it over; false: it was lost. Each thread has a copy.
// Prints a line.
template <class Way>
Figures measure(const Clock& clock, const char* name, int thread_count, const Way& way) {
  std::vector<ThreadFigures> each(static_cast<size_t>(thread_count));
  std::vector<std::thread> threads;
  for (size_t index = 0; index < each.size(); ++index) {
    threads.emplace_back([&, index, mine = way]() mutable {
      run_bursts(kSpansPerRun / kBurst / thread_count, 500 * thread_count, index << 32, mine,
                 each[index]);
    });
  }
  for (std::thread& thread : threads) thread.join();
  ThreadFigures all;
  for (const ThreadFigures& one : each) {
    all.cpu_ns += one.cpu_ns;
    all.spans += one.spans;
    all.lost += one.lost;
    all.ticks.insert(all.ticks.end(), one.ticks.begin(), one.ticks.end());
  }
  std::sort(all.ticks.begin(), all.ticks.end());
  const auto percentile = [&](double share) {
    return clock.ns(all.ticks[static_cast<size_t>(share * static_cast<double>(all.ticks.size()))]);
  };
  const Figures figures = {.mean_ns = all.cpu_ns / static_cast<double>(all.spans),
                           .lost = all.lost};
  std::printf("%-34s %d threads  mean %6.1f  p50 %6.0f  p99 %6.0f  p99.9 %7.0f ns  lost %llu\n",
              name, thread_count, figures.mean_ns, percentile(0.5), percentile(0.99),
              percentile(0.999), static_cast<unsigned long long>(figures.lost));
  std::fflush(stdout);
  return figures;
}

}  // namespace millrace::bench
