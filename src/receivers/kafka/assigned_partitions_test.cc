#include "receivers/kafka/assigned_partitions.h"

#include <gtest/gtest.h>

namespace millrace::receivers::kafka {
namespace {

using Key = AssignedPartitions::Key;
using Place = AssignedPartitions::Place;

class AssignedPartitionsTest : public testing::Test {
 protected:
  Place begin(int64_t offset) {
    const std::optional<Place> place = partitions.place_of("t", 0, offset);
    EXPECT_TRUE(place);
    partitions.begin(*place);
    return *place;
  }
  metrics::Registry metrics;
  AssignedPartitions partitions{metrics, "kafka"};
  const Key key{"t", 0};
};

TEST_F(AssignedPartitionsTest, AMessageOfAPartitionThatIsNotAssignedHasNoPlace) {
  EXPECT_FALSE(partitions.place_of("t", 0, 1));
  partitions.assign(key);
  EXPECT_TRUE(partitions.place_of("t", 0, 1));
  EXPECT_FALSE(partitions.place_of("t", 1, 1));
}

TEST_F(AssignedPartitionsTest, AMessageIsTakenOnce) {
  partitions.assign(key);
  begin(7);
  EXPECT_FALSE(partitions.place_of("t", 0, 7));
  EXPECT_FALSE(partitions.place_of("t", 0, 3));
  EXPECT_EQ(partitions.under_way_count(), 1u);
}

TEST_F(AssignedPartitionsTest, WhatIsFinishedMayBeCommitted) {
  partitions.assign(key);
  const Place place = begin(7);
  EXPECT_FALSE(partitions.is_idle(key));
  EXPECT_EQ(partitions.finish(place), 8);
  EXPECT_EQ(partitions.finish(place), std::nullopt);
  EXPECT_EQ(partitions.under_way_count(), 0u);
  EXPECT_TRUE(partitions.is_idle(key));
}

// Its count was subtracted by the abandoned message, and again with its partition.
TEST_F(AssignedPartitionsTest, AnAbandonedMessageIsCountedOffOnceAndHoldsTheOffset) {
  partitions.assign(key);
  const Place first = begin(7);
  const Place second = begin(8);
  partitions.abandon(first);
  partitions.abandon(first);
  EXPECT_EQ(partitions.under_way_count(), 1u);
  EXPECT_EQ(partitions.finish(first), std::nullopt);
  EXPECT_EQ(partitions.finish(second), std::nullopt);
  EXPECT_EQ(partitions.under_way_count(), 0u);
  EXPECT_TRUE(partitions.is_idle(key));
  EXPECT_TRUE(partitions.remove(key));
  EXPECT_EQ(partitions.under_way_count(), 0u);
}

TEST_F(AssignedPartitionsTest, WhatEndsBehindAMessageUnderWayIsRemembered) {
  partitions.assign(key);
  const Place first = begin(7);
  for (int64_t offset = 8; offset < 18; ++offset) partitions.finish(begin(offset));
  EXPECT_EQ(partitions.under_way_count(), 1u);
  EXPECT_EQ(partitions.remembered_count(), 11u);
  EXPECT_EQ(partitions.finish(first), 18);
  EXPECT_EQ(partitions.remembered_count(), 0u);
  begin(18);
  partitions.remove(key);
  EXPECT_EQ(partitions.remembered_count(), 0u);
}

TEST_F(AssignedPartitionsTest, AMessageOfAnAssignmentBeforeChangesNothing) {
  partitions.assign(key);
  const Place before = begin(7);
  partitions.assign(key);
  EXPECT_EQ(partitions.under_way_count(), 0u);
  const Place again = begin(7);
  EXPECT_FALSE(partitions.is_ours(before));
  partitions.abandon(before);
  EXPECT_EQ(partitions.finish(before), std::nullopt);
  EXPECT_EQ(partitions.under_way_count(), 1u);
  EXPECT_EQ(partitions.finish(again), 8);
}

}  // namespace
}  // namespace millrace::receivers::kafka
