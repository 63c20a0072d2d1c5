// The storage directories of a collector: each with its log, its two lanes, and what the pipelines
// make of it. Made before the loops run; what uses it is gone before it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "assembly/plan.h"
#include "base/log.h"
#include "destination/destination.h"
#include "io/disk.h"
#include "io/executor.h"
#include "io/loop.h"
#include "memory/budget.h"
#include "segment_log/log.h"
#include "storage/storage.h"

namespace millrace::assembly {

class Storages {
 public:
  struct World {
    io::Disk* disk = nullptr;
    std::function<std::unique_ptr<io::Executor>(const std::string& name)> make_lane;
    std::function<WallTime()> wall_clock;
    std::function<void(std::string_view)> at_point = {};
    Logger* log = nullptr;
  };
  Storages() = default;
  ~Storages();
  Storages(const Storages&) = delete;
  Storages& operator=(const Storages&) = delete;

  // Blocks on the disk. Errors name the extension.
  Status open(const Plan& plan, const World& world);
  bool empty() const { return units_.empty(); }
  // The storage of that exporter, when it has one, becomes that of `destination`. `share_count`:
  // destinations with storage in all, among which half of the budget is divided.
  Status attach(const ExporterPlan& exporter, pipeline::Destination& destination,
                ledger::Account& account, Budget& budget, size_t share_count);
  void add_loop(io::Loop& loop);
  // After the last attach: says what was found.
  void report(const Plan& plan) const;
  // About once a second, on a loop.
  void tick();
  // Commits everything; `done` runs on `loop`. Once, and nothing enters any more.
  void close(io::Loop& loop, std::function<void()> done);
  // When no loop runs and all that used it is gone: waits for the lanes.
  void end();
  // After the destinations: what was on its way to a disk that never took it goes as well.
  void clear() { units_.clear(); }

  struct State {
    std::string id;
    segment_log::Numbers numbers;
    std::string trouble;  // empty: all is well
  };
  size_t size() const { return units_.size(); }
  pipeline::Storage& storage(size_t index) { return *units_[index]->storage; }
  const std::string& id(size_t index) const { return units_[index]->id; }
  State state(size_t index) const;

 private:
  struct Unit {
    std::string id;
    std::unique_ptr<io::Executor> writes;
    std::unique_ptr<io::Executor> reads;
    std::unique_ptr<segment_log::Log> log;
    std::unique_ptr<pipeline::Storage> storage;
  };
  Logger* log_ = nullptr;
  std::vector<std::unique_ptr<Unit>> units_;
  bool has_ended_ = false;
};

}  // namespace millrace::assembly
