// Recorded spans, as libprotobuf reads them.
#include "own_spans/span_recorder.h"

#include <gtest/gtest.h>

#include <opentelemetry/proto/trace/v1/trace.pb.h>
#include <string>

namespace millrace::own_spans {
namespace {

using opentelemetry::proto::trace::v1::ScopeSpans;

struct Recorded {
  explicit Recorded(SpanRecorder::Options options = {}, size_t budget_bytes = 64 << 20)
      : budget(budget_bytes),
        recorder(options, budget, random, [this] { return WallTime(Duration(++now)); }, metrics) {}
  ScopeSpans take() {
    ScopeSpans spans;
    const SpanRecorder::Taken taken = recorder.take();
    EXPECT_TRUE(spans.ParseFromArray(taken.bytes.data(), static_cast<int>(taken.bytes.size())));
    EXPECT_EQ(spans.spans_size(), static_cast<int>(taken.count));
    return spans;
  }
  void record(std::string_view name) {
    if (const auto open = recorder.start({})) recorder.end(*open, {.name = name, .attributes = {}});
  }
  uint64_t dropped() { return metrics.counter("millrace_own_spans_dropped", "", {}).value(); }

  int64_t now = 0;
  Budget budget;
  Random random{1};
  metrics::Registry metrics;
  SpanRecorder recorder;
};

http::TraceContext sampled_parent() {
  return {.trace_id = {1, 2, 3}, .span_id = {4, 5}, .is_sampled = true};
}

TEST(SpanRecorderTest, ASpanHasWhatIsKnownOfTheOperation) {
  Recorded recorded;
  const auto open = recorded.recorder.start(sampled_parent());
  ASSERT_TRUE(open);
  const Attribute attributes[] = {{.key = "transport", .text = "grpc"},
                                  {.key = "accepted_spans", .number = 7}};
  recorded.recorder.end(*open, {.name = "receiver/otlp/TraceDataReceived",
                                .attributes = attributes,
                                .is_error = true,
                                .error = "full"});
  const ScopeSpans spans = recorded.take();
  const auto& span = spans.spans(0);
  EXPECT_EQ(span.name(), "receiver/otlp/TraceDataReceived");
  EXPECT_EQ(span.trace_id(), std::string("\1\2\3", 3) + std::string(13, '\0'));
  EXPECT_EQ(span.parent_span_id(), std::string("\4\5", 2) + std::string(6, '\0'));
  EXPECT_EQ(span.flags(), 0x301u);
  EXPECT_EQ(span.start_time_unix_nano(), 1u);
  EXPECT_EQ(span.end_time_unix_nano(), 2u);
  EXPECT_EQ(span.attributes(0).value().string_value(), "grpc");
  EXPECT_EQ(span.attributes(1).value().int_value(), 7);
  EXPECT_EQ(span.status().message(), "full");
}

TEST(SpanRecorderTest, WithoutAParentATraceBegins) {
  Recorded recorded;
  recorded.record("a");
  recorded.record("b");
  const ScopeSpans spans = recorded.take();
  EXPECT_EQ(spans.spans(0).trace_id().size(), 16u);
  EXPECT_NE(spans.spans(0).trace_id(), spans.spans(1).trace_id());
  EXPECT_NE(spans.spans(0).span_id(), spans.spans(1).span_id());
  EXPECT_EQ(spans.spans(0).parent_span_id(), "");
  EXPECT_EQ(static_cast<int>(spans.spans(0).status().code()), 0);
}

TEST(SpanRecorderTest, WhatIsNotSampledIsNotRecorded) {
  Recorded recorded({.sampler = {.root = 0, .parent_sampled = 1, .parent_not_sampled = 0}});
  EXPECT_FALSE(recorded.recorder.start({}));
  EXPECT_TRUE(recorded.recorder.start(sampled_parent()));
  EXPECT_EQ(recorded.take().spans_size(), 0);
}

TEST(SpanRecorderTest, ASmallShareIsASmallShare) {
  Recorded recorded({.sampler = {.root = 0.002}});
  int sampled = 0;
  for (int i = 0; i < 100'000; ++i) sampled += recorded.recorder.start({}).has_value() ? 1 : 0;
  EXPECT_NEAR(sampled, 200, 50);
}

TEST(SpanRecorderTest, SpansBeyondTheLimitAreDroppedAndCounted) {
  Recorded recorded({.spans_max = 2});
  for (int i = 0; i < 5; ++i) recorded.record("a");
  EXPECT_EQ(recorded.dropped(), 3u);
  EXPECT_EQ(recorded.take().spans_size(), 2);
  recorded.record("a");
  EXPECT_EQ(recorded.take().spans_size(), 1);
}

TEST(SpanRecorderTest, LongTextsFillTheRoomSooner) {
  Recorded recorded({.spans_max = 8});
  for (int i = 0; i < 8; ++i) recorded.record(std::string(1200, 'n'));
  EXPECT_EQ(recorded.take().spans_size(), 2);
  EXPECT_EQ(recorded.dropped(), 6u);
  recorded.record(std::string(10'000, 'n'));
  EXPECT_EQ(recorded.dropped(), 7u);
}

TEST(SpanRecorderTest, KeptSpansAreReservedInTheBudget) {
  Recorded recorded({.spans_max = 16});
  recorded.record("a");
  EXPECT_EQ(recorded.budget.used(), 16 * SpanRecorder::kBytesOfSpan);
  recorded.take();
  EXPECT_EQ(recorded.budget.used(), 0u);
  Recorded poor({.spans_max = 16}, 100);
  poor.record("a");
  EXPECT_EQ(poor.dropped(), 1u);
}

TEST(SpanRecorderTest, AnErrorIsValidUtf8AndBounded) {
  Recorded recorded;
  const auto open = recorded.recorder.start({});
  const std::string error(5000, '\xff');
  recorded.recorder.end(*open, {.name = "a", .attributes = {}, .is_error = true, .error = error});
  EXPECT_LE(recorded.take().spans(0).status().message().size(), 3 * SpanRecorder::kErrorBytesMax);
}

TEST(SpanRecorderTest, AClosedRecorderRecordsNothing) {
  Recorded recorded;
  size_t heard = 0;
  recorded.recorder.on_kept([&](size_t count) { heard = count; });
  recorded.record("a");
  EXPECT_EQ(heard, 1u);
  recorded.recorder.close();
  EXPECT_FALSE(recorded.recorder.start({}));
}

}  // namespace
}  // namespace millrace::own_spans
