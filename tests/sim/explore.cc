#include "tests/sim/explore.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <utility>

#include "tests/sim/death_notice.h"
#include "tests/sim/worker_processes.h"

namespace millrace::sim_test {
namespace {

// Every n-th seed runs twice and must produce the same trace.
constexpr uint64_t kTwiceEvery = 20;
// With fewer seeds the coverage is not required.
constexpr uint64_t kSeedsForCoverage = 500;
// The minimum for a seed with a disk.
constexpr uint64_t kRequestsMin = 1'000;

volatile std::sig_atomic_t wants_to_stop = 0;

Duration processor_time() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + Duration(time.tv_nsec);
}

double hours_of(Duration duration) {
  return std::chrono::duration<double, std::ratio<3600>>(duration).count();
}

// Sums up the reports.
class Tally {
 public:
  explicit Tally(const Exploration& exploration) : exploration_(exploration) {
    require_everything(exploration.kind, coverage_);
  }
  // False: no more seeds are needed.
  bool take(const SeedReport& report) {
    ++count_;
    coverage_.add(report.coverage);
    requests_ += report.result.requests;
    items_ += report.result.items;
    simulated_ += report.result.simulated;
    processor_ += report.processor;
    turn_comparisons_ = std::max(turn_comparisons_, report.result.turn_comparisons);
    outside_bytes_ = std::max(outside_bytes_, report.result.outside_bytes);
    if (!report.result.problems.empty()) {
      failed_.push_back(report.seed);
      print_failures(report);
    }
    if (exploration_.progress_every != 0 && count_ % exploration_.progress_every == 0) {
      fmt::print(stderr, "{}\n", sum_line());
    }
    const bool is_over =
        exploration_.hours != 0 && hours_of(processor_) >= exploration_.hours * exploration_.jobs;
    return !is_over && wants_to_stop == 0 && !(exploration_.until_failed && !failed_.empty());
  }
  bool print_end() const {
    for (const auto& [name, times] : coverage_.counts()) fmt::print("{:40} {}\n", name, times);
    fmt::print("{}\n", sum_line());
    for (const uint64_t seed : failed_) fmt::print("failed: seed {}\n", seed);
    bool is_complete = true;
    if (count_ >= kSeedsForCoverage) {
      for (const std::string& name : coverage_.missing()) {
        is_complete = false;
        fmt::print("never occurred: {}\n", name);
      }
    }
    return failed_.empty() && is_complete;
  }

 private:
  void print_failures(const SeedReport& report) const {
    for (const std::string& problem : report.result.problems) {
      fmt::print("seed {}: {}\n", report.seed, problem);
    }
    fmt::print("seed {}: {}\nseed {}: again with: build/asan/millrace-sim{} --seed {}\n",
               report.seed, report.result.last_line, report.seed, exploration_.option, report.seed);
    std::fflush(stdout);
  }
  std::string sum_line() const {
    const double hours = hours_of(processor_);
    return fmt::format(
        "{} seeds, {} failed; {} requests, {} items, {:.1f} hours simulated; at most {} KiB "
        "outside the budget's terms and {} comparisons in a turn; in an hour of one processor: "
        "{:.0f} seeds, {:.0f} hours simulated",
        count_, failed_.size(), requests_, items_, hours_of(simulated_), outside_bytes_ >> 10,
        turn_comparisons_, static_cast<double>(count_) / hours, hours_of(simulated_) / hours);
  }

  const Exploration& exploration_;
  Coverage coverage_;
  uint64_t count_ = 0;
  uint64_t requests_ = 0;
  uint64_t items_ = 0;
  Duration simulated_ = 0s;
  Duration processor_ = 0s;
  uint64_t turn_comparisons_ = 0;
  size_t outside_bytes_ = 0;
  std::vector<uint64_t> failed_;
};

}  // namespace

SeedReport play_seed(uint64_t seed, SeedKind kind) {
  SeedReport report;
  report.seed = seed;
  const Duration began = processor_time();
  report.result = run_seed(seed, kind, report.coverage);
  std::vector<std::string>& problems = report.result.problems;
  if (kind == SeedKind::kStorage && report.result.requests < kRequestsMin) {
    problems.push_back(fmt::format("only {} requests", report.result.requests));
  }
  const uint64_t faults = count_faults(report.coverage);
  if (kind == SeedKind::kStorage && faults < kFaultsMin) {
    problems.push_back(fmt::format("only {} faults", faults));
  }
  if (seed % kTwiceEvery == 0 && !make_scenario(seed, kind).uses_gzip) {
    report.coverage.count("run.twice");
    Coverage ignored;
    if (run_seed(seed, kind, ignored).trace_hash != report.result.trace_hash) {
      problems.emplace_back("the same seed produced two traces");
    }
  }
  report.processor = processor_time() - began;
  return report;
}

bool explore(const Exploration& exploration) {
  for (const int signal : {SIGINT, SIGTERM}) {
    std::signal(signal, [](int) { wants_to_stop = 1; });
  }
  Tally tally(exploration);
  const auto take = [&tally](const SeedReport& report) { return tally.take(report); };
  if (exploration.jobs > 1) {
    play_in_processes({exploration.first, exploration.count}, exploration.kind, exploration.jobs,
                      take);
  } else {
    for (uint64_t index = 0; index < exploration.count; ++index) {
      set_current_seed(exploration.first + index);
      if (!take(play_seed(exploration.first + index, exploration.kind))) break;
    }
  }
  return tally.print_end();
}

}  // namespace millrace::sim_test
