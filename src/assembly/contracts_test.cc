// What assembly does for the contracts of components, with components of the test: receivers that
// pull, processors that hold, connectors that make another signal.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "assembly/testing/scene.h"
#include "io/testing/stream_probe.h"
#include "pipeline/connector.h"
#include "pipeline/testing/fake_exporter.h"
#include "pipeline/testing/submit.h"

namespace millrace::assembly {
namespace {

using pipeline::Batch;
using pipeline::Outcome;
using testing::exporter_by;
using testing::Scene;

// Counts its pulls, and hands in one request of one span with each.
class PullingFactory final : public reception::ReceiverFactory {
 public:
  struct Pulling final : reception::Receiver {
    Pulling(PullingFactory& made_by, reception::ReceiverParts given)
        : factory(made_by), parts(std::move(given)) {}
    void stop() override { ++factory.stops; }
    void pull() override {
      ++factory.pulls;
      pipeline::testing::submit_to(
          *parts.intakes[index_of(Signal::kTraces)],
          {.signal = Signal::kTraces,
           .item_count = 1,
           .bytes = Rope(Bytes::copy_of("\x0a\x00")),
           .metadata = nullptr,
           .completion = nullptr,
           .admitted_at = parts.loop->now()},
          pipeline::Policy::kAccepted, kNever,
          [this](const pipeline::Verdict& verdict) { factory.accepted += verdict.ok() ? 1 : 0; });
    }
    PullingFactory& factory;
    const reception::ReceiverParts parts;
  };
  Result<std::unique_ptr<reception::Receiver>> make(reception::ReceiverParts parts) const override {
    ++made;
    EXPECT_EQ(parts.worker_count, 2u);
    workers.push_back(parts.worker_index);
    return std::make_unique<Pulling>(const_cast<PullingFactory&>(*this), std::move(parts));
  }
  mutable int made = 0;
  mutable std::vector<size_t> workers = {};  // of those that were made
  int pulls = 0;
  int stops = 0;
  int accepted = 0;
};

// One number for each batch of spans: how many there were, as a metrics request of one point.
class CountingConnector final : public pipeline::Exporter {
 public:
  explicit CountingConnector(pipeline::ConnectorOutputs& outputs) : outputs_(outputs) {}
  void send_batch(Batch batch, MonotonicTime deadline, Done done) override {
    EXPECT_EQ(batch.signal, Signal::kTraces);
    EXPECT_TRUE(outputs_.groups.empty());
    EXPECT_EQ(outputs_.of_signal[index_of(Signal::kLogs)], nullptr);
    const Batch made{.signal = Signal::kMetrics,
                     .item_count = 1,
                     .bytes = Rope(Bytes::copy_of(std::to_string(batch.item_count))),
                     .metadata = nullptr};
    pipeline::submit_batch(*outputs_.of_signal[index_of(Signal::kMetrics)], made, deadline,
                           [done = std::move(done)](const pipeline::Verdict& verdict) mutable {
                             done(pipeline::outcome_of(verdict));
                           });
  }
  void close() override {}
  std::string describe() const override { return "counts"; }

 private:
  pipeline::ConnectorOutputs& outputs_;
};

// Takes over every span, and lets half of them go when it is flushed.
class HoldingProcessor final : public pipeline::Processor {
 public:
  explicit HoldingProcessor(const ProcessorParts& parts) : outlet_(parts.outlet) {}
  Result<pipeline::ProcessorResult> process(pipeline::Payload& payload, Work&) override {
    const uint32_t taken = std::exchange(payload.item_count, 0);
    held_ += taken;
    return pipeline::ProcessorResult{.held_count = taken};
  }
  uint64_t held_count() const override { return held_; }
  void flush() override {
    const uint32_t held = std::exchange(held_, 0);
    outlet_.sample_out(held / 2);
    outlet_.filter(held - held / 2);
  }

 private:
  pipeline::Outlet& outlet_;
  uint32_t held_ = 0;
};

ExporterPlan recorder(std::vector<std::string>& bodies) {
  ExporterPlan plan{.id = "recorder", .joins_requests = false};
  class Recorder final : public pipeline::Exporter {
   public:
    Recorder(io::Loop& loop, std::vector<std::string>& into) : loop_(loop), into_(into) {}
    void send_batch(Batch batch, MonotonicTime, Done done) override {
      into_.emplace_back(batch.bytes.to_bytes().text());
      loop_.post([done = std::move(done)]() mutable { done({}); });
    }
    void close() override {}
    std::string describe() const override { return "records"; }

   private:
    io::Loop& loop_;
    std::vector<std::string>& into_;
  };
  plan.factory = exporter_by(
      [&bodies](const ExporterParts& parts, Signal) -> Result<std::unique_ptr<pipeline::Exporter>> {
        return std::make_unique<Recorder>(parts.loop, bodies);
      });
  return plan;
}

TEST(ContractsTest, AReceiverThatPullsIsAskedOnTheFirstWorkerUntilTheDrain) {
  std::vector<std::string> bodies;
  auto factory = std::make_shared<PullingFactory>();
  Plan plan;
  reception::ReceiverReading reading;
  reading.factory = factory;
  reading.pull_interval = 10s;
  plan.receivers.push_back(make_receiver_plan("pulling", std::move(reading)));
  plan.exporters.push_back(recorder(bodies));
  plan.pipelines.push_back({.signal = Signal::kTraces,
                            .id = "traces",
                            .receivers = {0},
                            .processors = {},
                            .exporters = {0}});
  Scene scene(std::move(plan));
  EXPECT_EQ(factory->made, 2);
  EXPECT_EQ(factory->workers, (std::vector<size_t>{0, 1}));
  scene.world.run_for(35s);
  EXPECT_EQ(factory->pulls, 3);
  EXPECT_EQ(factory->accepted, 3);
  EXPECT_EQ(bodies.size(), 3u);
  EXPECT_EQ(factory->stops, 0);
  EXPECT_TRUE(scene.drain());
  EXPECT_GE(factory->stops, 2) << "each worker's receiver hears of the drain";
  scene.world.run_for(60s);
  EXPECT_EQ(factory->pulls, 3);
}

TEST(ContractsTest, AConnectorMakesAnotherSignal) {
  std::vector<std::string> bodies;
  Plan plan;
  ExporterPlan connector{.id = "counting", .joins_requests = false, .connector = ConnectorPlan{}};
  connector.connector->groups = {{1}};
  connector.connector->changes = {{.from = Signal::kTraces, .into = Signal::kMetrics}};
  connector.factory = exporter_by(
      [](const ExporterParts& parts, Signal) -> Result<std::unique_ptr<pipeline::Exporter>> {
        return std::make_unique<CountingConnector>(*parts.outputs);
      });
  plan.exporters.push_back(std::move(connector));
  plan.exporters.push_back(recorder(bodies));
  plan.pipelines.push_back({.signal = Signal::kTraces,
                            .id = "traces",
                            .receivers = {},
                            .processors = {},
                            .exporters = {0}});
  plan.pipelines.push_back({.signal = Signal::kMetrics,
                            .id = "metrics",
                            .receivers = {},
                            .processors = {},
                            .exporters = {1}});
  Scene scene(std::move(plan));
  scene.submit_traces(1, 7, "\x0a\x00");
  scene.world.run_for(5s);
  EXPECT_EQ(bodies, std::vector<std::string>{"7"});
  const auto before =
      scene.collector->ledger().open(Signal::kTraces, "traces", "counting").snapshot();
  const auto behind =
      scene.collector->ledger().open(Signal::kMetrics, "metrics", "recorder").snapshot();
  EXPECT_EQ(before.admitted.items, 7u);
  EXPECT_EQ(before.delivered.items, 7u);
  EXPECT_EQ(behind.admitted.items, 1u);
  EXPECT_EQ(behind.delivered.items, 1u);
  EXPECT_TRUE(scene.drain());
}

TEST(ContractsTest, AProcessorIsGivenItsPartsAndLetsGoByTheWordsOfTheLedger) {
  class Factory final : public ProcessorFactory {
   public:
    Result<std::unique_ptr<pipeline::Processor>> make(const ProcessorParts& parts) override {
      EXPECT_EQ(parts.name, "holding/a");
      EXPECT_EQ(parts.signal, Signal::kTraces);
      EXPECT_EQ(parts.storage, nullptr);
      return std::make_unique<HoldingProcessor>(parts);
    }
  };
  std::vector<std::string> bodies;
  Plan plan;
  plan.processors.push_back({.id = "holding/a", .factory = std::make_shared<Factory>()});
  plan.exporters.push_back(recorder(bodies));
  plan.pipelines.push_back({.signal = Signal::kTraces,
                            .id = "traces",
                            .receivers = {},
                            .processors = {0},
                            .exporters = {0}});
  Scene scene(std::move(plan));
  scene.submit_traces(0, 5, "12345");
  scene.world.run_for(5s);
  EXPECT_EQ(scene.collector->held().total().items, 5u);
  EXPECT_TRUE(scene.drain());
  const auto account =
      scene.collector->ledger().open(Signal::kTraces, "traces", "recorder").snapshot();
  EXPECT_EQ(account.sampled_out, (ledger::Amount{2, 2}));
  EXPECT_EQ(account.filtered, (ledger::Amount{3, 3}));
  EXPECT_TRUE(bodies.empty());
}

TEST(ContractsTest, AnExporterAnswersPagesOnItsOwnPort) {
  class Factory final : public ExporterFactory {
   public:
    Result<std::unique_ptr<pipeline::Exporter>> make(const ExporterParts& parts, Signal) override {
      EXPECT_EQ(parts.name, "shown");
      EXPECT_EQ(parts.worker_count, 2u);
      return std::make_unique<pipeline::testing::FakeExporter>(
          parts.loop, [](const Batch&) { return Outcome{}; });
    }
    transport::PageHandler page_handler(const ExporterParts& parts) override {
      ++handlers;
      return [worker = parts.worker](const transport::PageRequest& request) {
        return transport::PageReply{.body = request.path + " of " + std::to_string(worker)};
      };
    }
    int handlers = 0;
  };
  const auto factory = std::make_shared<Factory>();
  Plan plan;
  ExporterPlan exporter{.id = "shown", .factory = factory};
  ListenerPlan listener{.listener = {.protocol = "http", .options = {}, .server = {}}};
  listener.listener.options.endpoint = "collector:8889";
  listener.listener.options.host = "collector";
  listener.listener.options.port = 8889;
  listener.listener.server.serves_grpc = false;
  listener.listener.server.page_routes.push_back(
      {.path = "/metrics", .handler = {}, .gated_as = Signal::kMetrics});
  exporter.listeners.push_back(std::move(listener));
  plan.exporters.push_back(std::move(exporter));
  plan.pipelines.push_back({.signal = Signal::kTraces,
                            .id = "traces",
                            .receivers = {},
                            .processors = {},
                            .exporters = {0}});
  Scene scene(std::move(plan));
  ASSERT_EQ(scene.error, "");
  EXPECT_EQ(factory->handlers, 2);
  EXPECT_EQ(scene.collector->ports(), std::vector<uint16_t>{8889});
  const auto client = scene.world.make_loop("client");
  io::ConnectOptions where;
  where.address.text = scene.world.host_address("collector") + ":8889";
  io::testing::StreamProbe probe(client->connect(where));
  client->post([&] { probe.send("GET /metrics HTTP/1.1\r\nhost: c\r\n\r\n"); });
  EXPECT_TRUE(scene.world.run_until([&] { return probe.received.contains("/metrics of "); }, 5s))
      << probe.received;
  EXPECT_TRUE(scene.drain());
  EXPECT_TRUE(probe.ended);
}

}  // namespace
}  // namespace millrace::assembly
