#include "destination/breaker.h"

#include <gtest/gtest.h>

namespace millrace::pipeline {
namespace {

using Pass = Breaker::Pass;

MonotonicTime at(Duration since_start) { return MonotonicTime{} + since_start; }

TEST(BreakerTest, OpensAfterFailuresInARowAndLetsOneThroughAtATime) {
  Breaker breaker(3);
  EXPECT_FALSE(breaker.on_passing_failure(Pass::kSend, at(5s)));
  EXPECT_FALSE(breaker.on_passing_failure(Pass::kSend, at(5s)));
  EXPECT_EQ(breaker.ask(at(0s)).pass, Pass::kSend);
  EXPECT_TRUE(breaker.on_passing_failure(Pass::kSend, at(5s)));
  EXPECT_TRUE(breaker.is_open());
  const Breaker::Leave early = breaker.ask(at(1s));
  EXPECT_EQ(early.pass, Pass::kWait);
  EXPECT_EQ(early.again_at, at(5s));
  EXPECT_EQ(breaker.ask(at(5s)).pass, Pass::kProbe);
  EXPECT_EQ(breaker.ask(at(5s)).pass, Pass::kWait);
  EXPECT_FALSE(breaker.on_passing_failure(Pass::kProbe, at(12s))) << "it was open already";
  EXPECT_EQ(breaker.ask(at(11s)).again_at, at(12s));
  EXPECT_EQ(breaker.ask(at(12s)).pass, Pass::kProbe);
  EXPECT_TRUE(breaker.on_answered());
  EXPECT_FALSE(breaker.is_open());
  EXPECT_EQ(breaker.ask(at(12s)).pass, Pass::kSend);
  EXPECT_EQ(breaker.opened_count(), 1u);
}

TEST(BreakerTest, AnswerBetweenFailuresStartsTheCountAnew) {
  Breaker breaker(2);
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(breaker.on_passing_failure(Pass::kSend, at(1s)));
    EXPECT_FALSE(breaker.on_answered());
  }
}

TEST(BreakerTest, CancelledProbeLeavesItsPlaceToTheNext) {
  Breaker breaker(1);
  EXPECT_TRUE(breaker.on_passing_failure(Pass::kSend, at(1s)));
  EXPECT_EQ(breaker.ask(at(1s)).pass, Pass::kProbe);
  breaker.on_cancelled(Pass::kProbe);
  EXPECT_EQ(breaker.ask(at(1s)).pass, Pass::kProbe);
}

TEST(BreakerTest, LateAnswerOfAnAttemptFromBeforeClosesItToo) {
  Breaker breaker(1);
  EXPECT_TRUE(breaker.on_passing_failure(Pass::kSend, at(9s)));
  EXPECT_TRUE(breaker.on_answered());
  EXPECT_EQ(breaker.ask(at(0s)).pass, Pass::kSend);
}

TEST(BreakerTest, AFailureOfAnotherAttemptDoesNotEndTheProbe) {
  Breaker breaker(1);
  EXPECT_TRUE(breaker.on_passing_failure(Pass::kSend, at(5s)));
  EXPECT_EQ(breaker.ask(at(5s)).pass, Pass::kProbe);
  EXPECT_FALSE(breaker.on_passing_failure(Pass::kSend, at(6s)));
  EXPECT_EQ(breaker.ask(at(7s)).pass, Pass::kWait);
  EXPECT_EQ(breaker.ask(at(7s)).again_at, at(8s));
  breaker.on_cancelled(Pass::kSend);
  EXPECT_EQ(breaker.ask(at(7s)).pass, Pass::kWait);
  EXPECT_TRUE(breaker.on_answered());
  EXPECT_FALSE(breaker.on_answered());
}

TEST(BreakerTest, ZeroNeverOpens) {
  Breaker breaker(0);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(breaker.on_passing_failure(Pass::kSend, at(5s)));
  EXPECT_EQ(breaker.ask(at(0s)).pass, Pass::kSend);
}

}  // namespace
}  // namespace millrace::pipeline
