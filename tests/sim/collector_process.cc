#include "tests/sim/collector_process.h"

#include <fmt/format.h>

#include <optional>
#include <string_view>

#include "assembly/catalogue.h"
#include "assembly/plan_from_document.h"
#include "io/sim/sim_executor.h"
#include "yaml/source.h"

namespace millrace::sim_test {
namespace {

constexpr uint64_t kMachineBytes = 512 << 20;
constexpr Duration kDrainMax = 30min;
// The probability that a call of the disk fails during a start on a failing disk.
constexpr double kFailingStart = 0.03;

Result<yaml::Node> read_yaml(const std::string& configuration) {
  const yaml::World nothing{.environment = [](const std::string&) { return std::nullopt; },
                            .read_file = [](const std::string& path) -> Result<std::string> {
                              return fail(Code::kNotFound, path);
                            }};
  std::vector<yaml::Finding> findings;
  return yaml::load({.configs = {}, .sets = {}, .built_in = configuration}, nothing, findings);
}

Result<assembly::Plan> make_plan(const yaml::Node& root) {
  config::Diagnostics diagnostics;
  const config::Document document = config::read_document(root, assembly::catalog(), diagnostics);
  auto plan = assembly::make_plan(document, {.memory_bytes = kMachineBytes}, diagnostics);
  if (!plan) return fail(Code::kInvalidArgument, diagnostics.to_text());
  return std::move(*plan);
}

}  // namespace

CollectorProcess::CollectorProcess(const Scenario& scenario, io::sim::World& world, Logger& log,
                                   uint64_t seed, Coverage& coverage, Problems& problems)
    : scenario_(scenario),
      world_(world),
      log_(log),
      random_(seed),
      coverage_(coverage),
      problems_(problems),
      memory_(world, problems),
      configuration_(read_yaml(scenario.configuration)),
      disk_(scenario.seed ^ 0xd15c),
      crashes_left_(scenario.storage.crashes),
      clean_restarts_left_(scenario.storage.clean_restarts) {}

CollectorProcess::~CollectorProcess() { end_life(); }

bool CollectorProcess::start() { return start_on_working_disk(); }

bool CollectorProcess::start_on_working_disk() {
  disk_.heal();
  if (Status started = start_once(); !started) {
    problems_.push_back("the collector does not start: " + started.error().message);
    return false;
  }
  make_disk_trouble();
  return true;
}

Status CollectorProcess::start_once() {
  if (!configuration_) return fail(configuration_.error());
  const auto running = memory_.running();
  auto plan = make_plan(*configuration_);
  if (!plan) return fail(plan.error());
  plan->drain_timeout = scenario_.drain_timeout;
  if (scenario_.budget_bytes != 0) {
    plan->budget_bytes = std::min<size_t>(plan->budget_bytes, scenario_.budget_bytes);
  }
  for (auto& loop : loops_) loop = world_.make_loop("collector");
  const auto make_lane = [this](const std::string&) {
    return std::make_unique<io::sim::SimExecutor>(*loops_[0], scenario_.storage.lane_delay_max);
  };
  auto made = assembly::Collector::create(
      std::move(*plan), {.loops = {loops_[0].get(), loops_[1].get()},
                         .log = &log_,
                         .unsampled_log = &log_,
                         .files = &files_,
                         .wall_clock = [this] { return loops_[0]->wall_now(); },
                         .disk = &disk_,
                         .make_lane = make_lane,
                         .on_ledger_finding =
                             [this](const ledger::Finding& finding) {
                               problems_.push_back("the audit: " + finding.to_text());
                             },
                         .long_work = suspending_often(),
                         .share_ports = true});
  if (!made) {
    for (auto& loop : loops_) loop.reset();
    return fail(made.error());
  }
  collector_ = std::move(*made);
  memory_.begin_life(collector_->budget());
  return {};
}

// Messages of the simulation are small, so they are suspended every few steps.
io::LongWorkOptions CollectorProcess::suspending_often() {
  io::LongWorkOptions options;
  options.bytes_min = 64;
  options.suspended_max = 3;
  options.units_at_once = 100;
  options.clock = [this] { return MonotonicTime(long_work_clock_ += 400us); };
  return options;
}

void CollectorProcess::make_disk_trouble() {
  const StorageScenario& storage = scenario_.storage;
  disk_.set_capacity(storage.capacity_bytes);
  disk_.fail_randomly(storage.input_output, storage.no_space);
  if ((storage.input_output == 0 && storage.no_space == 0) || !random_.chance(0.3)) return;
  // One of the first calls fails for certain, because the calls that create a segment are rare.
  disk_.fail_call(1 + random_.below(12), random_.chance(0.5)
                                             ? io::sim::SimDisk::Failure::kNoSpace
                                             : io::sim::SimDisk::Failure::kInputOutput);
}

void CollectorProcess::live_through(Duration slice) {
  if (scenario_.storage.removes_directory && !directory_was_removed_ && random_.chance(0.3)) {
    world_.run_for(slice / 2);
    disk_.remove_directory("/queue");
    directory_was_removed_ = true;
    world_.run_for(slice / 2);
    return;
  }
  const uint32_t ends = crashes_left_ + clean_restarts_left_;
  if (ends == 0 || !random_.chance(0.6)) {
    world_.run_for(slice);
    return;
  }
  if (random_.below(ends) < crashes_left_) {
    --crashes_left_;
    // Some of the first calls after a start create files, which later calls do not.
    disk_.halt_at_call(1 + random_.below(random_.chance(0.7) ? 400 : 12));
    world_.run_until([this] { return disk_.halted(); }, slice);
    coverage_.count(disk_.halted() ? "crash.at_disk_call" : "crash.between_disk_calls");
    crash();
  } else {
    --clean_restarts_left_;
    world_.run_for(Duration(random_.below(static_cast<uint64_t>(slice.count()))));
    restart_cleanly();
  }
}

void CollectorProcess::heal_disk() {
  disk_.heal();
  disk_.set_capacity(0);
  if (!may_have_left_segments_) return;
  crashes_left_ = 0;
  restart_cleanly();
  disk_.heal();
  disk_.set_capacity(0);
}

bool CollectorProcess::drain() {
  // Shared, because a process that dies meanwhile may still call it in its destructors.
  const auto drained = std::make_shared<bool>(false);
  loops_[0]->post([this, drained] { collector_->drain([drained] { *drained = true; }); });
  // Both ends get a moment for peers that react slowly to GOAWAY.
  const auto is_over = [this, drained] { return *drained || disk_.halted(); };
  if (world_.run_until(is_over, scenario_.drain_timeout + 5s)) return true;
  problems_.push_back("the drain did not end in its time: " + describe_pending());
  world_.run_until(is_over, kDrainMax);
  return false;
}

std::string CollectorProcess::describe_pending() const {
  std::string text = fmt::format("{} items held", collector_->held().total().items);
  const extensions::Health health = collector_->health();
  for (const auto& destination : health.destinations) {
    if (destination.queue_size == 0 && destination.in_flight == 0) continue;
    text += fmt::format(", {} {} has {} queued and {} in flight ({})", destination.name,
                        destination.signal, destination.queue_size, destination.in_flight,
                        destination.last_answer);
  }
  for (const auto& storage : health.storages) {
    if (!storage.trouble.empty()) text += ", " + storage.name + ": " + storage.trouble;
  }
  return text;
}

// --- Ends --------------------------------------------------------------------------------------

void CollectorProcess::note_past() {
  for (const ledger::Account* account : collector_->ledger().accounts()) {
    past_[{account->signal(), account->destination()}] += account->snapshot();
  }
}

void CollectorProcess::note_lost_uncounted() {
  if (!scenario_.storage.gives_up_segments && !directory_was_removed_) return;
  const ledger::Held held = collector_->held();
  for (const ledger::Account* account : collector_->ledger().accounts()) {
    lost_uncounted_[{account->signal(), account->destination()}] += held.of(*account).items;
  }
}

// A dying process runs its destructors, but their writes do not reach the disk.
void CollectorProcess::die() {
  disk_.halt_at_call(1);
  if (collector_ != nullptr) {
    note_past();
    note_lost_uncounted();
  }
  end_life();
  world_.reset_connections("collector");
  if (random_.chance(scenario_.storage.power_cut)) {
    coverage_.count("crash.power_cut");
    disk_.crash(random_);
  } else {
    coverage_.count("crash.killed");
    disk_.restart();
  }
  if (random_.chance(0.2)) {
    // The machine's clock has changed.
    coverage_.count("crash.clock_jump");
    constexpr int64_t kMinutes = 24 * 60;
    world_.jump_wall_clock((static_cast<int64_t>(random_.below(2 * kMinutes)) - kMinutes) * 60s);
  }
  world_.run_for(Duration(1 + random_.below(2000)) * 1'000'000);
}

void CollectorProcess::end_life() {
  memory_.end_life();
  const auto running = memory_.running();
  collector_.reset();
  for (auto& loop : loops_) loop.reset();
}

void CollectorProcess::crash() {
  die();
  start_again();
}

void CollectorProcess::restart_cleanly() {
  if (crashes_left_ != 0 && random_.chance(0.4)) disk_.halt_at_call(1 + random_.below(12));
  drain();
  if (disk_.halted()) {
    --crashes_left_;
    coverage_.count("crash.while_draining");
    return crash();
  }
  disk_.heal();  // also cancels the call at which it was to die
  coverage_.count("start.clean");
  for (const ledger::Imbalance& imbalance : collector_->imbalances()) {
    problems_.push_back("the ledger does not balance at a clean end: " + imbalance.to_text());
  }
  const StorageScenario& storage = scenario_.storage;
  // If a segment was set aside, its marks for finished records are found at the next start.
  const bool is_whole = storage.input_output == 0 && storage.no_space == 0 &&
                        storage.capacity_bytes == 0 && !may_have_left_segments_ &&
                        !directory_was_removed_;
  const std::map<std::string, uint64_t> left = items_left_on_disk();
  note_past();
  if (directory_was_removed_) note_lost_uncounted();
  end_life();
  world_.run_for(Duration(1 + random_.below(2000)) * 1'000'000);
  if (start_on_working_disk() && is_whole) check_recovered(left);
}

void CollectorProcess::start_again() {
  if (random_.chance(scenario_.storage.dies_while_starting) && !dies_while_starting()) return;
  if (random_.chance(scenario_.storage.fails_while_starting) && starts_on_failing_disk()) return;
  start_on_working_disk();
}

bool CollectorProcess::dies_while_starting() {
  disk_.heal();
  disk_.halt_at_call(1 + random_.below(40));
  const Status started = start_once();
  if (disk_.halted()) {
    coverage_.count("crash.while_starting");
    die();
    return true;
  }
  if (!started) {
    problems_.push_back("the collector does not start: " + started.error().message);
  }
  disk_.heal();  // also cancels the call at which it was to die
  make_disk_trouble();
  return false;
}

bool CollectorProcess::starts_on_failing_disk() {
  coverage_.count("start.on_failing_disk");
  disk_.heal();
  disk_.fail_randomly(kFailingStart, kFailingStart);
  if (!start_once()) {
    coverage_.count("start.refused_by_disk");
    return false;
  }
  may_have_left_segments_ = true;
  disk_.heal();
  make_disk_trouble();
  return true;
}

// --- The next start finds all records that a clean end leaves on the disk -----------------------

std::map<std::string, uint64_t> CollectorProcess::items_left_on_disk() const {
  std::map<std::string, uint64_t> left;
  const ledger::Held held = collector_->held();
  for (const ledger::Account* account : collector_->ledger().accounts()) {
    left[fmt::format("{} {} {}", signal_name(account->signal()), account->pipeline(),
                     account->destination())] = held.of(*account).items;
  }
  return left;
}

void CollectorProcess::check_recovered(const std::map<std::string, uint64_t>& left) {
  for (const ledger::Account* account : collector_->ledger().accounts()) {
    const std::string name = fmt::format("{} {} {}", signal_name(account->signal()),
                                         account->pipeline(), account->destination());
    const uint64_t recovered = account->snapshot().recovered.items;
    const auto found = left.find(name);
    const uint64_t items = found == left.end() ? 0 : found->second;
    // More items may be recovered: the log may contain a record with a list of its delivered parts.
    if (items <= recovered) continue;
    problems_.push_back(fmt::format(
        "{}: {} items lay on the disk at a clean end, {} were recovered", name, items, recovered));
  }
}

}  // namespace millrace::sim_test
