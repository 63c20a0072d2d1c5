// The collector as a process on a machine: it starts, dies at a call of its disk or between
// two calls, drains and ends, and starts again with the contents of the disk.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "assembly/collector.h"
#include "assembly/plan.h"
#include "base/log.h"
#include "base/random.h"
#include "base/result.h"
#include "io/sim/sim_disk.h"
#include "io/sim/sim_file.h"
#include "io/sim/world.h"
#include "ledger/ledger.h"
#include "tests/sim/coverage.h"
#include "tests/sim/memory_watch.h"
#include "tests/sim/scenario.h"
#include "yaml/node.h"

namespace millrace::sim_test {

// The final accounts of earlier lives.
using PastAccounts = std::map<std::pair<Signal, std::string>, ledger::AccountSnapshot>;

class CollectorProcess {
 public:
  // The arguments must outlive it. Violations that it finds are appended to `problems`.
  CollectorProcess(const Scenario& scenario, io::sim::World& world, Logger& log, uint64_t seed,
                   Coverage& coverage, Problems& problems);
  ~CollectorProcess();
  CollectorProcess(const CollectorProcess&) = delete;
  CollectorProcess& operator=(const CollectorProcess&) = delete;

  // The first start, on a disk that works. False: a problem was found, and nothing runs.
  bool start();
  bool runs() const { return collector_ != nullptr; }
  // Runs for `slice`, or dies at a disk call before that or at its end, or drains and ends there;
  // then starts again.
  void live_through(Duration slice);
  // Dies at once, and starts again.
  void crash();
  // The disk works from now on. If a start may have set a segment aside, it starts once more.
  void heal_disk();
  // False: the drain did not end in time.
  bool drain();

  assembly::Collector& collector() { return *collector_; }
  const PastAccounts& past() const { return past_; }
  // The number of items in memory when the process died whose records the disk may have dropped
  // since (max_age, drop_oldest): no collector could count these drops.
  uint64_t lost_uncounted(Signal signal, const std::string& destination) const {
    const auto found = lost_uncounted_.find({signal, destination});
    return found == lost_uncounted_.end() ? 0 : found->second;
  }
  const io::sim::SimDisk& disk() const { return disk_; }
  // Records in that directory are lost; the process that knew of them keeps them queued and held.
  bool directory_was_removed() const { return directory_was_removed_; }
  MemoryWatch& memory() { return memory_; }

 private:
  std::string describe_pending() const;
  bool start_on_working_disk();
  Status start_once();
  io::LongWorkOptions suspending_often();
  void make_disk_trouble();
  void restart_cleanly();
  void start_again();
  // False: it did not die during the start.
  bool dies_while_starting();
  bool starts_on_failing_disk();
  void die();
  // Destroys the collector and its loops.
  void end_life();
  void check_recovered(const std::map<std::string, uint64_t>& left_on_disk);
  std::map<std::string, uint64_t> items_left_on_disk() const;
  void note_past();
  void note_lost_uncounted();

  const Scenario& scenario_;
  io::sim::World& world_;
  Logger& log_;
  Random random_;
  Coverage& coverage_;
  Problems& problems_;
  MemoryWatch memory_;
  const Result<yaml::Node> configuration_;
  io::sim::SimFileSystem files_;
  io::sim::SimDisk disk_;
  uint32_t crashes_left_;
  uint32_t clean_restarts_left_;
  bool may_have_left_segments_ = false;
  bool directory_was_removed_ = false;
  Duration long_work_clock_{};  // advances with each reading
  PastAccounts past_;
  std::map<std::pair<Signal, std::string>, uint64_t> lost_uncounted_;
  std::array<std::unique_ptr<io::Loop>, 2> loops_;
  std::unique_ptr<assembly::Collector> collector_;
};

}  // namespace millrace::sim_test
