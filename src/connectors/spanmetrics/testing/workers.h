// A span_metrics connector on two workers, for tests.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "connectors/spanmetrics/span_metrics.h"
#include "io/sim/world.h"
#include "memory/testing/test_work.h"
#include "otlp/admit.h"
#include "pipeline/testing/recording_intake.h"

namespace millrace::connectors::spanmetrics::testing {

using pipeline::testing::RecordingIntake;

class Workers {
 public:
  explicit Workers(Options options) {
    if (options.bounds.empty()) options.bounds = {4, 200};
    const auto shared_options = std::make_shared<const Options>(std::move(options));
    for (int i = 0; i < 2; ++i) {
      sides_.push_back(std::make_unique<Side>(world, own.budget, i));
      Side& side = *sides_.back();
      auto intake = std::make_unique<RecordingIntake>(*side.loop);
      side.intake = intake.get();
      side.outputs.of_signal[index_of(Signal::kMetrics)] = std::move(intake);
      const Parts parts{.loop = *side.loop,
                        .pool = side.pool,
                        .long_work = side.long_work,
                        .log = log,
                        .wall_clock = wall_clock,
                        .outputs = side.outputs};
      if (shared_ == nullptr) shared_ = make_shared(shared_options, "c", "instance", parts);
      side.exporter = make_span_metrics(shared_, parts);
    }
  }

  // A batch of spans on one worker.
  void send(size_t worker, const Bytes& request) {
    const auto admitted = otlp::admit(Signal::kTraces, request.view());
    MILLRACE_CHECK(admitted);
    sides_[worker]->exporter->send_batch({.signal = Signal::kTraces,
                                          .item_count = admitted->item_count,
                                          .bytes = Rope(request),
                                          .metadata = nullptr},
                                         kNever, [this](const pipeline::Outcome& outcome) {
                                           delivered +=
                                               outcome.kind == pipeline::Outcome::Kind::kDelivered;
                                         });
  }
  // As a drain does. Whether all that was held is emitted.
  bool flush() {
    size_t pending = 0;
    for (const auto& side : sides_) pending += side->exporter->flush([&pending] { --pending; });
    world.run_for(30s);
    return pending == 0;
  }
  RecordingIntake& intake() { return *sides_[0]->intake; }
  RecordingIntake& other_intake() { return *sides_[1]->intake; }

  io::sim::World world{1};
  millrace::testing::TestWork own;
  Logger log{{}, nullptr, nullptr};
  std::function<WallTime()> wall_clock = [this] {
    return WallTime(std::chrono::seconds(1'700'000'000) +
                    sides_.front()->loop->now().time_since_epoch());
  };
  int delivered = 0;

 private:
  struct Side {
    Side(io::sim::World& world, Budget& budget, int index)
        : loop(world.make_loop("worker" + std::to_string(index))),
          pool(budget, 0),
          long_work(*loop, pool) {}
    std::unique_ptr<io::Loop> loop;
    ChunkPool pool;
    io::LongWork long_work;
    pipeline::ConnectorOutputs outputs;
    RecordingIntake* intake = nullptr;
    std::unique_ptr<pipeline::Exporter> exporter;
  };
  std::vector<std::unique_ptr<Side>> sides_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace millrace::connectors::spanmetrics::testing
