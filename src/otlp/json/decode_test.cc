#include "otlp/json/decode.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "otlp/json/encode.h"
#include "wire/writer.h"

namespace millrace::otlp::json {
namespace {

using wire::Writer;

class DecodeTest : public testing::Test {
 protected:
  Result<Bytes> run(MessageId root, std::string_view json) {
    return decoder_.decode(root, Bytes::copy_of(json), pool_, 64 << 20);
  }
  // Returns the decoded bytes or the error.
  std::string decoded(MessageId root, std::string_view json) {
    const Result<Bytes> out = run(root, json);
    return out ? std::string(out->text()) : out.error().message;
  }
  Budget budget_{256 << 20};
  ChunkPool pool_{budget_, 2};
  Decoder decoder_;
};

std::string any_value(const auto& fill) {
  Writer writer;
  fill(writer);
  return writer.to_string();
}

TEST_F(DecodeTest, EveryFormOfAnAttributeValue) {
  const auto check = [&](std::string_view json, const auto& fill) {
    EXPECT_EQ(decoded(MessageId::kAnyValue, json), any_value(fill)) << json;
  };
  check(R"({"stringValue":"abc"})", [](Writer& w) { w.string_field(1, "abc"); });
  check(R"({"stringValue":""})", [](Writer& w) { w.string_field(1, ""); });
  check(R"({"string_value":"a\"\u00e9\n"})", [](Writer& w) { w.string_field(1, "a\"é\n"); });
  check(R"({"\u0073tringValue":"x"})", [](Writer& w) { w.string_field(1, "x"); });
  check(R"({"boolValue":false})", [](Writer& w) { w.varint_field(2, 0); });
  check(R"({"intValue":-5})", [](Writer& w) { w.varint_field(3, static_cast<uint64_t>(-5)); });
  check(R"({"intValue":"-5"})", [](Writer& w) { w.varint_field(3, static_cast<uint64_t>(-5)); });
  check(R"({"intValue":1.5e3 })", [](Writer& w) { w.varint_field(3, 1500); });
  check(R"({"intValue":"9223372036854775807"})", [](Writer& w) { w.varint_field(3, INT64_MAX); });
  check(R"({"doubleValue":1})", [](Writer& w) { w.double_field(4, 1); });
  check(R"({"doubleValue":"-2.5e1"})", [](Writer& w) { w.double_field(4, -25); });
  check(R"({"doubleValue":"Infinity"})",
        [](Writer& w) { w.double_field(4, std::numeric_limits<double>::infinity()); });
  check(R"({"arrayValue":{"values":[{},null,{"intValue":1}]}})", [](Writer& w) {
    const auto array = w.open(5);
    for (int i = 0; i < 2; ++i) w.close(w.open(1));
    const auto one = w.open(1);
    w.varint_field(3, 1);
    w.close(one);
    w.close(array);
  });
  check(R"({"kvlistValue":{"values":[{"key":"k","value":{"stringValue":"v"}}]}})", [](Writer& w) {
    const auto list = w.open(6);
    const auto pair = w.open(1);
    w.string_field(1, "k");
    const auto inner = w.open(2);
    w.string_field(1, "v");
    w.close(inner);
    w.close(pair);
    w.close(list);
  });
  check(R"({"bytesValue":"AP\/_"})", [](Writer& w) { w.string_field(7, {"\0\xFF\xFF", 3}); });
  check(R"({"stringValue":null})", [](Writer&) {});
  check(R"({"unknown":{"a":[1,"x",null,true,{}]},"intValue":7})",
        [](Writer& w) { w.varint_field(3, 7); });
}

TEST_F(DecodeTest, SpanWithEverything) {
  const std::string json = R"({
    "traceId": "5B8EFFF798038103d269b633813fc60c", "spanId": "EEE19B7EC3C1B174",
    "parentSpanId": "", "traceState": "a=b", "name": "n", "kind": "SPAN_KIND_SERVER",
    "startTimeUnixNano": "1544712660000000000", "endTimeUnixNano": 1544712661000000000,
    "attributes": [], "droppedAttributesCount": 0, "flags": 257,
    "events": [{"timeUnixNano": "1", "name": "e"}],
    "links": [{"traceId": "000102030405060708090a0b0c0d0e0f", "flags": 1}],
    "status": {"code": 2, "message": "m"}})";
  Writer w;
  w.string_field(1, "\x5B\x8E\xFF\xF7\x98\x03\x81\x03\xd2\x69\xb6\x33\x81\x3f\xc6\x0c");
  w.string_field(2, "\xEE\xE1\x9B\x7E\xC3\xC1\xB1\x74");
  w.string_field(3, "a=b");
  w.string_field(5, "n");
  w.varint_field(6, 2);
  w.fixed64_field(7, 1544712660000000000);
  w.fixed64_field(8, 1544712661000000000);
  w.fixed32_field(16, 257);
  const auto event = w.open(11);
  w.fixed64_field(1, 1);
  w.string_field(2, "e");
  w.close(event);
  const auto link = w.open(13);
  w.string_field(1, {"\0\1\2\3\4\5\6\7\x8\x9\xa\xb\xc\xd\xe\xf", 16});
  w.fixed32_field(6, 1);
  w.close(link);
  const auto status = w.open(15);
  w.varint_field(3, 2);
  w.string_field(2, "m");
  w.close(status);
  EXPECT_EQ(decoded(MessageId::kSpan, json), w.to_string());
}

TEST_F(DecodeTest, MetricPointsPackTheirNumbers) {
  Writer w;
  w.fixed64_field(4, 3);
  w.double_field(5, 0);  // optional: zero is written
  const auto counts = w.open(6);
  for (const uint64_t count : {1u, 2u}) w.raw_fixed64(count);
  w.close(counts);
  const auto bounds = w.open(7);
  w.raw_fixed64(std::bit_cast<uint64_t>(0.5));
  w.close(bounds);
  EXPECT_EQ(decoded(MessageId::kHistogramDataPoint,
                    R"({"count":"3","sum":0,"bucketCounts":["1",2],"explicitBounds":[0.5]})"),
            w.to_string());
  Writer e;
  e.sint_field(6, -3);
  const auto positive = e.open(8);
  e.sint_field(1, 2);
  const auto varints = e.open(2);
  e.raw_varint(300);
  e.close(varints);
  e.close(positive);
  EXPECT_EQ(decoded(MessageId::kExponentialHistogramDataPoint,
                    R"({"scale":-3,"zeroCount":0,"positive":{"offset":2,"bucketCounts":["300"]}})"),
            e.to_string());
  EXPECT_EQ(decoded(MessageId::kBuckets, R"({"bucketCounts":[]})"), "");
}

TEST_F(DecodeTest, DuplicateKeysMeanWhatTheyMeanInProtobuf) {
  Writer w;
  w.string_field(1, "a");
  w.string_field(1, "b");
  EXPECT_EQ(decoded(MessageId::kScope, R"({"name":"a","name":"b"})"), w.to_string());
}

struct Wrong {
  MessageId root;
  std::string_view json;
  std::string_view error;
};

TEST_F(DecodeTest, ErrorsNameThePlaceAndTheField) {
  const Wrong cases[] = {
      {MessageId::kTracesRequest,
       "{\"resourceSpans\":[{\"scopeSpans\":[{},\n {\"spans\":[{\"traceId\":\"abc\"}]}]}]}",
       "line 2, column 23: resourceSpans[0].scopeSpans[1].spans[0].traceId: expected 32 hex "
       "digits, found \"abc\""},
      {MessageId::kSpan, R"({"spanId":"000000000000000g"})",
       "line 1, column 11: spanId: expected 16 hex digits, found \"000000000000000g\""},
      {MessageId::kSpan, R"({"name":5})", "line 1, column 9: name: expected a string, found 5"},
      {MessageId::kSpan, R"({"status":[]})",
       "line 1, column 11: status: expected an object, found ["},
      {MessageId::kSpan, R"({"kind":"SERVER"})",
       "line 1, column 9: kind: expected a number or a name of this enum, found \"SERVER\""},
      {MessageId::kSpan, R"({"flags":4294967296})",
       "line 1, column 10: flags: expected a 32-bit integer without sign, found 4294967296"},
      {MessageId::kSpan, R"({"startTimeUnixNano":1.5})",
       "line 1, column 22: startTimeUnixNano: expected a 64-bit integer without sign, or its "
       "decimal string, found 1.5"},
      {MessageId::kAnyValue, R"({"boolValue":"true"})",
       "line 1, column 14: boolValue: expected true or false, found \"true\""},
      {MessageId::kAnyValue, R"({"bytesValue":"?"})",
       "line 1, column 15: bytesValue: expected base64, found \"?\""},
      {MessageId::kBuckets, R"({"bucketCounts":[1,null]})",
       "line 1, column 20: bucketCounts[1]: expected a 64-bit integer without sign, or its decimal "
       "string, found null"},
      {MessageId::kSpan, R"([])", "line 1, column 1: expected a JSON object"},
      {MessageId::kSpan, "", "malformed JSON: empty"},
      {MessageId::kSpan, "{\"attributes\":[],}",
       "line 1, column 18: malformed JSON: expected a key in double quotes"},
      {MessageId::kSpan, "{\"x\":[[],]}", "line 1, column 10: x: malformed JSON: expected a value"},
      {MessageId::kSpan, "{} {}", "line 1, column 4: malformed JSON: expected nothing more"},
      {MessageId::kSpan, "{\"name\":\"\xFF\"}", "line 1, column 10: malformed JSON: not UTF-8"},
      {MessageId::kSpan, "{\"x\":01}", "line 1, column 6: x: malformed JSON: malformed number"},
      {MessageId::kSpan, "{\"x\":[\"\\q\"]}",
       "line 1, column 8: x: malformed JSON: unknown escape"},
      {MessageId::kSpan, "{\"name\":\"a\"",
       "line 1, column 12: malformed JSON: the text ends too soon"},
  };
  for (const Wrong& wrong : cases) {
    const Result<Bytes> out = run(wrong.root, wrong.json);
    ASSERT_FALSE(out) << wrong.json;
    EXPECT_EQ(out.error().code, Code::kInvalidArgument);
    EXPECT_EQ(out.error().message, wrong.error) << wrong.json;
  }
}

// A lazy parser does not check skipped values, but they must be valid JSON.
TEST_F(DecodeTest, UnknownValuesAreCheckedToTheEnd) {
  for (const std::string_view bad :
       {"01",          "1.",   "-",     "tru",        "nul",      "falsey", "\"\\x\"",
        "\"\\ud800\"", "[1,]", "[1 2]", "{\"a\"}",    "{\"a\":}", "{a:1}",  "{\"\\q\":1}",
        "[[[]]",       "+1",   "1 2",   "{\"a\":1,}", "nullx",    "1e",     "\"a\"b"}) {
    const std::string json = "{\"unknown\":" + std::string(bad) + "}";
    EXPECT_FALSE(run(MessageId::kSpan, json)) << json;
  }
  for (const std::string_view good : {"1e999", "123456789012345678901234567890",
                                      "\"\\ud83d\\ude00\"", "[[],{},[null,true]]", "-0.0E-0"}) {
    const std::string json = "{\"unknown\":" + std::string(good) + ",\"name\":\"n\"}";
    EXPECT_EQ(decoded(MessageId::kSpan, json), "\x2a\x01n") << json;
  }
}

TEST_F(DecodeTest, CutAtEveryByteIsMalformed) {
  const std::string json =
      R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1","body":{"stringValue")"
      R"(:"a\u00e9"},"severityNumber":9,"x":[1.5e3,true,null]}]}]}]})";
  ASSERT_TRUE(run(MessageId::kLogsRequest, json));
  for (size_t size = 0; size < json.size(); ++size) {
    EXPECT_FALSE(run(MessageId::kLogsRequest, json.substr(0, size))) << json.substr(0, size);
  }
}

TEST_F(DecodeTest, DepthIsLimited) {
  const auto nested = [](int levels) {
    std::string json;
    for (int i = 0; i < levels; ++i) json += R"({"arrayValue":{"values":[)";
    for (int i = 0; i < levels; ++i) json += "]}}";
    return json;
  };
  EXPECT_TRUE(run(MessageId::kAnyValue, nested(50)));
  EXPECT_FALSE(run(MessageId::kAnyValue, nested(51)));
  EXPECT_FALSE(run(MessageId::kAnyValue, nested(100'000)));
  const std::string unknown = "{\"x\":" + std::string(101, '[') + std::string(101, ']') + "}";
  EXPECT_FALSE(run(MessageId::kAnyValue, unknown));
  EXPECT_FALSE(run(MessageId::kAnyValue, std::string(2'000'000, '[')));
}

TEST_F(DecodeTest, LargeTextGrowsTheOutputAndGivesItsParserBack) {
  std::string json = "{\"bucketCounts\":[1";
  for (int i = 0; i < 1'500'000; ++i) json += ",1";
  json += "]}";
  {
    const Result<Bytes> out = run(MessageId::kHistogramDataPoint, json);
    ASSERT_TRUE(out);
    EXPECT_EQ(out->size(), 1'500'001u * 8 + 5);
  }
  EXPECT_LE(budget_.used(), 2 * kPooledChunkBytes);
}

TEST_F(DecodeTest, TooLargeAndOutOfMemoryAreDistinguished) {
  std::string json = "{\"bucketCounts\":[1";
  for (int i = 0; i < 100'000; ++i) json += ",1";
  const Bytes text = Bytes::copy_of(json + "]}");
  const Result<Bytes> large = decoder_.decode(MessageId::kHistogramDataPoint, text, pool_, 700'000);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, Code::kResourceExhausted);
  Budget budget(8 << 20);
  ChunkPool pool(budget, 0);
  Decoder decoder;
  for (const size_t left : {size_t{0}, size_t{1 << 20}, size_t{5 << 18}, size_t{7 << 18}}) {
    const Reservation others =
        Reservation::try_make(budget, MemoryTerm::kMessages, budget.limit() - left);
    const Result<Bytes> refused =
        decoder.decode(MessageId::kHistogramDataPoint, text, pool, 64 << 20);
    ASSERT_FALSE(refused) << left;
    EXPECT_EQ(refused.error().code, Code::kUnavailable);
    EXPECT_TRUE(refused.error().message.starts_with("memory"));
    EXPECT_EQ(budget.used(), others.bytes()) << "nothing is kept that cannot be used";
  }
  EXPECT_TRUE(decoder.decode(MessageId::kHistogramDataPoint, text, pool, 64 << 20));
}

TEST_F(DecodeTest, TextsLargerThanTheBudgetAreRefusedPermanently) {
  std::string json = "{\"bucketCounts\":[1";
  for (int i = 0; i < 100'000; ++i) json += ",1";
  const Bytes text = Bytes::copy_of(json + "]}");
  // Text and parser take 1.3 MB, the first chunk half a MiB, the next one at least 0.64 MB.
  for (const size_t limit : {size_t{0}, size_t{1 << 20}, size_t{7 << 18}, size_t{9 << 18}}) {
    Budget small(limit);
    ChunkPool pool(small, 0);
    Decoder decoder;
    const Result<Bytes> refused =
        decoder.decode(MessageId::kHistogramDataPoint, text, pool, 64 << 20);
    ASSERT_FALSE(refused) << limit;
    EXPECT_EQ(refused.error().code, Code::kResourceExhausted) << limit;
    EXPECT_TRUE(refused.error().message.contains(std::to_string(limit))) << limit;
  }
}

TEST_F(DecodeTest, TheParserIsReservedInProportionToTheText) {
  Budget small(1 << 20);
  ChunkPool pool(small, 0);
  Decoder decoder;
  size_t before = 0;
  for (const size_t size : {10, 1'000, 3'000, 30'000, 60'000}) {
    const std::string json = "{\"name\":\"" + std::string(size, 'n') + "\"}";
    ASSERT_TRUE(decoder.decode(MessageId::kSpan, Bytes::copy_of(json), pool, 64 << 20)) << size;
    pool.trim();  // releases the rest of the output's chunk
    EXPECT_LE(small.used(), 32u << 10) << size;
    EXPECT_GE(small.used(), before) << "kept for the next one";
    before = small.used();
  }
}

TEST_F(DecodeTest, DecoderIsGoodAfterAFailure) {
  EXPECT_FALSE(run(MessageId::kSpan, "{\"name\":}"));
  EXPECT_EQ(decoded(MessageId::kSpan, "{\"name\":\"n\"}"), "\x2a\x01n");
}

}  // namespace
}  // namespace millrace::otlp::json
