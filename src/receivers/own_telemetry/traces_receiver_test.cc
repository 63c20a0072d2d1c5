#include "receivers/own_telemetry/traces_receiver.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "io/sim/world.h"
#include "otlp/admit.h"
#include "otlp/otlp_reference.h"
#include "pipeline/testing/recording_intake.h"

namespace millrace::receivers::own_telemetry {
namespace {

class OwnTracesReceiverTest : public testing::Test {
 protected:
  OwnTracesReceiverTest() {
    metrics.set_resource({{"service_name", "m"}, {"k8s_pod_name", "p"}});
    reception::ReceiverParts parts;
    parts.intakes[index_of(Signal::kTraces)] = &intake;
    parts.loop = loop.get();
    parts.pool = &pool;
    parts.metrics = &metrics;
    parts.log = &log;
    parts.own_spans = &spans;
    receiver = *make_own_traces_factory({.resource_names = {"k8s.pod.name"}, .batch_spans = 3})
                    ->make(std::move(parts));
  }
  void record() { spans.end(*spans.start({}), {.name = "a", .attributes = {}}); }
  otlp::reference::TraceRequest request(size_t index) const {
    const Bytes bytes = intake.payloads[index].bytes.to_bytes();
    EXPECT_EQ(otlp::admit(Signal::kTraces, bytes.view())->item_count,
              intake.payloads[index].item_count);
    otlp::reference::TraceRequest parsed;
    EXPECT_TRUE(otlp::reference::parse(bytes.view(), &parsed));
    return parsed;
  }

  io::sim::World world{1};
  std::unique_ptr<io::Loop> loop = world.make_loop("collector");
  Budget budget{64 << 20};
  ChunkPool pool{budget, 0};
  metrics::Registry metrics;
  std::string lines;
  Logger log{{.encoding = LogEncoding::kJson},
             [this](std::string_view line) { lines += line; },
             [] { return int64_t{0}; }};
  pipeline::testing::RecordingIntake intake{*loop};
  own_spans::SpanRecorder spans{{}, budget, loop->random(), [] { return WallTime(1s); }, metrics};
  std::unique_ptr<reception::Receiver> receiver;
};

TEST_F(OwnTracesReceiverTest, SpansLeaveAfterAWhile) {
  record();
  record();
  world.run_for(4900ms);
  EXPECT_TRUE(intake.payloads.empty());
  world.run_for(200ms);
  ASSERT_EQ(intake.payloads.size(), 1u);
  const auto sent = request(0);
  const auto& resource = sent.resource_spans(0);
  EXPECT_EQ(resource.resource().attributes(0).key(), "service.name");
  EXPECT_EQ(resource.resource().attributes(1).key(), "k8s.pod.name");
  EXPECT_EQ(resource.scope_spans(0).scope().name(), "millrace");
  EXPECT_EQ(resource.scope_spans(0).spans_size(), 2);
  record();
  world.run_for(5100ms);
  EXPECT_EQ(intake.payloads.size(), 2u);
}

TEST_F(OwnTracesReceiverTest, AFullBatchLeavesInTheNextTurn) {
  for (int i = 0; i < 3; ++i) record();
  EXPECT_TRUE(intake.payloads.empty());
  world.run_for(1ms);
  ASSERT_EQ(intake.payloads.size(), 1u);
  EXPECT_EQ(intake.payloads[0].item_count, 3u);
}

TEST_F(OwnTracesReceiverTest, TheDrainSendsWhatThereIs) {
  record();
  receiver->stop();
  EXPECT_EQ(intake.payloads.size(), 1u);
  EXPECT_FALSE(spans.start({}));
  receiver->stop();
  EXPECT_EQ(intake.payloads.size(), 1u);
}

TEST_F(OwnTracesReceiverTest, WhatIsRefusedIsDroppedLoggedAndCounted) {
  intake.refuses = true;
  record();
  world.run_for(6s);
  EXPECT_TRUE(lines.contains("\"error\":\"full\"")) << lines;
  EXPECT_EQ(spans.take().count, 0u);
  EXPECT_EQ(metrics.counter("millrace_own_spans_dropped", "", {}).value(), 1u);
}

}  // namespace
}  // namespace millrace::receivers::own_telemetry
