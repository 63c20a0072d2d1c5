#include "transport/server/open_head_memory.h"

#include <gtest/gtest.h>

namespace millrace::transport {
namespace {

constexpr size_t kIncluded = OpenHeadMemory::kIncluded;
constexpr size_t kStep = OpenHeadMemory::kStep;

TEST(OpenHeadMemoryTest, AShortSectionIsIncluded) {
  Budget budget(32 << 20);
  size_t loop_bytes = 0;
  OpenHeadMemory memory(budget, loop_bytes);
  EXPECT_TRUE(memory.cover(kIncluded));
  EXPECT_EQ(budget.used(), 0u);
}

TEST(OpenHeadMemoryTest, ALongSectionIsReservedInStepsUntilItEnds) {
  Budget budget(32 << 20);
  size_t loop_bytes = 0;
  OpenHeadMemory memory(budget, loop_bytes);
  EXPECT_TRUE(memory.cover(kIncluded + 1));
  EXPECT_EQ(loop_bytes, kStep);
  EXPECT_TRUE(memory.cover(kStep));
  EXPECT_EQ(loop_bytes, kStep);
  EXPECT_TRUE(memory.cover(kStep + 1));
  EXPECT_EQ(loop_bytes, 2 * kStep);
  EXPECT_EQ(budget.used(), 2 * kStep);
  EXPECT_TRUE(memory.cover(0));
  EXPECT_EQ(loop_bytes, 0u);
  EXPECT_EQ(budget.used(), 0u);
}

TEST(OpenHeadMemoryTest, AllSectionsOfALoopHaveAShare) {
  Budget budget(OpenHeadMemory::kShare * 2 * kStep);
  size_t loop_bytes = 0;
  OpenHeadMemory first(budget, loop_bytes);
  EXPECT_TRUE(first.cover(kIncluded + 1));
  {
    OpenHeadMemory second(budget, loop_bytes);
    EXPECT_TRUE(second.cover(kIncluded + 1));
    EXPECT_FALSE(second.cover(kStep + 1));
    EXPECT_EQ(loop_bytes, kStep) << "what was refused holds nothing";
    EXPECT_TRUE(second.cover(kIncluded + 1));
  }
  EXPECT_EQ(loop_bytes, kStep) << "a connection that goes gives back its part";
}

}  // namespace
}  // namespace millrace::transport
