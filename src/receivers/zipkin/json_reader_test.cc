#include "receivers/zipkin/json_reader.h"

#include <gtest/gtest.h>

#include <string>

#include "memory/chunk_pool.h"
#include "otlp/json/syntax.h"

namespace millrace::receivers::zipkin {
namespace {

struct Reading {
  explicit Reading(std::string_view body) : text(body) {
    EXPECT_TRUE(arena.try_reserve(pool, text));
  }
  Budget budget{1 << 20};
  ChunkPool pool{budget, 0};
  Pace pace;
  Arena arena;
  std::string text;
  JsonReader reader{text, arena, pace};
};

TEST(ZipkinJsonReaderTest, ReadsMembersInTheirOrder) {
  Reading reading(R"( {"a" : "x", "b":[1,-2.5e3 , true,null],"c":{}} )");
  JsonReader& reader = reading.reader;
  std::string seen;
  ASSERT_TRUE(reader.enter('{'));
  for (std::string_view key; reader.next_member(&key);) {
    seen += key;
    std::string_view text;
    if (key == "a" && reader.read_string(&text)) seen += "=" + std::string(text) + " ";
    if (key == "b") ASSERT_TRUE(reader.skip_value());
    if (key == "c") ASSERT_TRUE(reader.skip_value());
  }
  EXPECT_EQ(seen, "a=x bc");
  EXPECT_TRUE(reader.at_end());
  EXPECT_FALSE(reader.failed());
}

TEST(ZipkinJsonReaderTest, EscapesAreDecoded) {
  Reading reading(R"("\"\\\/\b\f\n\r\té\ud83d\ude00x")");
  std::string_view text;
  ASSERT_TRUE(reading.reader.read_string(&text));
  EXPECT_EQ(text, "\"\\/\b\f\n\r\t\u00e9\U0001F600x");
}

// The exact grammar of otlp/json is the twin: both say the same of every text, and name the place.
TEST(ZipkinJsonReaderTest, AcceptsExactlyJson) {
  const std::string_view kCases[] = {"1",
                                     "-0",
                                     "01",
                                     "1.",
                                     ".5",
                                     "1e",
                                     "1e+5",
                                     "tru",
                                     "true",
                                     "nul",
                                     "\"a",
                                     "\"\\x\"",
                                     "\"\\u12\"",
                                     "\"\\ud800\"",
                                     "\"\\udc00\"",
                                     "\"\\ud800\\u0041\"",
                                     "[1,]",
                                     "[1 2]",
                                     "{\"a\"}",
                                     "{\"a\":}",
                                     "{a:1}",
                                     "{\"a\":1,}",
                                     "[[[]]]",
                                     "{}",
                                     "[",
                                     "]",
                                     "",
                                     " ",
                                     "\"\n\"",
                                     "\"\\\n\"",
                                     "[1]x",
                                     "{\"a\":1 \"b\":2}",
                                     "+1",
                                     "--1",
                                     "\"\\\"",
                                     "\"ab\\u0000\"",
                                     "truex"};
  for (const std::string_view text : kCases) {
    Reading reading(text);
    const bool accepted = reading.reader.skip_value() && reading.reader.at_end();
    const auto error = otlp::json::find_syntax_error(text);
    EXPECT_EQ(accepted, !error) << text;
    if (error) EXPECT_FALSE(reading.reader.failure().empty()) << text;
  }
}

TEST(ZipkinJsonReaderTest, NestingIsBounded) {
  const auto nested = [](size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  Reading deep(nested(JsonReader::kDepthMax));
  EXPECT_TRUE(deep.reader.skip_value());
  Reading deeper(nested(JsonReader::kDepthMax + 1));
  EXPECT_FALSE(deeper.reader.skip_value());
  EXPECT_EQ(deeper.reader.failure(), "nested too deep");
}

}  // namespace
}  // namespace millrace::receivers::zipkin
