#include "otlp/json/encode.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "base/json_string.h"
#include "otlp/json/decode.h"
#include "wire/writer.h"

namespace millrace::otlp::json {
namespace {

using wire::Writer;

std::string encoded(MessageId root, std::span<const uint8_t> bytes, uint64_t dropped = 0) {
  std::string out;
  const Result<Encoded> result = encode(root, bytes, &out);
  if (!result) return result.error().message;
  EXPECT_EQ(result->dropped_field_count, dropped);
  return out;
}

// Each text decodes to bytes that encode to the same text.
TEST(EncodeTest, StrictTextsRoundTrip) {
  const std::pair<MessageId, std::string_view> cases[] = {
      {MessageId::kTracesRequest, "{}"},
      {MessageId::kTracesRequest,
       R"({"resourceSpans":[{"resource":{"attributes":[{"key":"k","value":{"stringValue":"v"}}]},)"
       R"("scopeSpans":[{"scope":{"name":"s"},"spans":[{"traceId":"5b8efff798038103d269b633813fc60c",)"
       R"("spanId":"eee19b7ec3c1b174","name":"n","kind":2,"startTimeUnixNano":"1544712660000000000",)"
       R"("status":{"code":1},"flags":257}]},{}]},{}]})"},
      {MessageId::kMetricsRequest,
       R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","sum":{"dataPoints":[)"
       R"({"asInt":"-5"},{"asDouble":0.1},{"asDouble":"NaN"}],"aggregationTemporality":2,)"
       R"("isMonotonic":true}},{"exponentialHistogram":{"dataPoints":[{"scale":-3,"positive":)"
       R"({"offset":-1,"bucketCounts":["1","18446744073709551615"]},"min":-0.5}]}}]}]}]})"},
      {MessageId::kLogsRequest,
       R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityNumber":9,"body":{"kvlistValue":)"
       R"({"values":[{"key":"a","value":{"arrayValue":{"values":[{"bytesValue":"AP//"},{},)"
       R"({"boolValue":false},{"intValue":"0"}]}}}]}},"eventName":"a\"\\\n\u0001é"}]}]}]})"},
      {MessageId::kProfilesRequest,
       R"({"resourceProfiles":[{"scopeProfiles":[{"profiles":[{"samples":[{"values":["1","2"],)"
       R"("timestampsUnixNano":["3"]}],"profileId":"000102030405060708090a0b0c0d0e0f"}]}]}],)"
       R"("dictionary":{"stringTable":["","x"]}})"},
      {MessageId::kTracesResponse,
       R"({"partialSuccess":{"rejectedSpans":"3","errorMessage":"no"}})"},
      {MessageId::kStatus, R"({"code":3,"message":"bad"})"},
  };
  Budget budget(64 << 20);
  ChunkPool pool(budget, 1);
  Decoder decoder;
  for (const auto& [root, json] : cases) {
    const Result<Bytes> bytes = decoder.decode(root, Bytes::copy_of(json), pool, 1 << 20);
    ASSERT_TRUE(bytes) << bytes.error().message;
    EXPECT_EQ(encoded(root, bytes->view()), json);
  }
}

TEST(EncodeTest, UnknownFieldsAndForeignWireTypesAreDroppedAndCounted) {
  Writer w;
  w.string_field(1, "name");
  w.varint_field(2, 5);  // version is a string
  w.varint_field(77, 1);
  EXPECT_EQ(encoded(MessageId::kScope, w.view(), 2), R"({"name":"name"})");
}

TEST(EncodeTest, ScatteredFieldsAreGatheredAsProtobufReadsThem) {
  Writer w;
  const auto link = [&](std::string_view state) {
    const auto mark = w.open(13);
    w.string_field(3, state);
    w.close(mark);
  };
  link("a");
  w.string_field(5, "first");
  link("b");
  w.string_field(5, "second");
  const auto one = w.open(15);
  w.string_field(2, "m");
  w.close(one);
  const auto two = w.open(15);
  w.varint_field(3, 1);
  w.close(two);
  EXPECT_EQ(encoded(MessageId::kSpan, w.view()),
            R"({"links":[{"traceState":"a"},{"traceState":"b"}],"name":"second",)"
            R"("status":{"message":"m","code":1}})");
}

TEST(EncodeTest, LastMemberOfAOneofWins) {
  Writer w;
  w.string_field(1, "a");
  w.varint_field(3, 5);
  EXPECT_EQ(encoded(MessageId::kAnyValue, w.view()), R"({"intValue":"5"})");
  w.string_field(1, "b");
  EXPECT_EQ(encoded(MessageId::kAnyValue, w.view()), R"({"stringValue":"b"})");
}

TEST(EncodeTest, PackedAndSingleNumbersJoin) {
  Writer w;
  w.fixed64_field(6, 1);
  const auto packed = w.open(6);
  w.raw_fixed64(2);
  w.raw_fixed64(3);
  w.close(packed);
  EXPECT_EQ(encoded(MessageId::kHistogramDataPoint, w.view()), R"({"bucketCounts":["1","2","3"]})");
}

// Every level is scattered: starting over on each would double the work a hundred times.
TEST(EncodeTest, ScatteredNestingCostsNoMoreThanItsSize) {
  std::string value;
  for (int i = 0; i < 45; ++i) {
    Writer w;
    const auto array = w.open(5);
    w.string_field(1, value);
    w.close(array);
    w.varint_field(3, 1);
    const auto last = w.open(5);
    w.string_field(1, value.substr(0, i < 5 ? value.size() : 0));
    w.string_field(1, value);
    w.close(last);
    value = w.to_string();
    if (value.size() > 10'000) break;
  }
  std::string out;
  EXPECT_TRUE(encode(MessageId::kAnyValue, as_span(value), &out));
}

TEST(EncodeTest, BytesThatAreNotProtobufLeaveTheOutputAlone) {
  std::string out = "before";
  const Result<Encoded> result = encode(MessageId::kSpan, as_span("\x0a\x05"), &out);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kInvalidArgument);
  EXPECT_EQ(out, "before");
}

struct TextOf final : TextSink {
  bool take(std::string_view stretch) override {
    EXPECT_LE(stretch.size(), 600'000u);
    text += stretch;
    return text.size() <= most;
  }
  std::string text;
  size_t most = SIZE_MAX;
};

// Texts, bytes and lists longer than a stretch, cut at any place.
TEST(EncodeTest, InStretchesItIsTheSameText) {
  Writer w;
  for (int i = 0; i < 3; ++i) {
    const auto resource = w.open(1);
    const auto scope = w.open(2);
    for (int k = 0; k < 2000; ++k) w.string_field(2, "\x10\x09");
    const auto record = w.open(2);
    std::string text;
    for (int k = 0; k < 30'000; ++k) text += "\x01 \u00e9\u20ac";
    const auto body = w.open(5);
    w.string_field(1, text);
    w.close(body);
    w.close(record);
    for (const auto& nested : {scope, resource}) w.close(nested);
  }
  const Bytes message = w.finish();
  std::string whole;
  ASSERT_TRUE(encode_request(Signal::kLogs, message.view(), &whole));
  Pace pace;
  TextOf sink;
  const Join join = [](const Rope& rope) { return rope.to_bytes(); };
  Rope pieces;
  for (size_t at = 0; at < message.size(); at += 1000) {
    pieces.append(message.slice(at, std::min<size_t>(1000, message.size() - at)));
  }
  ASSERT_TRUE(encode_request(Signal::kLogs, pieces, join, sink, pace));
  EXPECT_TRUE(sink.text == whole);
  TextOf small;
  small.most = 100'000;
  EXPECT_FALSE(encode_request(Signal::kLogs, pieces, join, small, pace));
  EXPECT_LT(small.text.size(), 300'000u);
}

TEST(EncodeTest, ALongTextIsEscapedLikeAShortOne) {
  std::string text;
  while (text.size() < 100'000) text += "plain \"\\\n\u20ac";
  Writer w;
  w.string_field(1, text);
  std::string expected = R"({"name":)";
  append_json_string(expected, text);
  expected += '}';
  EXPECT_TRUE(encoded(MessageId::kScope, w.view()) == expected);
}

TEST(EncodeTest, ASinkThatStoppedTheEncoderIsNotCalledAgain) {
  struct Refusing final : TextSink {
    bool take(std::string_view) override {
      ++calls;
      return false;
    }
    int calls = 0;
  };
  constexpr uint32_t kStringValue = 1;
  constexpr uint32_t kBytesValue = 7;
  for (const uint32_t value : {kStringValue, kBytesValue}) {
    Writer w;
    const auto resource = w.open(1);
    const auto scope = w.open(2);
    const auto record = w.open(2);
    const auto body = w.open(5);
    w.string_field(value, std::string(100'000, 'x'));
    for (const auto& nested : {body, record, scope, resource}) w.close(nested);
    Refusing sink;
    Pace pace;
    const Join join = [](const Rope& rope) { return rope.to_bytes(); };
    EXPECT_FALSE(encode_request(Signal::kLogs, Rope(w.finish()), join, sink, pace));
    EXPECT_EQ(sink.calls, 1) << value;
  }
}

// Merging copies, and the copies of all levels existed at once.
TEST(EncodeTest, PartsOfNestedMessagesAreNotCopiedManyTimes) {
  std::string inner = "\x0a\x01x";
  for (int level = 0; level < 40; ++level) {  // each array has two parts, so each is merged
    Writer w;
    const auto array = w.open(5);
    w.string_field(1, inner);
    for (int k = 0; k < 1500; ++k) w.varint_field(10, 0);
    w.close(array);
    w.string_field(5, "");
    inner = w.to_string();
  }
  std::string out;
  EXPECT_FALSE(encode(MessageId::kAnyValue, as_span(inner), &out));
}

}  // namespace
}  // namespace millrace::otlp::json
