#include "destination/retry_hint.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace millrace::pipeline {
namespace {

constexpr MonotonicTime kStart{1000s};

// The longest hint of any refusal in a second of that many refusals and answers.
struct Second {
  Duration longest = 0s;
  Duration shortest = 1h;
};
Second pass_second(RetryHint& hint, int second, int refused, int finished, uint64_t queued,
                   bool is_stalled = false) {
  Second told;
  for (int i = 0; i < refused; ++i) {
    const MonotonicTime now = kStart + second * 1s + i * 1s / refused;
    const Duration wait = hint.refuse(now, 1, queued, is_stalled);
    told.longest = std::max(told.longest, wait);
    told.shortest = std::min(told.shortest, wait);
  }
  hint.note_finished(static_cast<uint64_t>(finished));
  return told;
}

TEST(RetryHintTest, WhatIsNotKnownIsASecondAndFiveOfAStalledOne) {
  RetryHint fresh;
  EXPECT_EQ(fresh.refuse(kStart, 1, 100, false), 1s);
  RetryHint stalled;
  EXPECT_EQ(stalled.refuse(kStart, 1, 100, true), 5s);
}

TEST(RetryHintTest, ALongQueueTakesAsLongAsItsHalf) {
  RetryHint hint;
  Second told;
  for (int second = 0; second < 3; ++second) told = pass_second(hint, second, 40, 100, 1600);
  EXPECT_GT(told.longest, 7500ms);
  EXPECT_LE(told.longest, 8100ms);
}

TEST(RetryHintTest, AShortQueueWhoseSendersAllWaitCallsThemSooner) {
  RetryHint hint;
  Second told;
  for (int second = 0; second < 8; ++second) told = pass_second(hint, second, 10, 400, 20);
  EXPECT_LE(told.longest, 50ms);
}

TEST(RetryHintTest, MoreRefusalsThanAnswersSendThemAwayForLonger) {
  RetryHint hint;
  Second told;
  for (int second = 0; second < 10; ++second) told = pass_second(hint, second, 1000, 400, 20);
  EXPECT_GT(told.longest, 9s);
  EXPECT_LE(told.longest, 10s);
}

TEST(RetryHintTest, NobodyAnsweredMeansHalfAMinute) {
  RetryHint hint;
  Second told;
  for (int second = 0; second < 3; ++second) told = pass_second(hint, second, 40, 0, 1000);
  EXPECT_GT(told.longest, 25s);
  EXPECT_LE(told.longest, 30s);
}

// A quiet night behind the last refusal looked like a destination that hardly sends.
TEST(RetryHintTest, TimeWithoutRefusalsSaysNothingAboutTheRate) {
  RetryHint hint;
  pass_second(hint, 0, 10, 400, 20);
  hint.note_finished(10);
  const Second told = pass_second(hint, 3600, 10, 400, 1000);
  EXPECT_LE(told.longest, 1s);
}

TEST(RetryHintTest, SendersDoNotComeBackAllAtOnce) {
  RetryHint hint;
  std::vector<Duration> told;
  for (int i = 0; i < 100; ++i) told.push_back(hint.refuse(kStart, 1, 100, false));
  std::sort(told.begin(), told.end());
  EXPECT_GE(told.front(), 250ms);
  EXPECT_LE(told.back(), 1s);
  for (size_t i = 1; i < told.size(); ++i) EXPECT_LT(told[i] - told[i - 1], 25ms);
}

}  // namespace
}  // namespace millrace::pipeline
