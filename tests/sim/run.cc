#include "tests/sim/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "base/log.h"
#include "tests/sim/checks.h"
#include "tests/sim/collector_process.h"
#include "tests/sim/hostile_client.h"
#include "tests/sim/numbered_items.h"
#include "tests/sim/scenario.h"
#include "tests/sim/sdk_client.h"
#include "tests/sim/sink.h"
#include "tests/sim/work_watch.h"

namespace millrace::sim_test {
namespace {

// Longer than all retries, backoffs and timeouts of the scenario together.
constexpr Duration kQuietMax = 30min;
constexpr Duration kLookEvery = 20ms;
constexpr Duration kPoolsTrimmed = 10s;

class Run {
 public:
  Run(uint64_t seed, SeedKind kind, Coverage& coverage, const Watch& watch)
      : watch_names_(watch.log != nullptr),
        scenario_(make_scenario(seed, kind)),
        random_(seed ^ 0x5eed),
        coverage_(coverage),
        world_(seed, scenario_.faults),
        log_({.level = watch.log ? LogLevel::kInfo : LogLevel::kError, .sampling_enabled = false},
             watch.log, [this] { return wall_milliseconds(); }),
        process_(scenario_, world_, log_, random_.next(), coverage, result_.problems) {
    world_.set_tracer([this, trace = watch.trace](const io::sim::TraceEvent& event) {
      work_.on_event(event);
      if (trace) trace(event);
    });
  }
  ~Run() {
    // Callers are destroyed before the objects that they call, loops last.
    clients_.clear();
    hostile_clients_.clear();
    sinks_ = {};
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  RunResult run() {
    if (!start()) return std::move(result_);
    trouble();
    if (process_.runs() && scenario_.ending == Ending::kInTheMiddle) process_.drain();
    if (process_.runs()) recover();
    if (!process_.runs()) return std::move(result_);
    if (scenario_.ending == Ending::kAfterQuiet) {
      wait_for_quiet();
      process_.drain();
    }
    // The pools release memory that was unused for a second.
    if (scenario_.ending != Ending::kWithoutDrain) world_.run_for(kPoolsTrimmed);
    check();
    return std::move(result_);
  }

 private:
  int64_t wall_milliseconds() const { return world_.now().time_since_epoch().count() / 1'000'000; }
  void problem(std::string text) { result_.problems.push_back(std::move(text)); }

  bool start() {
    if (!process_.start()) return false;
    for (size_t index = 0; index < sinks_.size(); ++index) {
      sinks_[index] = std::make_unique<Sink>(world_, scenario_.destinations[index],
                                             expected_at(index), random_.next(), sent_, coverage_);
    }
    for (size_t index = 0; index < scenario_.clients.size(); ++index) {
      client_loops_.push_back(world_.make_loop(fmt::format("client-{}", index)));
      clients_.push_back(std::make_unique<SdkClient>(*client_loops_.back(),
                                                     scenario_.clients[index], index,
                                                     random_.next(), sent_, coverage_));
    }
    for (size_t index = 0; index < scenario_.hostile_clients.size(); ++index) {
      client_loops_.push_back(world_.make_loop(fmt::format("hostile-{}", index)));
      hostile_clients_.push_back(
          std::make_unique<HostileClient>(*client_loops_.back(), world_.host_address("collector"),
                                          scenario_.hostile_clients[index], coverage_));
    }
    return true;
  }

  Sink::Expected expected_at(size_t destination) const {
    Sink::Expected expected{.edit_text = scenario_.edit_text};
    expected.filtered.fill(true);
    for (const Route& route : scenario_.routes) {
      if (route.destination != destination) continue;
      if (!route.is_filtered) expected.filtered[index_of(route.signal)] = false;
      if (route.signal != Signal::kTraces) continue;
      (route.is_edited ? expected.edited : expected.untouched) = true;
    }
    return expected;
  }

  // Scripted partitions and resets, in addition to the network's random faults.
  void trouble() {
    const MonotonicTime end = world_.now() + scenario_.trouble;
    while (world_.now() < end && process_.runs()) {
      const std::string other = random_.chance(0.5) ? scenario_.destinations[random_.below(2)].host
                                                    : std::string("client-0");
      const bool separate = scenario_.has_partitions && random_.chance(0.2);
      if (separate) world_.partition("collector", other);
      if (scenario_.has_resets && random_.chance(0.1)) {
        coverage_.count("script.reset");
        world_.reset_connections("collector");
      }
      process_.live_through(Duration(1 + random_.below(3)) * 1'000'000'000);
      if (!separate) continue;
      coverage_.count("script.partition");
      world_.heal("collector", other);
    }
    if (!scenario_.storage.is_used) return;
    // A seed with few faults crashes until there are enough.
    while (process_.runs() && faults_so_far() < kFaultsMin) process_.crash();
  }

  uint64_t faults_so_far() const {
    Coverage so_far = coverage_;
    count_faults_of_world(so_far);
    return count_faults(so_far);
  }

  void count_faults_of_world(Coverage& into) const {
    for (size_t fault = 0; fault < io::sim::kFaultCount; ++fault) {
      const auto kind = static_cast<io::sim::Fault>(fault);
      into.count("network." + std::string(io::sim::fault_name(kind)), world_.fault_count(kind));
    }
    for (const auto& [what, times] : process_.disk().mishaps()) {
      into.count("disk." + what, times);
    }
  }

  void recover() {
    world_.set_faults({});
    process_.heal_disk();
    if (!process_.runs()) return;
    for (const auto& sink : sinks_) sink->heal();
    hostile_clients_.clear();
    const auto all_done = [this] {
      for (const auto& client : clients_) {
        if (!client->is_done()) return false;
      }
      return true;
    };
    if (!world_.run_until(all_done, kQuietMax)) problem("a client's exports never ended");
  }

  void wait_for_quiet() {
    const MonotonicTime end = world_.now() + kQuietMax;
    while (world_.now() < end) {
      if (is_quiet()) return;
      world_.run_for(kLookEvery);
    }
    if (process_.directory_was_removed()) return;
    for (const auto& destination : process_.collector().health().destinations) {
      if (destination.queue_size == 0) continue;
      problem(fmt::format("{} {} still has {} queued long after all faults: {}", destination.name,
                          destination.signal, destination.queue_size, destination.last_answer));
    }
  }

  bool is_quiet() {
    return std::ranges::all_of(process_.collector().health().destinations,
                               [](const auto& destination) {
                                 return destination.queue_size == 0 && destination.in_flight == 0;
                               });
  }

  void check() {
    process_.memory().check();
    if (!scenario_.storage.is_used) result_.turn_comparisons = work_.check();
    const World all{scenario_, process_.collector(), sinks_, clients_, process_};
    check_ledger(all, result_.problems);
    check_budget(all, result_.problems);
    check_sinks(all, result_.problems);
    check_acknowledged(all, result_.problems);
    check_bad_data(all, result_.problems);
    if (scenario_.is_exact()) {
      coverage_.count("run.exact");
      check_exact(all, result_.problems);
    }
    if (scenario_.answers_at_once()) {
      coverage_.count("run.answers_at_once");
      if (!scenario_.hostile_clients.empty()) coverage_.count("run.answers_beside_hostile_clients");
      check_answers(all, result_.problems);
    }
    count_outcomes(all, coverage_);
    coverage_.count("ledger.audits", process_.collector().auditor().round_count());
    count_faults_of_world(coverage_);
    result_.trace_hash = world_.trace_hash();
    result_.items = sent_.size();
    for (const auto& client : clients_) result_.requests += client->exports().size();
    result_.simulated = world_.now() - began_;
    result_.outside_bytes = process_.memory().outside_peak();
    if (watch_names_) result_.large_allocations = process_.memory().large_allocations();
    result_.last_line = process_.collector().last_line();
  }

  const bool watch_names_;
  const Scenario scenario_;
  Random random_;
  Coverage& coverage_;
  io::sim::World world_;
  const MonotonicTime began_ = world_.now();
  Logger log_;
  SentItems sent_;
  RunResult result_;
  WorkWatch work_{world_, result_.problems};
  CollectorProcess process_;
  std::vector<std::unique_ptr<io::Loop>> client_loops_;
  std::array<std::unique_ptr<Sink>, 2> sinks_;
  std::vector<std::unique_ptr<SdkClient>> clients_;
  std::vector<std::unique_ptr<HostileClient>> hostile_clients_;
};

}  // namespace

RunResult run_seed(uint64_t seed, SeedKind kind, Coverage& coverage, const Watch& watch) {
  return Run(seed, kind, coverage, watch).run();
}

}  // namespace millrace::sim_test
