#include "daemon/otlp_client/answers.h"

#include <gtest/gtest.h>

namespace millrace::load {
namespace {

using transport::ClientAnswer;

ClientAnswer of_code(Code code) {
  ClientAnswer answer;
  answer.code = code;
  return answer;
}

TEST(AnswersTest, RetryableAnswersOfOtlpAreRetryable) {
  for (const Code code : {Code::kCancelled, Code::kDeadlineExceeded, Code::kAborted,
                          Code::kOutOfRange, Code::kUnavailable, Code::kDataLoss}) {
    EXPECT_TRUE(is_retryable(of_code(code))) << code_name(code);
  }
  for (const Code code : {Code::kUnknown, Code::kInvalidArgument, Code::kPermissionDenied,
                          Code::kUnimplemented, Code::kInternal, Code::kResourceExhausted}) {
    EXPECT_FALSE(is_retryable(of_code(code))) << code_name(code);
  }
  ClientAnswer exhausted = of_code(Code::kResourceExhausted);
  exhausted.retry_after = 1s;
  EXPECT_TRUE(is_retryable(exhausted));
}

TEST(AnswersTest, OverHttpTheStatusDecides) {
  for (const int status : {429, 502, 503, 504}) {
    ClientAnswer answer = of_code(Code::kUnavailable);
    answer.http_status = status;
    EXPECT_TRUE(is_retryable(answer)) << status;
  }
  ClientAnswer answer = of_code(Code::kUnavailable);
  answer.http_status = 500;
  EXPECT_FALSE(is_retryable(answer));
}

TEST(AnswersTest, NoAnswerIsRetryableExceptAtTheEnd) {
  for (const auto kind :
       {ClientAnswer::Kind::kNotSent, ClientAnswer::Kind::kBroken, ClientAnswer::Kind::kTimedOut}) {
    ClientAnswer answer;
    answer.kind = kind;
    EXPECT_TRUE(is_retryable(answer));
    EXPECT_FALSE(is_ok(answer));
  }
  ClientAnswer cancelled;
  cancelled.kind = ClientAnswer::Kind::kCancelled;
  EXPECT_FALSE(is_retryable(cancelled));
}

TEST(AnswersTest, APartialSuccessIsRead) {
  ClientAnswer answer;
  answer.body = Bytes::copy_of(
      "\x0a\x07\x08\x05\x12\x03"
      "bad");
  EXPECT_EQ(rejected_count(answer), 5u);
  EXPECT_EQ(partial_message(answer), "bad");
  EXPECT_EQ(rejected_count(ClientAnswer{}), 0u);
}

}  // namespace
}  // namespace millrace::load
