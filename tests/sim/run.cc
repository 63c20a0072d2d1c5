#include "tests/sim/run.h"

#include <fmt/format.h>

#include <array>
#include <memory>
#include <utility>

#include "assembly/catalogue.h"
#include "assembly/collector.h"
#include "assembly/plan_from_document.h"
#include "base/log.h"
#include "io/sim/sim_disk.h"
#include "io/sim/sim_executor.h"
#include "io/sim/sim_file.h"
#include "tests/sim/checks.h"
#include "tests/sim/numbered_items.h"
#include "tests/sim/scenario.h"
#include "tests/sim/sdk_client.h"
#include "tests/sim/sink.h"
#include "yaml/source.h"

namespace millrace::sim_test {
namespace {

constexpr uint64_t kMachineBytes = 512 << 20;
// Longer than any retry, back-off and time-out of the scenario together.
constexpr Duration kQuietMax = 30min;

Result<assembly::Plan> read_plan(const std::string& configuration) {
  const yaml::World nothing{.environment = [](const std::string&) { return std::nullopt; },
                            .read_file = [](const std::string& path) -> Result<std::string> {
                              return fail(Code::kNotFound, path);
                            }};
  std::vector<yaml::Finding> findings;
  auto root = yaml::load({.configs = {}, .sets = {}, .built_in = configuration}, nothing, findings);
  if (!root) return fail(root.error());
  config::Diagnostics diagnostics;
  const config::Document document = config::read_document(*root, assembly::catalog(), diagnostics);
  auto plan = assembly::make_plan(document, {.memory_bytes = kMachineBytes}, diagnostics);
  if (!plan) return fail(Code::kInvalidArgument, diagnostics.to_text());
  return std::move(*plan);
}

class Run {
 public:
  Run(uint64_t seed, SeedKind kind, Coverage& coverage, const Watch& watch)
      : scenario_(make_scenario(seed, kind)),
        random_(seed ^ 0x5eed),
        coverage_(coverage),
        world_(seed, scenario_.faults),
        log_({.level = watch.log ? LogLevel::kInfo : LogLevel::kError, .sampling_enabled = false},
             watch.log, [this] { return wall_milliseconds(); }) {
    if (watch.trace) world_.set_tracer(watch.trace);
  }
  ~Run() {
    // Who calls goes before who is called, and loops last.
    clients_.clear();
    sinks_ = {};
    collector_.reset();
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  RunResult run() {
    if (!start()) return std::move(result_);
    trouble();
    if (collector_ == nullptr) return std::move(result_);
    if (scenario_.ending == Ending::kInTheMiddle) drain();
    recover();
    if (scenario_.ending == Ending::kAfterQuiet) {
      wait_for_quiet();
      drain();
    }
    check();
    return std::move(result_);
  }

 private:
  int64_t wall_milliseconds() const { return world_.now().time_since_epoch().count() / 1'000'000; }
  void problem(std::string text) { result_.problems.push_back(std::move(text)); }

  bool start() {
    if (!start_collector()) return false;
    set_disk_trouble();
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
    return true;
  }

  bool start_collector() {
    auto plan = read_plan(scenario_.configuration);
    if (!plan) {
      problem("the configuration is refused: " + plan.error().message);
      return false;
    }
    plan->drain_timeout = scenario_.drain_timeout;
    for (auto& loop : loops_) loop = world_.make_loop("collector");
    const auto make_lane = [this](const std::string&) {
      return std::make_unique<io::sim::SimExecutor>(*loops_[0], scenario_.storage.lane_delay_max);
    };
    auto made = assembly::Collector::create(
        std::move(*plan),
        {.loops = {loops_[0].get(), loops_[1].get()},
         .log = &log_,
         .unsampled_log = &log_,
         .console = [](std::string_view) {},
         .files = &files_,
         .wall_clock = [this] { return loops_[0]->wall_now(); },
         .disk = &disk_,
         .make_lane = make_lane,
         .on_ledger_finding =
             [this](const ledger::Finding& finding) { problem("the audit: " + finding.to_text()); },
         .share_ports = true});
    if (!made) {
      problem("the collector does not start: " + made.error().message);
      return false;
    }
    collector_ = std::move(*made);
    return true;
  }

  void set_disk_trouble() {
    const StorageScenario& storage = scenario_.storage;
    disk_.set_capacity(storage.capacity_bytes);
    disk_.fail_randomly(storage.input_output, storage.no_space);
  }

  // Until the process has died at some call of its disk, if it is to die in this slice.
  void live_for(Duration slice) {
    if (crashes_left_ == 0 || !random_.chance(0.5)) {
      world_.run_for(slice);
      return;
    }
    --crashes_left_;
    disk_.halt_at_call(1 + random_.below(400));
    world_.run_until([this] { return disk_.halted(); }, slice);
    crash();
  }

  // What the dying process still does in its destructors reaches no disk.
  void crash() {
    disk_.halt_at_call(1);
    for (const ledger::Account* account : collector_->ledger().accounts()) {
      past_[{account->signal(), account->destination()}] += account->snapshot();
    }
    collector_.reset();
    for (auto& loop : loops_) loop.reset();
    world_.reset_connections("collector");
    if (random_.chance(scenario_.storage.power_cut)) {
      coverage_.count("crash.power_cut");
      disk_.crash(random_);
    } else {
      coverage_.count("crash.killed");
      disk_.restart();
    }
    world_.run_for(Duration(1 + random_.below(2000)) * 1'000'000);
    disk_.heal();  // to start on a disk that fails is another test
    if (start_collector()) set_disk_trouble();
  }

  Sink::Expected expected_at(size_t destination) const {
    Sink::Expected expected;
    for (const Route& route : scenario_.routes) {
      if (route.signal != Signal::kTraces || route.destination != destination) continue;
      (route.is_edited ? expected.edited : expected.untouched) = true;
    }
    return expected;
  }

  // Partitions and resets by script, on top of what the network does by chance.
  void trouble() {
    const MonotonicTime end = world_.now() + scenario_.trouble;
    while (world_.now() < end && collector_ != nullptr) {
      const std::string other = random_.chance(0.5) ? scenario_.destinations[random_.below(2)].host
                                                    : std::string("client-0");
      const bool separate = scenario_.has_partitions && random_.chance(0.2);
      if (separate) world_.partition("collector", other);
      if (scenario_.has_resets && random_.chance(0.1)) {
        coverage_.count("script.reset");
        world_.reset_connections("collector");
      }
      live_for(Duration(1 + random_.below(3)) * 1'000'000'000);
      if (!separate) continue;
      coverage_.count("script.partition");
      world_.heal("collector", other);
    }
  }

  void recover() {
    world_.set_faults({});
    disk_.heal();
    disk_.set_capacity(0);
    for (const auto& sink : sinks_) sink->heal();
    const auto all_done = [this] {
      for (const auto& client : clients_) {
        if (!client->is_done()) return false;
      }
      return true;
    };
    if (!world_.run_until(all_done, kQuietMax)) problem("a client never heard the end of it");
  }

  void wait_for_quiet() {
    const auto is_quiet = [this] {
      for (const auto& destination : collector_->health().destinations) {
        if (destination.queue_size != 0 || destination.in_flight != 0) return false;
      }
      return true;
    };
    if (world_.run_until(is_quiet, kQuietMax)) return;
    for (const auto& destination : collector_->health().destinations) {
      if (destination.queue_size == 0) continue;
      problem(fmt::format("{} {} still has {} queued long after all faults: {}", destination.name,
                          destination.signal, destination.queue_size, destination.last_answer));
    }
  }

  void drain() {
    bool drained = false;
    loops_[0]->post([this, &drained] { collector_->drain([&drained] { drained = true; }); });
    // GOAWAY to whoever is slow to take note of it is given a moment at each end.
    if (!world_.run_until([&drained] { return drained; }, scenario_.drain_timeout + 5s)) {
      problem("the drain did not end in its time");
      world_.run_until([&drained] { return drained; }, kQuietMax);
    }
  }

  void check() {
    const World all{scenario_, *collector_, sinks_, clients_, past_};
    check_ledger(all, result_.problems);
    check_budget(all, result_.problems);
    check_sinks(all, result_.problems);
    check_acknowledged(all, result_.problems);
    check_bad_data(all, result_.problems);
    if (scenario_.is_exact()) {
      coverage_.count("run.exact");
      check_exact(all, result_.problems);
    }
    count_outcomes(all, coverage_);
    coverage_.count("ledger.audits", collector_->auditor().round_count());
    for (size_t fault = 0; fault < io::sim::kFaultCount; ++fault) {
      const auto kind = static_cast<io::sim::Fault>(fault);
      coverage_.count("network." + std::string(io::sim::fault_name(kind)),
                      world_.fault_count(kind));
    }
    if (disk_.failure_count() != 0) coverage_.count("disk.failed_calls", disk_.failure_count());
    result_.trace_hash = world_.trace_hash();
    result_.items = sent_.size();
    for (const auto& client : clients_) result_.requests += client->exports().size();
    result_.simulated = world_.now() - began_;
    result_.last_line = collector_->last_line();
  }

  const Scenario scenario_;
  Random random_;
  Coverage& coverage_;
  io::sim::World world_;
  const MonotonicTime began_ = world_.now();
  Logger log_;
  io::sim::SimFileSystem files_;
  io::sim::SimDisk disk_{scenario_.seed ^ 0xd15c};
  uint32_t crashes_left_ = scenario_.storage.crashes;
  PastAccounts past_;
  SentItems sent_;
  RunResult result_;
  std::array<std::unique_ptr<io::Loop>, 2> loops_;
  std::vector<std::unique_ptr<io::Loop>> client_loops_;
  std::unique_ptr<assembly::Collector> collector_;
  std::array<std::unique_ptr<Sink>, 2> sinks_;
  std::vector<std::unique_ptr<SdkClient>> clients_;
};

}  // namespace

RunResult run_seed(uint64_t seed, SeedKind kind, Coverage& coverage, const Watch& watch) {
  return Run(seed, kind, coverage, watch).run();
}

}  // namespace millrace::sim_test
