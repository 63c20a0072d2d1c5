// Beyond the goldens: messages about what is wrong, limits, and where spans with
// different resources go.
#include "receivers/zipkin/translate.h"

#include <gtest/gtest.h>

#include "otlp/admit.h"
#include "otlp/json/encode.h"
#include "receivers/zipkin/testing.h"

namespace millrace::receivers::zipkin {
namespace {

using testing::translate_text;

std::string error_of(Format format, std::string_view body) {
  const auto translated = translate_text(format, body);
  EXPECT_FALSE(translated) << body;
  if (translated) return "";
  EXPECT_EQ(translated.error().code, Code::kInvalidArgument);
  return translated.error().message;
}

std::string json_of(const Result<Bytes>& request) {
  EXPECT_TRUE(request) << request.error().message;
  std::string json;
  EXPECT_TRUE(otlp::json::encode_request(Signal::kTraces, request->view(), &json));
  return json;
}

TEST(ZipkinTranslateTest, MistakesInJsonNameTheirPlace) {
  const std::pair<std::string_view, std::string_view> kCases[] = {
      {"{}", "line 1, column 1: spans[0]: expected an array"},
      {"[{\"id\":\"1\"},\n {\"id\":\"zz\"}]",
       "line 2, column 8: spans[1].id: expected 1 to 16 hex digits"},
      {"[{\"traceId\":\"\",\"id\":\"1\"}]",
       "line 1, column 13: spans[0].traceId: expected 1 to 32 hex digits"},
      {"[{}]", "line 1, column 2: spans[0].id: is missing"},
      {"[{\"id\":\"1\",\"duration\":-1}]", "spans[0].duration: expected whole microseconds"},
      {"[{\"id\":\"1\",\"timestamp\":18446744073709552}]", "spans[0].timestamp: expected whole"},
      {"[{\"id\":\"1\",\"localEndpoint\":{\"ipv4\":\"x\"}}]",
       "spans[0].localEndpoint: expected an IP address"},
      {"[{\"id\":\"1\",\"tags\":{\"a\":1}}]", "spans[0].tags: expected a string"},
      {"[{\"id\":\"1\"", "the text ends too soon"},
      {"[{\"id\":\"1\",\"annotations\":[{\"timestamp\":1,\"value\":\"a|b|0\"}]}]",
       "spans[0]: has attributes that are no JSON object"},
      {"[\"\xff\"]", "the JSON is not valid UTF-8"},
  };
  for (const auto& [body, part] : kCases) {
    const std::string message = error_of(Format::kJson, body);
    EXPECT_TRUE(message.contains(part)) << message;
  }
}

// ListOfSpans { spans = 1 { … } }
std::string span_of(std::string_view fields) {
  return "\x0a" + std::string(1, static_cast<char>(fields.size())) + std::string(fields);
}
const std::string kIds =
    "\x0a\x10"
    "0123456789abcdef"
    "\x1a\x08"
    "01234567";

TEST(ZipkinTranslateTest, MistakesInProtobufNameTheirPlace) {
  const std::pair<std::string, std::string_view> kCases[] = {
      {span_of(kIds) + span_of("\x0a\x08"
                               "01234567"),
       "spans[1].trace_id: expected 16 bytes (byte 32)"},
      {span_of("\x0a\x10"
               "0123456789abcdef"),
       "spans[0].id: is missing"},
      {span_of(kIds + "\x12\x01x"), "spans[0].parent_id: expected 8 bytes"},
      {span_of(kIds + "\x2a\x01\xff"), "spans[0].name: is not valid UTF-8"},
      {span_of(kIds + "\x42\x03\x12\x01x"), "spans[0].local_endpoint: expected an IP address"},
      {span_of(kIds + "\x4a\x04\x20\x80\x80\x04"), "spans[0].remote_endpoint: expected a port"},
      {span_of(kIds + "\x2a\x09x"), "is malformed protobuf"},
      {"\x0a\x7f", "is malformed protobuf"},
  };
  for (const auto& [body, part] : kCases) {
    const std::string message = error_of(Format::kProtobuf, body);
    EXPECT_TRUE(message.contains(part)) << message;
  }
}

TEST(ZipkinTranslateTest, ProtobufScalarsAreTheLastAndMessagesMerge) {
  const std::string endpoint_a =
      "\x42\x03\x0a\x01"
      "a";
  const std::string endpoint_port = "\x42\x02\x20\x50";
  const std::string json = json_of(
      translate_text(Format::kProtobuf, span_of(kIds + "\x2a\x01x\x2a\x01y" + endpoint_a +
                                                endpoint_port + "\xa2\x06\x01u" + "\x20\x02")));
  EXPECT_TRUE(json.contains("\"name\":\"y\"")) << json;
  EXPECT_TRUE(json.contains("\"intValue\":\"80\"")) << json;
  EXPECT_TRUE(json.contains("\"stringValue\":\"a\"")) << json;
  EXPECT_TRUE(json.contains("\"kind\":2")) << json;
}

TEST(ZipkinTranslateTest, SpansWithOtherTagsOfTheResourceHaveAnotherResource) {
  const auto span = [](std::string_view id, std::string_view host) {
    return "{\"id\":\"" + std::string(id) +
           "\",\"localEndpoint\":{\"serviceName\":\"s\"},\"tags\":{\"host.name\":\"" +
           std::string(host) + "\"}}";
  };
  const std::string json = json_of(translate_text(
      Format::kJson, "[" + span("1", "a") + "," + span("2", "b") + "," + span("3", "a") + "]"));
  const size_t a = json.find("\"stringValue\":\"a\"");
  const size_t b = json.find("\"stringValue\":\"b\"");
  ASSERT_NE(a, std::string::npos);
  ASSERT_NE(b, std::string::npos);
  EXPECT_EQ(json.find("\"stringValue\":\"a\"", a + 1), std::string::npos) << json;
  // Spans 1 and 3 stand together, in the order of the body.
  EXPECT_LT(json.find("0000000000000001"), json.find("0000000000000003"));
  EXPECT_LT(json.find("0000000000000003"), b);
  EXPECT_GT(json.find("0000000000000002"), b);
}

TEST(ZipkinTranslateTest, WhatIsTooLargeOrHasNoMemoryIsToldApart) {
  const std::string body = "[{\"id\":\"1\",\"name\":\"" + std::string(1000, 'n') + "\"}]";
  const auto limited = translate_text(Format::kJson, body, false, 500);
  ASSERT_FALSE(limited);
  EXPECT_EQ(limited.error().code, Code::kResourceExhausted);
  const auto never = translate_text(Format::kJson, body, false, 1 << 20, 1000);
  ASSERT_FALSE(never);
  EXPECT_EQ(never.error().code, Code::kResourceExhausted);
}

TEST(ZipkinTranslateTest, WithoutMemoryNowTheSenderIsToldToComeBack) {
  Budget budget(64 << 20);
  const size_t others = budget.limit() - 1000;
  ASSERT_TRUE(budget.try_reserve(MemoryTerm::kMessages, others));
  {
    ChunkPool pool(budget, 0);
    Pace pace;
    Work work{pool, pace};
    for (const std::string_view body : {R"([{"id":"1"}])", R"([{"id":"1"}])"}) {
      const auto translated = translate(Format::kJson, Bytes::copy_of(body), false, work, 1 << 20);
      ASSERT_FALSE(translated);
      EXPECT_EQ(translated.error().code, Code::kUnavailable);
    }
  }
  EXPECT_EQ(budget.used(), others);
  budget.release(MemoryTerm::kMessages, others);
}

TEST(ZipkinTranslateTest, ManySpansAndTagsAreSorted) {
  std::string body = "[";
  for (int i = 1; i <= 500; ++i) {
    body += (i > 1 ? "," : "") + std::string("{\"id\":\"") + std::to_string(i) +
            "\",\"localEndpoint\":{\"serviceName\":\"s" + std::to_string(i * 7 % 13) +
            "\"},\"tags\":{";
    for (int t = 0; t < 40; ++t) {
      body += (t > 0 ? "," : "") + std::string("\"k") + std::to_string(t * 11 % 40) + "\":\"v\"";
    }
    body += "}}";
  }
  const auto translated = translate_text(Format::kJson, body + "]");
  ASSERT_TRUE(translated) << translated.error().message;
  const auto admitted = otlp::admit(Signal::kTraces, translated->view());
  ASSERT_TRUE(admitted);
  EXPECT_EQ(admitted->item_count, 500u);
}

}  // namespace
}  // namespace millrace::receivers::zipkin
