// millrace-sim: the whole collector in a simulated world, seed by seed.
//
//   millrace-sim                   500 seeds of mixed weather, then what occurred in them
//   millrace-sim --storage         the same over a disk, with crashes; a thousand requests each
//   millrace-sim --seeds 20000     more of them; --first N begins there
//   millrace-sim --hours 1         as many as there is time for
//   millrace-sim --seed 17         that one, twice, with the collector's log
//   millrace-sim --seed 17 --trace   every event of the world as well
#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <initializer_list>
#include <string>
#include <string_view>

#include "ledger/ledger.h"
#include "tests/sim/coverage.h"
#include "tests/sim/run.h"
#include "tests/sim/scenario.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MILLRACE_SIM_ASAN 1
#include <sanitizer/common_interface_defs.h>
#endif
#endif

namespace millrace::sim_test {
namespace {

// For whoever ends the process on the way: a failed check, a sanitizer.
volatile uint64_t current_seed = 0;
const char* current_option = "";  // " --storage"

void tell_seed() {
  std::fprintf(stderr, "seed %llu died; again with: build/asan/millrace-sim%s --seed %llu\n",
               static_cast<unsigned long long>(current_seed), current_option,
               static_cast<unsigned long long>(current_seed));
}

void tell_seed_at_death() {
#ifdef MILLRACE_SIM_ASAN
  __sanitizer_set_death_callback(tell_seed);
#endif
  std::signal(SIGABRT, [](int) { tell_seed(); });
}

// Each n-th seed runs twice and must leave the same trace.
constexpr uint64_t kTwiceEvery = 10;
// Fewer seeds need not have met everything.
constexpr uint64_t kSeedsForCoverage = 500;

struct Arguments {
  uint64_t first = 1;
  uint64_t count = 500;
  double hours = 0;  // 0: by count
  bool one = false;
  bool trace = false;
  SeedKind kind = SeedKind::kMixed;
};

void require(Coverage& coverage, std::initializer_list<const char*> names) {
  for (const char* name : names) coverage.require(name);
}

void require_drops(Coverage& coverage, std::initializer_list<ledger::DropReason> reasons) {
  for (const ledger::DropReason reason : reasons) {
    coverage.require("ledger.dropped." + std::string(ledger::drop_reason_name(reason)));
  }
}

void require_everything(SeedKind kind, Coverage& coverage) {
  for (size_t fault = 0; fault < io::sim::kFaultCount; ++fault) {
    coverage.require("network." +
                     std::string(io::sim::fault_name(static_cast<io::sim::Fault>(fault))));
  }
  require(coverage, {"sink.refused_with_wish",
                     "sink.refused",
                     "sink.refused_for_good",
                     "sink.bad_data",
                     "sink.too_large",
                     "sink.hung",
                     "sink.took_and_hung",
                     "sink.slow",
                     "sink.reset",
                     "sink.vanished",
                     "script.partition",
                     "script.reset",
                     "client.grpc",
                     "client.http_protobuf",
                     "client.acknowledged",
                     "client.refused",
                     "client.retried",
                     "client.retried_as_wished",
                     "client.given_up",
                     "ledger.delivered",
                     "run.twice"});
  using ledger::DropReason;
  require_drops(coverage, {DropReason::kRetryExpired, DropReason::kNotRetried, DropReason::kRefused,
                           DropReason::kBadData, DropReason::kTooLarge});
  if (kind == SeedKind::kStorage) {
    require(coverage, {"crash.power_cut", "crash.killed", "disk.failed_calls", "ledger.recovered"});
    return;
  }
  require(coverage, {"sink.partial_success", "sink.restarted_with_goaway", "client.http_json",
                     "client.gzip", "client.partial_success", "client.bad_data_refused",
                     "ledger.rejected_by_peer", "ledger.refused", "budget.refused", "run.exact"});
  // Not age_expired, which no configuration asks for yet; nor shutdown, which is entered when
  // the collector is destroyed and nobody can look any more.
  require_drops(coverage,
                {DropReason::kQueueFull, DropReason::kDropOldest, DropReason::kDrainDeadline});
}

void report(uint64_t seed, const RunResult& result) {
  for (const std::string& problem : result.problems) {
    fmt::print("seed {}: {}\n", seed, problem);
  }
  fmt::print("seed {}: {}\nseed {}: again with: build/asan/millrace-sim{} --seed {}\n", seed,
             result.last_line, seed, current_option, seed);
  std::fflush(stdout);
}

int run_one(const Arguments& arguments) {
  Watch watch;
  watch.log = [](std::string_view line) { fmt::print("{}", line); };
  if (arguments.trace) {
    watch.trace = [](const io::sim::TraceEvent& event) {
      fmt::print("{:.6f} {} {} {}\n",
                 static_cast<double>(event.time.time_since_epoch().count()) / 1e9, event.what,
                 event.subject, event.value);
    };
  }
  fmt::print("{}\n", make_scenario(arguments.first, arguments.kind).configuration);
  Coverage coverage;
  const RunResult result = run_seed(arguments.first, arguments.kind, coverage, watch);
  for (const auto& [name, times] : coverage.counts()) {
    if (times != 0) fmt::print("{} {}\n", name, times);
  }
  report(arguments.first, result);
  if (!make_scenario(arguments.first, arguments.kind).uses_gzip &&
      run_seed(arguments.first, arguments.kind, coverage).trace_hash != result.trace_hash) {
    fmt::print("the second run left another trace\n");
    return 1;
  }
  return result.problems.empty() ? 0 : 1;
}

int run_many(const Arguments& arguments) {
  Coverage coverage;
  require_everything(arguments.kind, coverage);
  uint64_t failed = 0;
  uint64_t count = 0;
  RunResult sum;
  const auto processor_hours = [] {
    return static_cast<double>(std::clock()) / CLOCKS_PER_SEC / 3600;
  };
  for (uint64_t seed = arguments.first; count < arguments.count; ++seed, ++count) {
    if (arguments.hours != 0 && processor_hours() >= arguments.hours) break;
    current_seed = seed;
    RunResult result = run_seed(seed, arguments.kind, coverage);
    if (seed % kTwiceEvery == 0 && !make_scenario(seed, arguments.kind).uses_gzip) {
      coverage.count("run.twice");
      Coverage ignored;
      if (run_seed(seed, arguments.kind, ignored).trace_hash != result.trace_hash) {
        result.problems.push_back("the same seed left two traces");
      }
    }
    sum.requests += result.requests;
    sum.items += result.items;
    sum.simulated += result.simulated;
    if (result.problems.empty()) continue;
    ++failed;
    report(seed, result);
  }
  for (const auto& [name, times] : coverage.counts()) fmt::print("{:40} {}\n", name, times);
  const double simulated_hours = std::chrono::duration<double>(sum.simulated).count() / 3600;
  fmt::print("{} seeds, {} failed; {} requests, {} items, {:.1f} hours simulated\n", count, failed,
             sum.requests, sum.items, simulated_hours);
  fmt::print("in an hour of one processor: {:.0f} seeds, {:.0f} hours simulated\n",
             static_cast<double>(count) / processor_hours(), simulated_hours / processor_hours());
  bool is_complete = true;
  if (count >= kSeedsForCoverage) {
    for (const std::string& name : coverage.missing()) {
      is_complete = false;
      fmt::print("never occurred: {}\n", name);
    }
  }
  return failed == 0 && is_complete ? 0 : 1;
}

int run(int argc, char** argv) {
  Arguments arguments;
  for (int index = 1; index < argc; ++index) {
    const std::string_view word = argv[index];
    const auto number = [&] {
      return index + 1 < argc ? std::strtoull(argv[++index], nullptr, 10) : 0;
    };
    if (word == "--seed") {
      arguments.first = number();
      arguments.one = true;
    } else if (word == "--seeds") {
      arguments.count = number();
    } else if (word == "--first") {
      arguments.first = number();
    } else if (word == "--hours") {
      arguments.hours = index + 1 < argc ? std::strtod(argv[++index], nullptr) : 1;
      arguments.count = UINT64_MAX / 2;
    } else if (word == "--storage") {
      arguments.kind = SeedKind::kStorage;
      current_option = " --storage";
    } else if (word == "--trace") {
      arguments.trace = true;
    } else {
      fmt::print(
          "millrace-sim [--storage] [--seed N [--trace]] [--first N] [--seeds N | --hours H]\n");
      return 2;
    }
  }
  tell_seed_at_death();
  current_seed = arguments.first;
  return arguments.one ? run_one(arguments) : run_many(arguments);
}

}  // namespace
}  // namespace millrace::sim_test

int main(int argc, char** argv) { return millrace::sim_test::run(argc, argv); }
