#include "destination/verdicts.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::pipeline {
namespace {

const std::string kName = "otlp/a";

TEST(VerdictsTest, SayWhetherTheSenderShouldSendAgain) {
  const Error error{Code::kUnavailable, "no"};
  const struct {
    Verdict verdict;
    Code code;
    const char* message;
    std::optional<Duration> retry_after;
  } cases[] = {
      {full_queue_verdict(kName, 3s), Code::kUnavailable, "otlp/a: sending queue is full", 3s},
      {above_capacity_verdict(kName, 100),
       Code::kInvalidArgument,
       "otlp/a: the request is larger than the whole sending queue (100)",
       {}},
      {dropped_oldest_verdict(kName), Code::kUnavailable,
       "otlp/a: dropped to make room for newer data", 1s},
      {age_limit_verdict(kName), Code::kUnavailable,
       "otlp/a: waited longer than the queue's age limit", 1s},
      {too_large_verdict(kName, error),
       Code::kInvalidArgument,
       "otlp/a: too large for the destination: no",
       {}},
      {bad_data_verdict(kName, error),
       Code::kInvalidArgument,
       "otlp/a refused as bad data: no",
       {}},
      {not_retried_verdict(kName, "away", 2s), Code::kUnavailable, "otlp/a: away", 2s},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(one.verdict.message, one.message);
    EXPECT_EQ(one.verdict.code, one.code) << one.message;
    EXPECT_EQ(one.verdict.retry_after, one.retry_after) << one.message;
    EXPECT_EQ(one.verdict.exceeds_queue, one.verdict.message.ends_with("(100)"));
  }
}

TEST(VerdictsTest, AFinalRefusalKeepsTheCodeOfTheBackEndUnlessThatAsksForARetry) {
  const Verdict verdict = refused_verdict(kName, {Code::kUnauthenticated, "no key"});
  EXPECT_EQ(verdict.code, Code::kUnauthenticated);
  EXPECT_EQ(verdict.message, "otlp/a refused: no key");
  EXPECT_EQ(verdict.retry_after, std::nullopt);
  EXPECT_EQ(refused_verdict(kName, {Code::kUnavailable, "away"}).code, Code::kInternal);
}

}  // namespace
}  // namespace millrace::pipeline
