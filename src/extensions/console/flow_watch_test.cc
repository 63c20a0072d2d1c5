#include "extensions/console/flow_watch.h"

#include <gtest/gtest.h>

#include "pipeline/testing/manual_loop.h"

namespace millrace::extensions::console {
namespace {

struct Watched {
  pipeline::testing::ManualLoop loop;
  Budget budget{1 << 20};
  recent::EdgeTaps taps{budget, 2};
  recent::EdgeFlow flow{{1, 2}};
  FlowWatch watch{loop, taps, flow};

  void pass(uint32_t in, uint32_t out, Duration took) {
    pipeline::Trail trail;
    trail.points.push_back({.position = 0, .item_count = in, .bytes = {}, .at = MonotonicTime(1s)});
    trail.points.push_back(
        {.position = 1, .item_count = out, .bytes = {}, .at = MonotonicTime(1s) + took});
    flow.record(1, trail);
  }
};

TEST(FlowWatchTest, TheFlowIsWatchedUntilNobodyAsked) {
  Watched watched;
  EXPECT_EQ(watched.taps.watched_points(1).load(), 0u);
  watched.watch.look();
  EXPECT_EQ(watched.taps.watched_points(1).load(), recent::EdgeTaps::kFlowBit);
  watched.loop.advance(14s);
  watched.watch.look();
  watched.loop.advance(14s);
  EXPECT_NE(watched.taps.watched_points(1).load(), 0u);
  watched.loop.advance(2s);
  EXPECT_EQ(watched.taps.watched_points(1).load(), 0u);
}

TEST(FlowWatchTest, APointHasBatchSizesAndTheLatencyOfItsProcessor) {
  Watched watched;
  watched.pass(1, 1, 1s);  // before the first look
  watched.watch.look();
  EXPECT_FALSE(watched.watch.at(1, 1).items);
  for (int i = 0; i < 100; ++i) watched.pass(8, 4, 128ns);
  EXPECT_EQ(watched.watch.at(1, 0).items->p50, 8);
  EXPECT_FALSE(watched.watch.at(1, 0).latency_ns);
  EXPECT_EQ(watched.watch.at(1, 1).items->p99, 4);
  EXPECT_NEAR(watched.watch.at(1, 1).latency_ns->p99, 128, 8);
  EXPECT_FALSE(watched.watch.at(0, 0).items);
}

TEST(FlowWatchTest, WhatIsOlderThanTwoMinutesIsNotShown) {
  Watched watched;
  watched.watch.look();
  watched.pass(8, 4, 1ms);
  for (int i = 0; i < 13; ++i) {
    watched.loop.advance(10s);
    watched.watch.look();
  }
  EXPECT_FALSE(watched.watch.at(1, 0).items);
}

}  // namespace
}  // namespace millrace::extensions::console
