// Spans of attempts, as libprotobuf reads them.
#include "assembly/traced_exporter.h"

#include <gtest/gtest.h>

#include <opentelemetry/proto/trace/v1/trace.pb.h>

#include "io/sim/world.h"
#include "pipeline/testing/fake_exporter.h"

namespace millrace::assembly {
namespace {

using opentelemetry::proto::trace::v1::ScopeSpans;
using Kind = pipeline::Outcome::Kind;

struct Traced {
  explicit Traced(double share = 1)
      : recorder(
            {.sampler = {.root = share}}, budget, random, [] { return WallTime(1s); }, metrics),
        traced(make_traced_exporter("otlp_grpc/b", Signal::kLogs, recorder,
                                    std::unique_ptr<pipeline::Exporter>(fake))) {}
  void send(uint32_t item_count) {
    traced->send_batch({.signal = Signal::kLogs, .item_count = item_count}, kNever,
                       [this](pipeline::Outcome outcome) { heard.push_back(outcome.kind); });
  }
  ScopeSpans take() {
    ScopeSpans spans;
    const auto taken = recorder.take();
    EXPECT_TRUE(spans.ParseFromArray(taken.bytes.data(), static_cast<int>(taken.bytes.size())));
    return spans;
  }
  io::sim::World world{1};
  std::unique_ptr<io::Loop> loop = world.make_loop("collector");
  Budget budget{64 << 20};
  Random random{1};
  metrics::Registry metrics;
  own_spans::SpanRecorder recorder;
  pipeline::testing::FakeExporter* fake = new pipeline::testing::FakeExporter(*loop);
  std::vector<Kind> heard;
  std::unique_ptr<pipeline::Exporter> traced;
};

TEST(TracedExporterTest, EachAttemptIsASpan) {
  Traced traced;
  traced.send(7);
  traced.send(5);
  traced.fake->answer(Kind::kDelivered);
  traced.fake->answer({.kind = Kind::kRetry, .error = {Code::kUnavailable, "down"}});
  EXPECT_EQ(traced.heard, (std::vector{Kind::kDelivered, Kind::kRetry}));
  const ScopeSpans spans = traced.take();
  ASSERT_EQ(spans.spans_size(), 2);
  EXPECT_EQ(spans.spans(0).name(), "exporter/otlp_grpc/b/logs");
  EXPECT_EQ(spans.spans(0).attributes(0).value().string_value(), "otlp_grpc/b");
  EXPECT_EQ(spans.spans(0).attributes(1).value().string_value(), "logs");
  EXPECT_EQ(spans.spans(0).attributes(2).value().int_value(), 7);
  EXPECT_EQ(spans.spans(1).attributes(3).value().int_value(), 5);
  EXPECT_EQ(spans.spans(1).status().message(), "down");
}

TEST(TracedExporterTest, WhatIsNotSampledPassesThrough) {
  Traced traced(0);
  traced.send(1);
  traced.fake->answer({.kind = Kind::kPartial, .rejected_count = 1});
  EXPECT_EQ(traced.heard, std::vector{Kind::kPartial});
  EXPECT_EQ(traced.take().spans_size(), 0);
}

TEST(TracedExporterTest, AnAnswerMayComeWhenTheExporterHasGone) {
  Traced traced;
  traced.send(3);
  pipeline::Exporter::Done done = std::move(traced.fake->open.front().done);
  traced.fake->open.clear();
  traced.traced.reset();
  done({.kind = Kind::kCancelled});
  EXPECT_EQ(traced.take().spans_size(), 1);
}

}  // namespace
}  // namespace millrace::assembly
