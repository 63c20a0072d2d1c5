#include "receivers/own_telemetry/metrics_receiver.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/sim/world.h"

namespace millrace::receivers::own_telemetry {
namespace {

class RecordingIntake final : public pipeline::Intake {
 public:
  explicit RecordingIntake(io::Loop& loop) : loop_(loop) {}
  std::optional<pipeline::Verdict> submit(pipeline::Payload payload, pipeline::Policy,
                                          MonotonicTime, pipeline::VerdictCallback&&) override {
    payloads.push_back(std::move(payload));
    return verdict;
  }
  void stop() override {}
  void abandon_waiting() override {}
  io::Loop& loop() override { return loop_; }

  std::vector<pipeline::Payload> payloads;
  pipeline::Verdict verdict;

 private:
  io::Loop& loop_;
};

class OwnMetricsReceiverTest : public testing::Test {
 protected:
  std::unique_ptr<reception::Receiver> make(size_t budget_bytes) {
    budget = std::make_unique<Budget>(budget_bytes);
    pool = std::make_unique<ChunkPool>(*budget, 0);
    reception::ReceiverParts parts;
    parts.intakes[index_of(Signal::kMetrics)] = &intake;
    parts.loop = loop.get();
    parts.pool = pool.get();
    parts.metrics = &metrics;
    parts.log = &log;
    parts.wall_clock = [] { return WallTime(1s); };
    return *make_own_metrics_factory({"k8s.pod.name"})->make(std::move(parts));
  }

  io::sim::World world{1};
  std::unique_ptr<io::Loop> loop = world.make_loop("collector");
  std::unique_ptr<Budget> budget;
  std::unique_ptr<ChunkPool> pool;
  metrics::Registry metrics;
  std::string lines;
  Logger log{{.encoding = LogEncoding::kJson},
             [this](std::string_view line) { lines += line; },
             [] { return int64_t{0}; }};
  RecordingIntake intake{*loop};
};

TEST_F(OwnMetricsReceiverTest, APullHandsInEveryPoint) {
  const auto receiver = make(64 << 20);
  receiver->pull();
  EXPECT_TRUE(intake.payloads.empty()) << "there is nothing to tell";
  metrics.set_resource({{"service_name", "m"}, {"k8s_pod_name", "p"}, {"other", "o"}});
  metrics.counter("c", "", {}).add(1);
  metrics.counter("c", "", {{"a", "b"}}).add(1);
  receiver->pull();
  ASSERT_EQ(intake.payloads.size(), 1u);
  EXPECT_EQ(intake.payloads[0].item_count, 2u);
  EXPECT_EQ(intake.payloads[0].signal, Signal::kMetrics);
  const std::string text(intake.payloads[0].bytes.to_bytes().text());
  for (const char* name : {"service.name", "k8s.pod.name", "other"}) {
    EXPECT_TRUE(text.contains(name)) << name;
  }
  EXPECT_EQ(lines, "");
}

TEST_F(OwnMetricsReceiverTest, WhatIsRefusedIsLeftOutAndLogged) {
  metrics.counter("c", "", {}).add(1);
  const auto receiver = make(64 << 20);
  intake.verdict.code = Code::kUnavailable;
  intake.verdict.message = "full";
  receiver->pull();
  EXPECT_TRUE(lines.contains("\"error\":\"full\"")) << lines;
}

TEST_F(OwnMetricsReceiverTest, WithoutMemoryNothingIsSent) {
  metrics.counter("c", "", {}).add(1);
  const auto receiver = make(1);
  receiver->pull();
  EXPECT_TRUE(intake.payloads.empty());
  EXPECT_TRUE(lines.contains("no memory")) << lines;
}

}  // namespace
}  // namespace millrace::receivers::own_telemetry
