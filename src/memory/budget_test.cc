#include "memory/budget.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace millrace {
namespace {

constexpr MemoryTerm kTerm = MemoryTerm::kMessages;

TEST(BudgetTest, ASizeThatWrapsTheSumIsRefused) {
  Budget budget(1000);
  ASSERT_TRUE(budget.try_reserve(kTerm, 50));
  // 50 + (SIZE_MAX - 20) is 29 in a size_t.
  EXPECT_FALSE(budget.try_reserve(kTerm, SIZE_MAX - 20));
  EXPECT_FALSE(budget.try_reserve(kTerm, SIZE_MAX));
  EXPECT_EQ(budget.used(), 50u);
  EXPECT_EQ(budget.peak(), 50u);
  EXPECT_EQ(budget.refusal_count(), 2u);
  budget.release(kTerm, 50);
}

TEST(BudgetTest, ASizeThatWrapsWithTheShareOfConnectionsIsRefused) {
  Budget budget(SIZE_MAX, 1000);
  EXPECT_FALSE(budget.try_reserve(kTerm, SIZE_MAX - 500));
  EXPECT_TRUE(budget.try_reserve(kTerm, SIZE_MAX - 1000));
  budget.release(kTerm, SIZE_MAX - 1000);
}

TEST(BudgetTest, TheWholeLimitCanBeReserved) {
  Budget budget(1000);
  EXPECT_FALSE(budget.try_reserve(kTerm, 1001));
  EXPECT_TRUE(budget.try_reserve(kTerm, 1000));
  EXPECT_FALSE(budget.try_reserve(kTerm, 1));
  EXPECT_TRUE(budget.try_reserve(kTerm, 0));
  budget.release(kTerm, 1000);
}

TEST(BudgetTest, TheShareOfConnectionsIsLeftToThem) {
  Budget budget(1000, 300);
  EXPECT_FALSE(budget.try_reserve(kTerm, 701));
  EXPECT_TRUE(budget.try_reserve(kTerm, 700));
  EXPECT_FALSE(budget.try_reserve(kTerm, 1));
  EXPECT_TRUE(budget.try_reserve(MemoryTerm::kNewConnections, 300));
  budget.release(MemoryTerm::kNewConnections, 300);
  budget.release(kTerm, 700);
}

TEST(BudgetDeathTest, MoreThanATermHoldsCannotBeReleased) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        Budget budget(1000);
        static_cast<void>(budget.try_reserve(kTerm, 10));
        static_cast<void>(budget.try_reserve(MemoryTerm::kJson, 10));
        budget.release(kTerm, 11);
      },
      "term_before >= bytes");
}

TEST(BudgetDeathTest, MoreThanATermHoldsCannotBecomeAnothers) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        Budget budget(1000);
        static_cast<void>(budget.try_reserve(kTerm, 10));
        budget.move(kTerm, MemoryTerm::kIdleChunks, 11);
      },
      "term_before >= bytes");
}

}  // namespace
}  // namespace millrace
