#include "daemon/terminal_text/progress.h"

#include <gtest/gtest.h>

namespace millrace::terminal_text {
namespace {

TEST(ProgressTest, RateAndTimeLeftFollowFromTheTotal) {
  ProgressText text;
  EXPECT_EQ(text.next({.noun = "spans", .total = 1000}), "0 of 1,000 spans, 0 %");
  EXPECT_EQ(text.next({.noun = "spans", .done = 100, .total = 1000, .elapsed = 1s}),
            "100 of 1,000 spans, 10 %, 100/s, 9 s left");
  EXPECT_EQ(text.next({.noun = "spans", .done = 1000, .total = 1000, .elapsed = 10s}),
            "1,000 of 1,000 spans, 100 %, 100/s");
}

TEST(ProgressTest, WithoutATotalThereIsARate) {
  ProgressText text;
  EXPECT_EQ(text.next({.noun = "items", .done = 3000, .elapsed = 2s}), "3,000 items, 1.50k/s");
  EXPECT_EQ(text.next({.noun = "items", .done = 3000, .elapsed = 3s, .left = 90s}),
            "3,000 items, 1.20k/s, 1 min 30 s left");
}

TEST(ProgressTest, APartSaysHowLongItTakes) {
  ProgressText text;
  EXPECT_EQ(text.next({.noun = "requests", .done = 20, .elapsed = 10s, .part = 0.25}),
            "20 requests, 25 %, 2/s, 30 s left");
  EXPECT_EQ(text.next({.noun = "requests", .done = 20, .elapsed = 10s, .part = 1.5}),
            "20 requests, 100 %, 2/s");
}

TEST(ProgressTest, TheRateFollowsAChange) {
  ProgressText text;
  text.next({.noun = "x", .done = 1000, .elapsed = 1s});
  for (int second = 2; second < 30; ++second) {
    text.next({.noun = "x", .done = 1000, .elapsed = second * 1s});
  }
  const std::string last = text.next({.noun = "x", .done = 1000, .total = 2000, .elapsed = 60s});
  EXPECT_TRUE(last.contains("50 %, 1.")) << last;  // 1000 * 0.8^29
}

TEST(ProgressTest, ACountThatGoesBackIsNoRate) {
  ProgressText text;
  text.next({.noun = "x", .done = 10, .elapsed = 1s});
  EXPECT_EQ(text.next({.noun = "x", .done = 5, .total = 4, .elapsed = 2s}), "5 of 4 x, 100 %, 8/s");
}

}  // namespace
}  // namespace millrace::terminal_text
