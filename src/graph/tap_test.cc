// A pipeline tells its tap of the requests that enter destinations, and gives it the trails of
// those that are followed between the processors.
#include "pipeline/tap.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "graph/testing/holder.h"
#include "graph/testing/rig.h"

namespace millrace::pipeline {
namespace {

using testing::Holder;
using testing::Rig;

struct RecordingTap final : Tap {
  void take(const Payload& payload) override { taken.push_back(payload.item_count); }
  const std::atomic<uint64_t>& watched_points() const override { return watched; }
  bool wants_trail(const Payload&) override {
    ++asked;
    return wants;
  }
  void take_trail(Trail trail) override { trails.push_back(std::move(trail)); }

  std::vector<uint32_t> taken;
  std::vector<Trail> trails;
  std::atomic<uint64_t> watched{0};
  size_t asked = 0;
  bool wants = true;
};

// Leaves all items but one; nothing of a request of one.
class Filter final : public Processor {
 public:
  Result<ProcessorResult> process(Payload& payload, Work&) override {
    if (payload.item_count == 7) return fail(Code::kInvalidArgument, "seven");
    payload.bytes = payload.bytes.slice(0, payload.bytes.size() / 2);
    payload.item_count -= 1;
    return ProcessorResult{.filtered_count = 1};
  }
};

struct Tapped {
  explicit Tapped(bool has_filter) {
    rig.pipeline->set_tap(&tap);
    if (has_filter) rig.pipeline->add_processor(std::make_unique<Filter>(), rig.long_work);
  }
  ~Tapped() {
    rig.run();
    while (!rig.sinks[0].exporter->open.empty()) {
      rig.sinks[0].exporter->answer(Outcome::Kind::kDelivered);
      rig.run();
    }
  }
  RecordingTap tap;
  Rig rig;
};

std::vector<size_t> positions(const Trail& trail) {
  std::vector<size_t> found;
  for (const Trail::Point& point : trail.points) found.push_back(point.position);
  return found;
}

TEST(TapTest, RequestsAreToldWithoutAWatchAndNotFollowed) {
  for (const bool has_filter : {false, true}) {
    Tapped tapped(has_filter);
    tapped.rig.submit(3);
    EXPECT_EQ(tapped.tap.taken, std::vector<uint32_t>{has_filter ? 2u : 3u});
    EXPECT_EQ(tapped.tap.asked, 0u);
    EXPECT_TRUE(tapped.tap.trails.empty());
  }
}

TEST(TapTest, AWatchedRequestIsFollowedPastEachProcessor) {
  Tapped tapped(true);
  tapped.tap.watched = 1;
  tapped.rig.submit(3);
  ASSERT_EQ(tapped.tap.trails.size(), 1u);
  const Trail& trail = tapped.tap.trails[0];
  EXPECT_EQ(positions(trail), (std::vector<size_t>{0, 1}));
  EXPECT_EQ(trail.points[0].item_count, 3u);
  EXPECT_EQ(trail.points[1].item_count, 2u);
  EXPECT_EQ(trail.points[1].bytes.size(), trail.points[0].bytes.size() / 2);
  EXPECT_TRUE(trail.refusal.empty());
}

TEST(TapTest, WithoutAProcessorThereIsOnePoint) {
  Tapped tapped(false);
  tapped.tap.watched = 1;
  tapped.rig.submit(3);
  ASSERT_EQ(tapped.tap.trails.size(), 1u);
  EXPECT_EQ(positions(tapped.tap.trails[0]), std::vector<size_t>{0});
  tapped.tap.wants = false;
  tapped.rig.submit(3);
  EXPECT_EQ(tapped.tap.asked, 2u);
  EXPECT_EQ(tapped.tap.trails.size(), 1u);
}

TEST(TapTest, WhatIsLeftOutAndWhatIsRefusedIsSeen) {
  Tapped tapped(true);
  tapped.tap.watched = 1;
  tapped.rig.submit(1);
  tapped.rig.submit(7);
  ASSERT_EQ(tapped.tap.trails.size(), 2u);
  EXPECT_TRUE(tapped.tap.trails[0].points[1].bytes.empty());
  EXPECT_EQ(positions(tapped.tap.trails[1]), std::vector<size_t>{0});
  EXPECT_EQ(tapped.tap.trails[1].refusal, "seven");
  EXPECT_TRUE(tapped.tap.taken.empty());
}

TEST(TapTest, HeldItemsAreFollowedFromWhereTheyAreEmitted) {
  Tapped tapped(false);
  tapped.rig.pipeline->add_processor(std::make_unique<Holder>(tapped.rig.pipeline->next_outlet()),
                                     tapped.rig.long_work);
  tapped.rig.pipeline->add_processor(std::make_unique<Filter>(), tapped.rig.long_work);
  tapped.tap.watched = 1;
  tapped.rig.submit(3);
  tapped.rig.pipeline->flush();
  ASSERT_EQ(tapped.tap.trails.size(), 2u);
  EXPECT_EQ(positions(tapped.tap.trails[0]), (std::vector<size_t>{0, 1}));
  EXPECT_EQ(positions(tapped.tap.trails[1]), (std::vector<size_t>{1, 2}));
  EXPECT_EQ(tapped.tap.taken, std::vector<uint32_t>{2});
}

TEST(FlowTest, TheOldestIsWhatIsNotSettled) {
  Rig rig;
  pipeline::Destination& destination = *rig.sinks[0].destination;
  EXPECT_EQ(destination.oldest(), kNever);
  rig.loop.advance(5s);
  const MonotonicTime first = rig.loop.now();
  rig.submit(1);
  EXPECT_EQ(destination.oldest(), first);  // in the ring
  rig.run();
  rig.sinks[0].worker->note_oldest();
  EXPECT_EQ(destination.oldest(), first);  // in flight
  rig.loop.advance(2s);
  rig.submit(1);
  EXPECT_EQ(destination.oldest(), first);
  rig.sinks[0].exporter->answer(Outcome::Kind::kDelivered);
  rig.run();
  rig.sinks[0].worker->note_oldest();
  EXPECT_EQ(destination.oldest(), first + 2s);
  rig.sinks[0].exporter->answer(Outcome::Kind::kDelivered);
  rig.run();
  rig.sinks[0].worker->note_oldest();
  EXPECT_EQ(destination.oldest(), kNever);
}

TEST(FlowTest, BatchesAndTheirAnswersAreMeasured) {
  Rig rig;
  rig.submit(100);
  rig.run();
  rig.loop.advance(3ms);
  rig.sinks[0].exporter->answer(Outcome::Kind::kDelivered);
  const FlowRecord& flow = rig.sinks[0].destination->flow();
  EXPECT_NEAR(*LogHistogram::quantile(flow.batch_items.counts(), 0.5), 100, 7);
  EXPECT_NEAR(*LogHistogram::quantile(flow.latency_ns.counts(), 0.99), 3e6, 2e5);
}

}  // namespace
}  // namespace millrace::pipeline
