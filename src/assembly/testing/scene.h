// A collector with two workers in a simulated world, for tests.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "assembly/collector.h"
#include "io/file.h"
#include "io/sim/sim_executor.h"
#include "io/sim/world.h"
#include "io/testing/stream_probe.h"
#include "pipeline/testing/submit.h"

namespace millrace::assembly::testing {

template <class Function>
class ExporterBy final : public ExporterFactory {
 public:
  explicit ExporterBy(Function function) : function_(std::move(function)) {}
  Result<std::unique_ptr<pipeline::Exporter>> make(const ExporterParts& parts,
                                                   Signal signal) override {
    return function_(parts, signal);
  }

 private:
  Function function_;
};
template <class Function>
std::shared_ptr<ExporterFactory> exporter_by(Function function) {
  return std::make_shared<ExporterBy<Function>>(std::move(function));
}

// A collector with two workers in a simulated world.
struct Scene {
  // `disk`: for plans with storage; it outlives the scene, as a disk does. `begin`: the wall clock
  // at the start; without it that clock stands still.
  explicit Scene(Plan plan, io::Disk* disk = nullptr,
                 std::optional<WallTime> begin = std::nullopt) {
    std::vector<io::Loop*> raw;
    for (const auto& loop : loops) raw.push_back(loop.get());
    auto made = Collector::create(
        std::move(plan),
        {.loops = raw,
         .log = &log,
         .unsampled_log = &log,
         .files = files.get(),
         .wall_clock =
             [this, begin] {
               if (!begin) return WallTime();
               return *begin + loops[0]->now().time_since_epoch();
             },
         .disk = disk,
         .make_lane = make_lane(),
         .on_ledger_finding =
             [](const ledger::Finding& finding) { ADD_FAILURE() << finding.to_text(); },
         .share_ports = true});
    if (made) {
      collector = std::move(*made);
    } else {
      error = made.error().message;
    }
  }
  ~Scene() {
    if (collector == nullptr) return;
    EXPECT_TRUE(collector->imbalances().empty());
    collector->end();
    EXPECT_TRUE(collector->imbalances().empty());
  }
  void submit_traces(size_t worker, uint32_t item_count, std::string bytes,
                     pipeline::Policy policy = pipeline::Policy::kAccepted) {
    pipeline::Intake* const intake = collector->open_source(worker, Signal::kTraces);
    ASSERT_NE(intake, nullptr);
    loops[worker]->post([this, intake, item_count, policy, bytes = std::move(bytes)] {
      pipeline::testing::submit_to(*intake,
                                   {.signal = Signal::kTraces,
                                    .item_count = item_count,
                                    .bytes = Rope(Bytes::copy_of(bytes)),
                                    .metadata = nullptr,
                                    .completion = nullptr,
                                    .admitted_at = intake->loop().now()},
                                   policy, kNever, [this](const pipeline::Verdict& verdict) {
                                     ++(verdict.ok() ? accepted : refused);
                                   });
    });
  }
  bool drain() {
    bool drained = false;
    loops[0]->post([&] { collector->drain(5s, [&] { drained = true; }); });
    world.run_for(10s);
    return drained;
  }

  int accepted = 0;
  int refused = 0;
  io::sim::World world{1};
  std::vector<std::unique_ptr<io::Loop>> loops = make_loops();
  std::vector<std::unique_ptr<io::Loop>> make_loops() {
    std::vector<std::unique_ptr<io::Loop>> made;
    made.push_back(world.make_loop("collector"));
    made.push_back(world.make_loop("collector"));
    return made;
  }
  std::function<std::unique_ptr<io::Executor>(const std::string&)> make_lane() {
    return [this](const std::string&) {
      return std::make_unique<io::sim::SimExecutor>(*loops[0], 1ms);
    };
  }

  std::string error;  // of a collector that could not be made
  Logger log{{.level = LogLevel::kError}, nullptr, [] { return int64_t{0}; }};
  std::unique_ptr<io::FileSystem> files = io::make_file_system();
  std::unique_ptr<Collector> collector;
};

// Sends bytes to a port of the collector from another host and returns the answer.
inline std::string ask(Scene& scene, uint16_t port, std::string_view request) {
  const auto client = scene.world.make_loop("client");
  io::testing::StreamProbe probe(client->connect(
      {.address = {scene.world.host_address("collector") + ":" + std::to_string(port)}}));
  probe.send(request);
  scene.world.run_for(5s);
  return probe.received;
}
// `more_fields`: "Name: value\r\n" for each.
inline std::string get(std::string_view path, std::string_view more_fields = "") {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" +
         std::string(more_fields) + "\r\n";
}
inline std::string post(std::string_view path, std::string_view body) {
  return "POST " + std::string(path) +
         " HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\n"
         "Content-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

}  // namespace millrace::assembly::testing
