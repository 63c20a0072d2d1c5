// millrace-sim: the whole collector in a simulated world, seed by seed.
//
//   millrace-sim                   500 seeds of mixed weather, then their coverage
//   millrace-sim --storage         the same over a disk, with crashes; a thousand requests each
//   millrace-sim --seeds 20000     that number of seeds; --first N begins there
//   millrace-sim --jobs 4          in four processes; 0: one for each processor
//   millrace-sim --hours 1         for that processor time in each of the jobs
//   millrace-sim --progress 1000   a summary after each thousand, to stderr
//   millrace-sim --until-failed    ends at the first failing seed
//   millrace-sim --seed 17         that seed, twice, with the collector's log
//   millrace-sim --seed 17 --trace   with every event of the world as well
#include <fmt/format.h>
#include <malloc.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "io/system.h"
#include "tests/sim/coverage.h"
#include "tests/sim/death_notice.h"
#include "tests/sim/explore.h"
#include "tests/sim/run.h"
#include "tests/sim/scenario.h"

namespace millrace::sim_test {
namespace {

struct Arguments {
  Exploration exploration;
  bool one = false;
  bool trace = false;
};

int run_one(const Arguments& arguments) {
  const uint64_t seed = arguments.exploration.first;
  const SeedKind kind = arguments.exploration.kind;
  Watch watch;
  watch.log = [](std::string_view line) { fmt::print("{}", line); };
  if (arguments.trace) {
    watch.trace = [](const io::sim::TraceEvent& event) {
      fmt::print("{:.6f} {} {} {}\n",
                 static_cast<double>(event.time.time_since_epoch().count()) / 1e9, event.what,
                 event.subject, event.value);
    };
  }
  set_current_seed(seed);
  const Scenario scenario = make_scenario(seed, kind);
  fmt::print("{}\n", scenario.configuration);
  Coverage coverage;
  const RunResult result = run_seed(seed, kind, coverage, watch);
  for (const auto& [name, times] : coverage.counts()) {
    if (times != 0) fmt::print("{} {}\n", name, times);
  }
  for (const std::string& problem : result.problems) fmt::print("seed {}: {}\n", seed, problem);
  fmt::print("seed {}: {}\n", seed, result.last_line);
  fmt::print("seed {}: at most {} bytes outside the budget's terms, {} comparisons in a turn\n{}",
             seed, result.outside_bytes, result.turn_comparisons, result.large_allocations);
  if (!scenario.uses_gzip && run_seed(seed, kind, coverage).trace_hash != result.trace_hash) {
    fmt::print("the second run produced another trace\n");
    return 1;
  }
  return result.problems.empty() ? 0 : 1;
}

bool read_arguments(int argc, char** argv, Arguments& into) {
  Exploration& exploration = into.exploration;
  for (int index = 1; index < argc; ++index) {
    const std::string_view word = argv[index];
    const auto text = [&] { return index + 1 < argc ? argv[++index] : ""; };
    const auto number = [&] { return std::strtoull(text(), nullptr, 10); };
    if (word == "--seed") {
      exploration.first = number();
      into.one = true;
    } else if (word == "--seeds") {
      exploration.count = number();
    } else if (word == "--first") {
      exploration.first = number();
    } else if (word == "--jobs") {
      const uint64_t jobs = number();
      exploration.jobs = jobs != 0 ? static_cast<uint32_t>(jobs)
                                   : io::usable_processor_count(io::read_small_file(),
                                                                io::affinity_processor_count());
    } else if (word == "--hours") {
      exploration.hours = std::strtod(text(), nullptr);
      exploration.count = UINT64_MAX / 2;
    } else if (word == "--progress") {
      exploration.progress_every = number();
    } else if (word == "--until-failed") {
      exploration.until_failed = true;
    } else if (word == "--storage") {
      exploration.kind = SeedKind::kStorage;
      exploration.option = " --storage";
    } else if (word == "--trace") {
      into.trace = true;
    } else {
      return false;
    }
  }
  return true;
}

int run(int argc, char** argv) {
  Arguments arguments;
  if (!read_arguments(argc, argv, arguments)) {
    fmt::print(
        "millrace-sim [--storage] [--first N] [--seeds N | --hours H] [--jobs N] [--progress N]\n"
        "             [--until-failed]\n"
        "millrace-sim [--storage] --seed N [--trace]\n");
    return 2;
  }
  // Queues of some megabytes are allocated thousands of times: from fresh pages, which need no
  // clearing, and without trimming the heap in between.
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
  print_seed_at_death(arguments.exploration.option);
  if (arguments.one) return run_one(arguments);
  return explore(arguments.exploration) ? 0 : 1;
}

}  // namespace
}  // namespace millrace::sim_test

int main(int argc, char** argv) { return millrace::sim_test::run(argc, argv); }
