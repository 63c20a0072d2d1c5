// A log on a simulated disk, its lanes run by hand: what the tests of this component share.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "io/sim/sim_disk.h"
#include "io/sim/sim_executor.h"
#include "segment_log/log.h"

namespace millrace::segment_log {

inline constexpr WallTime kTestStart{1'700'000'000s};

class LossCounter final : public Observer {
 public:
  void on_lost(TargetId target, Loss loss, Amount untaken, RecordRange range) override {
    lost[target] += untaken;
    by_loss[loss] += untaken;
    ranges.emplace_back(range.first, range.end);
  }
  void on_room() override { ++rooms; }
  std::map<TargetId, Amount> lost;
  std::map<Loss, Amount> by_loss;
  std::vector<std::pair<RecordId, RecordId>> ranges;
  int rooms = 0;
};

inline std::vector<std::string> segments_on(const io::sim::SimDisk& disk) {
  std::vector<std::string> segments;
  for (const std::string& path : disk.paths()) {
    if (path.ends_with(".segment")) segments.push_back(path);
  }
  return segments;
}

// One run of the process over a disk that outlives it.
class TestLog {
 public:
  explicit TestLog(io::sim::SimDisk& disk, Options options = {}, WallTime* clock = nullptr,
                   std::function<void(std::string_view)> at_point = {}) {
    if (options.directory.empty()) options.directory = "d";
    // Simulated disks copy what is allocated.
    options.segment_bytes = std::min<uint64_t>(options.segment_bytes, 64 * 1024);
    Log::World world{.disk = disk,
                     .writes = writes,
                     .reads = reads,
                     .wall_clock = [clock] { return clock != nullptr ? *clock : kTestStart; },
                     .log = nullptr,
                     .at_point = std::move(at_point)};
    Result<std::unique_ptr<Log>> opened = Log::open(options, std::move(world));
    if (!opened) {
      open_error = opened.error();
      return;
    }
    log = std::move(*opened);
    log->observe(&losses);
  }

  TargetId target(const std::string& destination) {
    return log->target({Signal::kTraces, "traces", destination}).value();
  }
  // The answer to the record will be in `answers`, by its id.
  Result<RecordId> append(const std::string& payload, std::vector<NewRecord::Want> wants,
                          uint32_t items = 1, MetadataRef metadata = nullptr) {
    NewRecord record;
    record.item_count = items;
    record.admitted_bytes = static_cast<uint32_t>(payload.size());
    record.admitted_at = kTestStart;
    record.metadata = std::move(metadata);
    record.bytes = Rope(Bytes::copy_of(payload));
    record.wants = wants;
    auto id = std::make_shared<RecordId>(0);
    Result<RecordId> result = log->append(
        std::move(record), [this, id](const Status& status) { answers[*id] = status.has_value(); });
    if (result) *id = *result;
    return result;
  }
  void run() {
    while (writes.run_one() || reads.run_one()) {
    }
  }
  std::vector<Record> take(TargetId target, size_t bytes_max = size_t{1} << 30,
                           Order order = Order::kOldestFirst) {
    std::vector<Record> taken;
    log->take(target, bytes_max, order,
              [&taken](std::vector<Record> records) { taken = std::move(records); });
    run();
    return taken;
  }
  std::vector<std::string> take_texts(TargetId target, size_t bytes_max = size_t{1} << 30,
                                      Order order = Order::kOldestFirst) {
    std::vector<std::string> texts;
    for (const Record& record : take(target, bytes_max, order)) {
      texts.emplace_back(record.bytes.text());
    }
    return texts;
  }
  bool close() {
    bool closed = false;
    log->close([&closed] { closed = true; });
    run();
    return closed;
  }
  // The process ends here and now.
  void kill() {
    writes.forget_all();
    reads.forget_all();
    log.reset();
  }

  io::sim::HandExecutor writes;
  io::sim::HandExecutor reads;
  LossCounter losses;
  std::map<RecordId, bool> answers;
  std::unique_ptr<Log> log;
  Error open_error;
};

inline std::string payload_of(size_t number, size_t size) {
  std::string payload = "record " + std::to_string(number) + " ";
  Random random(number);
  while (payload.size() < size) payload.push_back(static_cast<char>(random.next()));
  payload.resize(std::max(size, payload.find(' ', 7) + 1));
  return payload;
}

}  // namespace millrace::segment_log
