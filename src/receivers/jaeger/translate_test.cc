// Behaviour of this receiver alone; golden_test.cc compares with otelcol what Jaeger's data
// becomes.
#include "receivers/jaeger/translate.h"

#include <gtest/gtest.h>

#include <string>

#include "otlp/admit.h"
#include "otlp/json/encode.h"
#include "receivers/jaeger/testing.h"

namespace millrace::receivers::jaeger {
namespace {

using namespace std::string_literals;
using testing::translate_text;

std::string field(char number, const std::string& content) {
  return std::string(1, static_cast<char>(number << 3 | 2)) + static_cast<char>(content.size()) +
         content;
}
std::string request(const std::string& batch) { return field(1, batch); }
std::string span(const std::string& fields) { return field(1, field(3, "n") + fields); }

std::string json_of(const std::string& body) {
  const auto translated = translate_text(Format::kProtobuf, body);
  EXPECT_TRUE(translated) << translated.error().message;
  std::string json;
  if (translated) {
    EXPECT_TRUE(otlp::json::encode_request(Signal::kTraces, translated->view(), &json));
  }
  return json;
}
Error error_of(Format format, const std::string& body, size_t bytes_max = 1 << 20,
               size_t budget_bytes = 64 << 20) {
  const auto translated = translate_text(format, body, bytes_max, budget_bytes);
  EXPECT_FALSE(translated);
  return translated ? Error{} : translated.error();
}

TEST(JaegerTranslateTest, AMistakeNamesSpanFieldAndByte) {
  const std::string body = request(span("") + span(field(2, "1234567")));
  EXPECT_EQ(error_of(Format::kProtobuf, body).message,
            "spans[1].span_id: expected 8 bytes (byte 12)");
}

TEST(JaegerTranslateTest, TextThatIsNotUtf8IsRefused) {
  EXPECT_TRUE(error_of(Format::kProtobuf, request(span(field(8, field(1, "\xff")))))
                  .message.contains("spans[0].tags: is not valid UTF-8"));
  EXPECT_EQ(error_of(Format::kThrift, "\x0c\0\1\x0b\0\1\0\0\0\1\xff\0\0"s).message,
            "process: is not valid UTF-8 (byte 6)");
}

TEST(JaegerTranslateTest, BytesNeedNotBeText) {
  const std::string tag = field(1, "k") + "\x10\4" + field(7, "\xff");
  EXPECT_TRUE(json_of(request(span(field(8, tag)))).contains("\"bytesValue\":\"/w==\""));
}

TEST(JaegerTranslateTest, ThriftTwiceGivenIsRefused) {
  const std::string process = "\x0c\0\1\x0b\0\1\0\0\0\1a\0"s;
  EXPECT_EQ(error_of(Format::kThrift, process + process + "\0"s).message,
            "process: is given twice (byte 12)");
}

TEST(JaegerTranslateTest, SpansInFrontOfTheirProcessHaveItAsTheirs) {
  std::string one;
  for (const char id : {'\1', '\2', '\3', '\4'}) one += "\x0a\0"s + id + "\0\0\0\0\0\0\0\7"s;
  one += "\x0b\0\5\0\0\0\1n\x08\0\7\0\0\0\0\x0a\0\x08\0\0\0\0\0\0\0\1\x0a\0\x09\0\0\0\0\0\0\0\1\0"s;
  const std::string process = "\x0c\0\1\x0b\0\1\0\0\0\4shop\0"s;
  const std::string spans = "\x0f\0\2\x0c\0\0\0\1"s + one;
  const auto first = translate_text(Format::kThrift, process + spans + "\0"s);
  const auto last = translate_text(Format::kThrift, spans + process + "\0"s);
  ASSERT_TRUE(first && last);
  EXPECT_EQ(first->text(), last->text());
}

TEST(JaegerTranslateTest, AScopeOfOneSpanKeepsTheResourceOfTheBatch) {
  const std::string scope = field(8, field(1, "otel.scope.name") + field(3, "lib"));
  const std::string process = field(2, field(1, "shop") + field(2, field(1, "a") + field(3, "b")) +
                                           field(2, field(1, "a") + field(3, "c")));
  const std::string json = json_of(request(span("") + span(scope) + process));
  EXPECT_EQ(json.find("\"resource\""), json.rfind("\"resource\"")) << json;
  EXPECT_TRUE(json.contains("\"name\":\"lib\""));
  EXPECT_TRUE(json.contains("\"stringValue\":\"c\""));
}

TEST(JaegerTranslateTest, TheLimitAndTheBudgetAreKept) {
  std::string spans;
  for (int i = 0; i < 2000; ++i) spans += span(field(8, field(1, "key") + field(3, "value")));
  std::string body = "\x0a";
  for (size_t left = spans.size(); left > 0; left >>= 7) {
    body += static_cast<char>((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
  }
  body += spans;
  EXPECT_EQ(error_of(Format::kProtobuf, body, 1000).code, Code::kResourceExhausted);
  EXPECT_EQ(error_of(Format::kProtobuf, body, 1 << 20, 100'000).code, Code::kResourceExhausted);
}

}  // namespace
}  // namespace millrace::receivers::jaeger
