#include "extensions/basicauth/guess_budget.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::extensions {
namespace {

constexpr MonotonicTime kStart = MonotonicTime{} + 1s;

TEST(GuessBudgetTest, PortsOfAnAddressAreOneSender) {
  const GuessBudget budget;
  EXPECT_EQ(budget.slot_of("10.0.0.1:5"), budget.slot_of("10.0.0.1:65000"));
  EXPECT_EQ(budget.slot_of("[::1]:5"), budget.slot_of("[::1]:6"));
  // A sender over IPv6 has a network of addresses.
  for (const char* other : {"[2001:db8::2]:5", "[2001:db8::ffff:3]:6", "[2001:db8:0:0:9::]:7"}) {
    EXPECT_EQ(budget.slot_of("[2001:db8::1]:5"), budget.slot_of(other)) << other;
  }
  EXPECT_EQ(budget.slot_of("unix:/run/a.sock"), budget.slot_of("unix:/run/b.sock"));
}

TEST(GuessBudgetTest, AnAddressHasHalfOfWhatAllHave) {
  GuessBudget budget;
  EXPECT_TRUE(budget.try_use(1, kAddressCostBurst, kStart));
  EXPECT_FALSE(budget.try_use(1, 1, kStart));
  EXPECT_TRUE(budget.try_use(2, kAddressCostBurst, kStart));
  EXPECT_FALSE(budget.try_use(3, 1, kStart)) << "all together";
}

TEST(GuessBudgetTest, UsedBudgetComesBackInTime) {
  GuessBudget budget;
  ASSERT_TRUE(budget.try_use(1, kAddressCostBurst, kStart));
  EXPECT_FALSE(budget.try_use(1, kAddressCostPerSecond + 1, kStart + 1s));
  EXPECT_TRUE(budget.try_use(1, kAddressCostPerSecond, kStart + 1s));
  EXPECT_FALSE(budget.try_use(1, kAddressCostBurst + 1, kStart + 1h)) << "never more than a burst";
}

TEST(GuessBudgetTest, RightPasswordCostsNothing) {
  GuessBudget budget;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(budget.try_use(1, kAddressCostBurst, kStart));
    budget.refund(1, kAddressCostBurst);
  }
}

}  // namespace
}  // namespace millrace::extensions
