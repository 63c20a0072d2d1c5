#include "recent/worker_tap.h"

#include <gtest/gtest.h>

#include <string>

#include "pipeline/testing/manual_loop.h"

namespace millrace::recent {
namespace {

struct Tapped {
  pipeline::testing::ManualLoop loop;
  Budget budget{64 << 20};
  Store store{budget, 1 << 20, {"traces", "traces/2"}};
  SenderTable senders;
  RefusalList refusals;
  EdgeTaps edges{budget, 2};
  EdgeFlow flow{{1, 3}};
  WorkerTap tap{{.loop = &loop,
                 .store = &store,
                 .senders = &senders,
                 .refusals = &refusals,
                 .edges = &edges,
                 .flow = &flow}};

  void take(const Bytes& bytes, size_t pipeline = 0) {
    tap.tap_of(pipeline, WorkerTap::Keeps::kRequests)
        .take({.signal = Signal::kTraces,
               .item_count = 1,
               .bytes = Rope(bytes),
               .metadata = nullptr,
               .completion = nullptr,
               .admitted_at = {}});
  }
};

TEST(WorkerTapTest, TheBytesAreSharedUntilTheyAreHandedOver) {
  Tapped tapped;
  const Bytes bytes = Bytes::copy_of("request");
  tapped.take(bytes, 1);
  EXPECT_FALSE(bytes.chunk().unique());
  EXPECT_EQ(tapped.store.numbers().requests, 0u);
  tapped.loop.advance(100ms);
  EXPECT_TRUE(bytes.chunk().unique());
  ASSERT_EQ(tapped.store.numbers().requests, 1u);
  EXPECT_EQ(tapped.store.newer_than(0, 1)[0]->pipeline, 1u);
}

// Requests that waited when a worker ended were neither kept nor counted.
TEST(WorkerTapTest, WhatWaitsIsKeptWhenTheWorkerEnds) {
  pipeline::testing::ManualLoop loop;
  Budget budget{64 << 20};
  Store store{budget, 1 << 20, {"traces"}};
  SenderTable senders;
  RefusalList refusals;
  EdgeTaps edges{budget, 1};
  {
    WorkerTap tap{{.loop = &loop,
                   .store = &store,
                   .senders = &senders,
                   .refusals = &refusals,
                   .edges = &edges}};
    tap.tap_of(0, WorkerTap::Keeps::kRequests)
        .take({.signal = Signal::kTraces,
               .item_count = 1,
               .bytes = Rope(Bytes::copy_of("request")),
               .metadata = nullptr,
               .completion = nullptr,
               .admitted_at = {}});
    EXPECT_EQ(store.numbers().requests, 0u);
  }
  EXPECT_EQ(store.numbers().requests, 1u);
}

TEST(WorkerTapTest, WhatComesTooFastIsSkippedAndCounted) {
  Tapped tapped;
  const Bytes bytes = Bytes::copy_of(std::string(10'000, 'x'));
  for (int i = 0; i < 200; ++i) tapped.take(bytes);
  EXPECT_GE(tapped.store.numbers().skipped_count, 140u);
  tapped.loop.advance(1s);
  const uint64_t kept = tapped.store.numbers().kept_count;
  EXPECT_EQ(kept + tapped.store.numbers().skipped_count, 200u);
  // A sixteenth of the store a second.
  for (int i = 0; i < 200; ++i) tapped.take(bytes);
  tapped.loop.advance(100ms);
  EXPECT_EQ(tapped.store.numbers().kept_count - kept, 6u);
}

TEST(WorkerTapTest, ARequestLargerThanWhatMayWaitIsKeptWhenItIsAlone) {
  pipeline::testing::ManualLoop loop;
  Budget budget{256 << 20};
  Store store{budget, 64 << 20, {"traces"}};
  SenderTable senders;
  RefusalList refusals;
  EdgeTaps edges{budget, 1};
  WorkerTap tap{{.loop = &loop,
                 .store = &store,
                 .senders = &senders,
                 .refusals = &refusals,
                 .edges = &edges}};
  const auto take = [&](size_t size) {
    tap.tap_of(0, WorkerTap::Keeps::kRequests)
        .take({.signal = Signal::kTraces,
               .item_count = 1,
               .bytes = Rope(Bytes::copy_of(std::string(size, 'x'))),
               .metadata = nullptr,
               .completion = nullptr,
               .admitted_at = {}});
  };
  take(10 << 20);
  take(1);  // waits behind more than kFreshBytesMax
  loop.advance(100ms);
  EXPECT_EQ(store.numbers().requests, 1u);
  EXPECT_EQ(store.numbers().skipped_count, 1u);
  take(17 << 20);
  EXPECT_EQ(store.numbers().skipped_count, 2u);
}

// A request with one span, whose trace id ends in `last`.
std::string request_of_trace(char last) {
  const std::string id = std::string(15, '\1') + last;
  return "\x0a\x16\x12\x14\x12\x12\x0a\x10" + id;
}

TEST(WorkerTapTest, OfSampledTracesTheSpansAreKeptAndTheRestIsNotSkipped) {
  pipeline::testing::ManualLoop loop;
  Budget budget{64 << 20};
  ChunkPool pool{budget, 0};
  Store store{budget, 1 << 20, {"traces"}};
  SenderTable senders;
  RefusalList refusals;
  EdgeTaps edges{budget, 1};
  const TraceSample sample(0.25);
  WorkerTap tap{{.loop = &loop,
                 .store = &store,
                 .senders = &senders,
                 .refusals = &refusals,
                 .edges = &edges,
                 .pool = &pool,
                 .sample = sample}};
  uint64_t expected = 0;
  const auto take = [&](Signal signal, std::string_view bytes) {
    tap.tap_of(0, WorkerTap::Keeps::kRequests)
        .take({.signal = signal,
               .item_count = 1,
               .bytes = Rope(Bytes::copy_of(bytes)),
               .metadata = nullptr,
               .completion = nullptr,
               .admitted_at = {}});
  };
  for (int trace = 0; trace < 100; ++trace) {
    const std::string request = request_of_trace(static_cast<char>(trace));
    expected += sample.keeps(as_span(std::string_view(request).substr(8))) ? 1 : 0;
    take(Signal::kTraces, request);
  }
  take(Signal::kLogs, request_of_trace(0));
  loop.advance(100ms);
  EXPECT_GT(expected, 10u);
  EXPECT_LT(expected, 50u);
  EXPECT_EQ(store.numbers().kept_count, expected + 1);
  EXPECT_EQ(store.newest_first(Signal::kLogs).size(), 1u);
  EXPECT_EQ(store.numbers().skipped_count, 0u);
  EXPECT_EQ(budget.used(), store.numbers().bytes);
}

TEST(WorkerTapTest, RefusalsAreHandedOverTogether) {
  Tapped tapped;
  for (int i = 0; i < 1000; ++i) {
    tapped.tap.on_refused({.receiver = "otlp",
                           .transport = "grpc",
                           .signal = Signal::kLogs,
                           .reason = "memory",
                           .detail = "later",
                           .peer = "10.0.0.1:5"});
  }
  EXPECT_EQ(tapped.refusals.total(), 0u);
  tapped.loop.advance(100ms);
  EXPECT_EQ(tapped.refusals.total(), 1000u);
  EXPECT_EQ(tapped.refusals.newest(5).size(), 1u);
}

TEST(WorkerTapTest, APipelineThatKeepsNothingCanBeLookedAt) {
  Tapped tapped;
  pipeline::Tap& tap = tapped.tap.tap_of(1, WorkerTap::Keeps::kNothing);
  pipeline::Payload payload{.signal = Signal::kTraces,
                            .item_count = 3,
                            .bytes = Rope(Bytes::copy_of("spans")),
                            .metadata = nullptr,
                            .completion = nullptr,
                            .admitted_at = {}};
  tap.take(payload);
  EXPECT_EQ(tap.watched_points().load(), 0u);
  const EdgeTaps::Watch watch(tapped.edges, 1, 2);
  EXPECT_EQ(tap.watched_points().load(), 4u);
  tapped.loop.advance(1s);
  uint32_t wanted = 0;
  for (int i = 0; i < 100; ++i) {
    if (!tap.wants_trail(payload)) continue;
    ++wanted;
    pipeline::Trail trail;
    trail.points.push_back({.position = 2, .item_count = 3, .bytes = payload.bytes});
    tap.take_trail(std::move(trail));
  }
  EXPECT_EQ(wanted, WorkerTap::kTrailsASecond);
  EXPECT_TRUE(tapped.edges.newer_than(1, 0).empty());
  tapped.loop.advance(100ms);
  EXPECT_EQ(tapped.edges.newer_than(1, 0).size(), WorkerTap::kTrailsASecond);
  EXPECT_EQ(tapped.edges.numbers(1).passed_items, 300u);
  EXPECT_EQ(tapped.store.numbers().requests, 0u);
}

TEST(WorkerTapTest, TheFlowIsMeasuredWithoutSamplesWhileItIsWatched) {
  Tapped tapped;
  pipeline::Tap& tap = tapped.tap.tap_of(1, WorkerTap::Keeps::kRequests);
  const pipeline::Payload payload{.signal = Signal::kTraces, .item_count = 3, .admitted_at = {}};
  tapped.edges.set_flow_watched(true);
  EXPECT_NE(tap.watched_points().load(), 0u);
  tapped.loop.advance(1s);
  uint32_t wanted = 0;
  for (int i = 0; i < 1000; ++i) {
    if (!tap.wants_trail(payload)) continue;
    ++wanted;
    pipeline::Trail trail;
    trail.points.push_back({.position = 0, .item_count = 3, .bytes = {}, .at = MonotonicTime(1s)});
    trail.points.push_back(
        {.position = 1, .item_count = 2, .bytes = {}, .at = MonotonicTime(1s) + 64ns});
    tap.take_trail(std::move(trail));
  }
  EXPECT_EQ(wanted, WorkerTap::kFlowsASecond);
  EXPECT_EQ(LogHistogram::quantile(tapped.flow.point(1, 1).items.counts(), 0.5), 2);
  EXPECT_NEAR(*LogHistogram::quantile(tapped.flow.point(1, 1).latency_ns.counts(), 0.5), 64, 4);
  EXPECT_FALSE(LogHistogram::quantile(tapped.flow.point(1, 0).latency_ns.counts(), 0.5));
  EXPECT_EQ(tapped.edges.numbers(1).passed_requests, 0u);
  tapped.edges.set_flow_watched(false);
  EXPECT_EQ(tap.watched_points().load(), 0u);
}

}  // namespace
}  // namespace millrace::recent
