#include "destination/send_window.h"

#include <gtest/gtest.h>

namespace millrace::pipeline {
namespace {

struct SendWindowTest : ::testing::Test {
  int free_count = 0;
  SendWindow window{{.max = 2, .adaptive = false}, [this] { ++free_count; }};
};

TEST_F(SendWindowTest, HasAsManyPermitsAsTheLimit) {
  EXPECT_TRUE(window.try_acquire());
  EXPECT_TRUE(window.try_acquire());
  EXPECT_FALSE(window.try_acquire());
  window.release();
  EXPECT_TRUE(window.try_acquire());
}

TEST_F(SendWindowTest, WakesStarvingWorkersOnly) {
  ASSERT_TRUE(window.try_acquire());
  window.release();
  EXPECT_EQ(free_count, 0);
  ASSERT_TRUE(window.try_acquire());
  window.begin_starving();
  window.release();
  EXPECT_EQ(free_count, 1);
  window.end_starving();
}

TEST_F(SendWindowTest, PermitsBeyondALimitThatShrankStayUnused) {
  SendWindow adaptive({.max = 8, .min = 1, .adaptive = true}, [] {});
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(adaptive.try_acquire());
  EXPECT_TRUE(adaptive.is_within_limit());
  adaptive.on_passing_failure(MonotonicTime{} + 10s);
  EXPECT_FALSE(adaptive.is_within_limit());
}

TEST_F(SendWindowTest, OneWorkerAtATimeForms) {
  EXPECT_TRUE(window.try_begin_forming());
  EXPECT_FALSE(window.try_begin_forming());
  window.end_forming();
  EXPECT_TRUE(window.try_begin_forming());
}

using SendWindowDeathTest = SendWindowTest;

TEST_F(SendWindowDeathTest, CountsNeverUnderflow) {
  EXPECT_DEATH(window.end_attempt(), "before");
  EXPECT_DEATH(window.end_starving(), "before");
}

}  // namespace
}  // namespace millrace::pipeline
