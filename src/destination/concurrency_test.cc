#include "destination/concurrency.h"

#include <gtest/gtest.h>

namespace millrace::pipeline {
namespace {

constexpr MonotonicTime at(Duration time) { return MonotonicTime(time); }

TEST(ConcurrencyLimitTest, GivesNoMorePlacesThanItsLimit) {
  ConcurrencyLimit limit({.max = 2});
  EXPECT_TRUE(limit.try_acquire());
  EXPECT_TRUE(limit.try_acquire());
  EXPECT_FALSE(limit.try_acquire());
  limit.release();
  EXPECT_TRUE(limit.try_acquire());
}

TEST(ConcurrencyLimitTest, ShrinksOnFailuresAtMostOnceASecondAndNotBelowItsMinimum) {
  ConcurrencyLimit limit({.max = 16, .min = 2});
  limit.on_passing_failure(at(10s));
  EXPECT_EQ(limit.limit(), 12u);
  limit.on_passing_failure(at(10s + 999ms));
  EXPECT_EQ(limit.limit(), 12u);
  for (int i = 11; i < 40; ++i) limit.on_passing_failure(at(Duration(1s) * i));
  EXPECT_EQ(limit.limit(), 2u);
}

TEST(ConcurrencyLimitTest, GrowsByOneForARoundOfAnswersWhenAllPlacesAreUsed) {
  ConcurrencyLimit limit({.max = 16, .min = 1});
  for (int i = 10; i < 40; ++i) limit.on_passing_failure(at(Duration(1s) * i));
  ASSERT_EQ(limit.limit(), 1u);
  ASSERT_TRUE(limit.try_acquire());
  limit.on_answered(1ms);
  EXPECT_EQ(limit.limit(), 2u);
  ASSERT_TRUE(limit.try_acquire());
  for (int i = 0; i < 3; ++i) limit.on_answered(1ms);
  EXPECT_EQ(limit.limit(), 3u);
}

TEST(ConcurrencyLimitTest, DoesNotGrowWhileIdleOrSlow) {
  ConcurrencyLimit limit({.max = 16, .min = 1});
  limit.on_passing_failure(at(10s));
  for (int i = 0; i < 100; ++i) limit.on_answered(1ms);
  EXPECT_EQ(limit.limit(), 12u) << "idle";
  for (int i = 0; i < 12; ++i) ASSERT_TRUE(limit.try_acquire());
  for (int i = 0; i < 10; ++i) limit.on_answered(100ms);
  EXPECT_LT(limit.limit(), 12u) << "slow";
}

TEST(ConcurrencyLimitTest, NotAdaptiveMeansAlwaysTheMaximum) {
  ConcurrencyLimit limit({.max = 3, .adaptive = false});
  limit.on_passing_failure(at(10s));
  EXPECT_EQ(limit.limit(), 3u);
}

}  // namespace
}  // namespace millrace::pipeline
