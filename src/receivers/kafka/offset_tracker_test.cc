#include "receivers/kafka/offset_tracker.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

namespace millrace::receivers::kafka {
namespace {

TEST(OffsetTrackerTest, WhatEndsInOrderMovesTheOffset) {
  OffsetTracker tracker;
  EXPECT_TRUE(tracker.begin(5));
  EXPECT_TRUE(tracker.begin(6));
  EXPECT_EQ(tracker.finish(5), 6);
  EXPECT_EQ(tracker.finish(6), 7);
  EXPECT_EQ(tracker.under_way_count(), 0u);
}

TEST(OffsetTrackerTest, TheFirstThatIsUnderWayHoldsTheOffset) {
  OffsetTracker tracker;
  for (const int64_t offset : {5, 6, 9}) EXPECT_TRUE(tracker.begin(offset));
  EXPECT_EQ(tracker.finish(9), std::nullopt);
  EXPECT_EQ(tracker.finish(6), std::nullopt);
  EXPECT_EQ(tracker.under_way_count(), 1u);
  EXPECT_EQ(tracker.finish(5), 10);
}

TEST(OffsetTrackerTest, AMessageIsTakenOnce) {
  OffsetTracker tracker;
  EXPECT_EQ(tracker.next(), std::nullopt);
  EXPECT_TRUE(tracker.begin(5));
  EXPECT_FALSE(tracker.begin(5));
  EXPECT_FALSE(tracker.begin(4));
  EXPECT_EQ(tracker.next(), 6);
  EXPECT_EQ(tracker.finish(4), std::nullopt);
  EXPECT_EQ(tracker.finish(5), 6);
  EXPECT_EQ(tracker.finish(5), std::nullopt);
}

// A naive twin: the smallest offset that is under way, or one behind the last.
TEST(OffsetTrackerTest, AgreesWithASetInAnyOrder) {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    OffsetTracker tracker;
    std::set<int64_t> under_way;
    std::vector<int64_t> order;
    int64_t offset = 0;
    int64_t committed = -1;
    for (int i = 0; i < 50; ++i) {
      offset += 1 + static_cast<int64_t>(random() % 3);
      ASSERT_TRUE(tracker.begin(offset));
      under_way.insert(offset);
      order.push_back(offset);
    }
    std::shuffle(order.begin(), order.end(), random);
    for (const int64_t each : order) {
      under_way.erase(each);
      if (const auto moved = tracker.finish(each)) committed = *moved;
      const int64_t first = under_way.empty() ? offset + 1 : *under_way.begin();
      EXPECT_LE(committed, first);
      if (under_way.empty()) EXPECT_EQ(committed, offset + 1);
    }
  }
}

}  // namespace
}  // namespace millrace::receivers::kafka
