#include "transport/server/stream_memory.h"

#include <gtest/gtest.h>

namespace millrace::transport {
namespace {

constexpr size_t kBlockBytes = kStreamsPerBlock * kStreamBytes;

TEST(StreamMemoryTest, AFewRequestsAreTheConnections) {
  Budget budget(1);
  StreamMemory memory(budget);
  for (size_t i = 0; i < kStreamsIncluded; ++i) EXPECT_TRUE(memory.open());
  EXPECT_EQ(budget.used(), 0u);
  EXPECT_FALSE(memory.open());
}

TEST(StreamMemoryTest, ManyAreReservedAndGivenBack) {
  Budget budget(1 << 20);
  {
    StreamMemory memory(budget);
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(memory.open());
    EXPECT_GE(budget.used(MemoryTerm::kConnections), (100 - kStreamsIncluded) * kStreamBytes);
    for (int i = 0; i < 100; ++i) memory.close();
    EXPECT_LE(budget.used(), kBlockBytes);
    EXPECT_TRUE(memory.open());
  }
  EXPECT_EQ(budget.used(), 0u);
}

TEST(StreamMemoryTest, WhoCameWithoutMemoryLeavesWithoutTakingThatOfOthers) {
  Budget budget(kBlockBytes);
  StreamMemory memory(budget);
  for (size_t i = 0; i < kStreamsIncluded + kStreamsPerBlock; ++i) ASSERT_TRUE(memory.open());
  EXPECT_FALSE(memory.open());
  memory.close();
  EXPECT_EQ(budget.used(), kBlockBytes);
  EXPECT_FALSE(memory.open());
}

TEST(StreamMemoryTest, ComingAndGoingAtTheEdgeAsksNobody) {
  Budget budget(kBlockBytes);
  StreamMemory memory(budget);
  for (size_t i = 0; i <= kStreamsIncluded; ++i) ASSERT_TRUE(memory.open());
  memory.close();
  EXPECT_EQ(budget.used(), kBlockBytes) << "kept for the next";
}

}  // namespace
}  // namespace millrace::transport
