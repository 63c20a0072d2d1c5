#include "otlp/json/syntax.h"

#include <gtest/gtest.h>

namespace millrace::otlp::json {
namespace {

TEST(SyntaxTest, GoodTexts) {
  for (const std::string_view text :
       {"{}", "[]", " { } ", "0", "-0.5e+3", "\"\"", "null", "[1,2]", "{\"a\":{\"b\":[{}]}}",
        "\"\\u00e9\\ud83d\\ude00\\n\"", "\"\xC3\xA9\"", "[true,false,null]"}) {
    EXPECT_FALSE(find_syntax_error(text)) << text;
  }
}

struct Bad {
  std::string_view text;
  size_t offset;
};

TEST(SyntaxTest, BadTextsAndWhere) {
  const Bad cases[] = {
      {"", 0},
      {"{", 1},
      {"}", 0},
      {"{]", 1},
      {"[1,]", 3},
      {"{\"a\"}", 4},
      {"{\"a\":}", 5},
      {"[1 2]", 3},
      {"01", 0},
      {"1.", 0},
      {"nul", 0},
      {"nullx", 4},
      {"\"abc", 4},
      {"\"\\x\"", 1},
      {"\"\\u12\"", 1},
      {"\"\xFF\"", 1},
      {"{\"a\":1,}", 7},
      {"{a:1}", 1},
      {"[1] x", 4},
      {"\"\t\"", 1},
      {"\"\\ud800\"", 1},
      {"\"\\udc00\"", 1},
      {"+1", 0},
      {"[[[", 3},
      {"{\"a\":1 \"b\":2}", 7},
      // A comma behind an empty container must not end the array.
      {"[{},]", 4},
      {"{\"a\":[],}", 8},
      {"[[],]", 4},
      {"[[[]],]", 6},
  };
  for (const Bad& bad : cases) {
    const std::optional<SyntaxError> found = find_syntax_error(bad.text);
    ASSERT_TRUE(found) << bad.text;
    EXPECT_EQ(found->offset, bad.offset) << bad.text << ": " << found->what;
  }
}

TEST(SyntaxTest, DeepNestingDoesNotRecurse) {
  const std::string deep = std::string(1'000'000, '[') + std::string(1'000'000, ']');
  EXPECT_FALSE(find_syntax_error(deep));
}

TEST(SyntaxTest, PlacesCountFromOne) {
  EXPECT_EQ(locate("ab\ncd", 0).to_text(), "line 1, column 1");
  EXPECT_EQ(locate("ab\ncd", 2).to_text(), "line 1, column 3");
  EXPECT_EQ(locate("ab\ncd", 4).to_text(), "line 2, column 2");
}

}  // namespace
}  // namespace millrace::otlp::json
