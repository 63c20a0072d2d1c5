#include "transport/server/reply_mapping.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "http/grpc_wire.h"

namespace millrace::transport {
namespace {

Reply reply_of(Code code, std::string message = "m") {
  Reply reply;
  reply.code = code;
  reply.message = std::move(message);
  return reply;
}

TEST(ReplyMappingTest, EachCodeHasItsHttpStatus) {
  constexpr int kStatuses[] = {200, 503, 500, 400, 503, 500, 500, 403, 429,
                               500, 503, 503, 404, 500, 503, 503, 401};
  for (size_t code = 0; code < std::size(kStatuses); ++code) {
    EXPECT_EQ(http_status_of(static_cast<Code>(code)), kStatuses[code]) << code;
    const Reply reply = reply_of(static_cast<Code>(code));
    EXPECT_EQ(map_to_http(reply, Signal::kTraces, BodyFormat::kProtobuf).status, kStatuses[code]);
    EXPECT_EQ(map_to_grpc(reply).code, static_cast<Code>(code));
  }
}

TEST(ReplyMappingTest, SuccessLeavesPartialSuccessUnset) {
  const Reply reply;
  EXPECT_EQ(map_to_grpc(reply).body, "");
  EXPECT_EQ(map_to_http(reply, Signal::kTraces, BodyFormat::kProtobuf).body, "");
  const HttpReply json = map_to_http(reply, Signal::kTraces, BodyFormat::kJson);
  EXPECT_EQ(json.body, "{\"partialSuccess\":{}}");
  EXPECT_EQ(json.content_type, "application/json");
}

TEST(ReplyMappingTest, ATextOfABackEndThatIsNotUtf8IsRepaired) {
  Reply partial;
  partial.partial_message = "caf\xe9";
  const std::string repaired = "caf\xef\xbf\xbd";
  EXPECT_TRUE(map_to_grpc(partial).body.ends_with(repaired));
  for (const BodyFormat format : {BodyFormat::kProtobuf, BodyFormat::kJson}) {
    EXPECT_NE(map_to_http(partial, Signal::kTraces, format).body.find(repaired), std::string::npos);
    const Reply refused = reply_of(Code::kInvalidArgument, "caf\xe9");
    EXPECT_NE(map_to_http(refused, Signal::kTraces, format).body.find(repaired), std::string::npos);
  }
}

TEST(ReplyMappingTest, PartialSuccessNamesWhatWasRejected) {
  Reply reply;
  reply.rejected_count = 300;
  reply.partial_message = "bad";
  const std::string bytes(
      "\x0a\x08\x08\xac\x02\x12\x03"
      "bad",
      10);
  EXPECT_EQ(map_to_grpc(reply).body, bytes);
  EXPECT_EQ(map_to_http(reply, Signal::kLogs, BodyFormat::kProtobuf).body, bytes);
  const struct {
    Signal signal;
    std::string name;
  } kNames[] = {{Signal::kTraces, "rejectedSpans"},
                {Signal::kMetrics, "rejectedDataPoints"},
                {Signal::kLogs, "rejectedLogRecords"},
                {Signal::kProfiles, "rejectedProfiles"}};
  for (const auto& [signal, name] : kNames) {
    EXPECT_EQ(map_to_http(reply, signal, BodyFormat::kJson).body,
              "{\"partialSuccess\":{\"" + name + "\":\"300\",\"errorMessage\":\"bad\"}}");
  }
}

TEST(ReplyMappingTest, TooLargeIs413AndNeverSaysWhenToComeBack) {
  Reply reply = reply_of(Code::kResourceExhausted, "too large");
  reply.too_large = true;
  reply.retry_after = 1s;
  EXPECT_EQ(map_to_http(reply, Signal::kTraces, BodyFormat::kJson).status, 413);
  EXPECT_TRUE(map_to_http(reply, Signal::kTraces, BodyFormat::kJson).fields.empty());
  EXPECT_EQ(map_to_grpc(reply).code, Code::kResourceExhausted);
  EXPECT_EQ(map_to_grpc(reply).status_details_bin, "");
}

TEST(ReplyMappingTest, RetryAfterIsWholeSecondsRoundedUp) {
  Reply reply = reply_of(Code::kUnavailable);
  reply.retry_after = 1500ms;
  const HttpReply answer = map_to_http(reply, Signal::kTraces, BodyFormat::kProtobuf);
  ASSERT_EQ(answer.fields.size(), 1u);
  EXPECT_EQ(answer.fields[0].name, "retry-after");
  EXPECT_EQ(answer.fields[0].value, "2");
  const auto status = decode_rpc_status(as_span(answer.body));
  ASSERT_TRUE(status);
  EXPECT_EQ(status->retry_delay, 1500ms);
}

TEST(ReplyMappingTest, BadFieldsAreNamedInBadRequest) {
  Reply reply = reply_of(Code::kInvalidArgument, "bad id");
  reply.bad_field = "resource_spans[0]";
  const auto bytes = http::decode_base64(map_to_grpc(reply).status_details_bin);
  ASSERT_TRUE(bytes);
  EXPECT_EQ(decode_rpc_status(as_span(*bytes))->bad_field, "resource_spans[0]");
}

TEST(ReplyMappingTest, LongTextsAreCutAtAWholeCharacter) {
  std::string text(2047, 'a');
  text += "\xc3\xa9 and more";
  EXPECT_EQ(map_to_grpc(reply_of(Code::kInternal, text)).message, std::string(2047, 'a'));
}

}  // namespace
}  // namespace millrace::transport
