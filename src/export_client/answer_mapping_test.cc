#include "export_client/answer_mapping.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace millrace::exporters {
namespace {

using Kind = pipeline::Outcome::Kind;
using transport::ClientAnswer;

ClientAnswer answered(Code code) {
  ClientAnswer answer;
  answer.code = code;
  return answer;
}

// OTLP specification, "Failures" of OTLP/gRPC: every code.
TEST(AnswerMappingTest, EveryGrpcCode) {
  const std::vector<std::pair<Code, Kind>> cases = {{Code::kOk, Kind::kDelivered},
                                                    {Code::kCancelled, Kind::kRetry},
                                                    {Code::kUnknown, Kind::kRefused},
                                                    {Code::kInvalidArgument, Kind::kBadData},
                                                    {Code::kDeadlineExceeded, Kind::kRetry},
                                                    {Code::kNotFound, Kind::kRefused},
                                                    {Code::kAlreadyExists, Kind::kRefused},
                                                    {Code::kPermissionDenied, Kind::kRefused},
                                                    {Code::kResourceExhausted, Kind::kRefused},
                                                    {Code::kFailedPrecondition, Kind::kRefused},
                                                    {Code::kAborted, Kind::kRetry},
                                                    {Code::kOutOfRange, Kind::kRetry},
                                                    {Code::kUnimplemented, Kind::kRefused},
                                                    {Code::kInternal, Kind::kRefused},
                                                    {Code::kUnavailable, Kind::kRetry},
                                                    {Code::kDataLoss, Kind::kRetry},
                                                    {Code::kUnauthenticated, Kind::kRefused}};
  for (const auto& [code, kind] : cases) {
    EXPECT_EQ(map_grpc_answer(answered(code), BareExhausted::kRefuse).kind, kind)
        << code_name(code);
  }
}

TEST(AnswerMappingTest, ResourceExhaustedDependsOnWhatElseIsSaid) {
  ClientAnswer answer = answered(Code::kResourceExhausted);
  EXPECT_EQ(map_grpc_answer(answer, BareExhausted::kRetry).kind, Kind::kRetry);
  answer.retry_after = 3s;
  const pipeline::Outcome later = map_grpc_answer(answer, BareExhausted::kRefuse);
  EXPECT_EQ(later.kind, Kind::kRetry);
  EXPECT_EQ(later.retry_after, Duration(3s));
  answer.retry_after.reset();
  answer.too_large = true;
  EXPECT_EQ(map_grpc_answer(answer, BareExhausted::kRetry).kind, Kind::kTooLarge);
}

TEST(AnswerMappingTest, EveryHttpStatus) {
  for (int status = 300; status < 600; ++status) {
    ClientAnswer answer = answered(Code::kUnknown);
    answer.http_status = status;
    answer.too_large = status == 413;
    Kind wanted = Kind::kRefused;
    if (status == 400) wanted = Kind::kBadData;
    if (status == 413) wanted = Kind::kTooLarge;
    if (status == 429 || status == 502 || status == 503 || status == 504) wanted = Kind::kRetry;
    EXPECT_EQ(map_http_answer(answer).kind, wanted) << status;
  }
  ClientAnswer answer = answered(Code::kOk);
  answer.http_status = 202;
  EXPECT_EQ(map_http_answer(answer).kind, Kind::kDelivered);
  answer.code = Code::kInternal;  // its body could not be read
  EXPECT_EQ(map_http_answer(answer).kind, Kind::kRefused);
}

TEST(AnswerMappingTest, NoAnswerIsRetried) {
  for (const ClientAnswer::Kind kind :
       {ClientAnswer::Kind::kNotSent, ClientAnswer::Kind::kBroken, ClientAnswer::Kind::kTimedOut}) {
    ClientAnswer answer = answered(Code::kInternal);
    answer.kind = kind;
    EXPECT_EQ(map_grpc_answer(answer, BareExhausted::kRefuse).kind, Kind::kRetry);
    EXPECT_EQ(map_http_answer(answer).kind, Kind::kRetry);
  }
  ClientAnswer cancelled = answered(Code::kCancelled);
  cancelled.kind = ClientAnswer::Kind::kCancelled;
  EXPECT_EQ(map_grpc_answer(cancelled, BareExhausted::kRefuse).kind, Kind::kCancelled);
}

TEST(AnswerMappingTest, APeerThatDoesNotTakeTheSignalGetsAHint) {
  ClientAnswer not_found = answered(Code::kUnimplemented);
  not_found.http_status = 404;
  EXPECT_TRUE(hint_of_closed_signal(not_found, Signal::kLogs).contains("none of its pipelines"));
  EXPECT_TRUE(hint_of_closed_signal(answered(Code::kUnimplemented), Signal::kLogs)
                  .contains("does not take logs"));
  EXPECT_EQ(hint_of_closed_signal(answered(Code::kInternal), Signal::kLogs), "");
  ClientAnswer broken = not_found;
  broken.kind = ClientAnswer::Kind::kBroken;
  EXPECT_EQ(hint_of_closed_signal(broken, Signal::kLogs), "");
}

TEST(AnswerMappingTest, RemoteWriteIsSentAgainAfterEvery5xx) {
  const auto kind_of = [](int status, HttpRules rules) {
    ClientAnswer answer = answered(Code::kUnknown);
    answer.http_status = status;
    return map_http_answer(answer, rules).kind;
  };
  for (const int status : {500, 501, 502, 503, 504, 599, 429}) {
    EXPECT_EQ(kind_of(status, HttpRules::kRemoteWrite), Kind::kRetry) << status;
  }
  EXPECT_EQ(kind_of(500, HttpRules::kOtlp), Kind::kRefused);
  EXPECT_EQ(kind_of(400, HttpRules::kRemoteWrite), Kind::kBadData);
  EXPECT_EQ(kind_of(422, HttpRules::kRemoteWrite), Kind::kRefused);
  // A success whose body could not be read.
  EXPECT_EQ(kind_of(200, HttpRules::kRemoteWrite), Kind::kDelivered);
  EXPECT_EQ(kind_of(200, HttpRules::kOtlp), Kind::kRefused);
}

}  // namespace
}  // namespace millrace::exporters
