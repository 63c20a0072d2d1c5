#include "item_match/value.h"

#include <gtest/gtest.h>

#include "yaml/parse.h"

namespace millrace::item_match {
namespace {

std::string encoded(std::string_view yaml) { return encode_value(*yaml::parse(yaml, "a.yaml")); }

bool are_equal(std::string_view wanted, std::string_view value) {
  const std::string left = encoded(wanted);
  const std::string right = encoded(value);
  return equal_values(otlp::AnyValueView::read(as_span(left)),
                      otlp::AnyValueView::read(as_span(right)));
}

TEST(ValueTest, EqualInTypeAndContent) {
  EXPECT_TRUE(are_equal("1", "1"));
  EXPECT_FALSE(are_equal("1", "1.0"));
  EXPECT_FALSE(are_equal("1", "'1'"));
  EXPECT_FALSE(are_equal("true", "1"));
  EXPECT_TRUE(are_equal("[1, a]", "[1, a]"));
  EXPECT_FALSE(are_equal("[1, a]", "[a, 1]"));
  EXPECT_FALSE(are_equal("[1]", "[1, a]"));
}

TEST(ValueTest, OrderOfEntriesDoesNotMatter) {
  EXPECT_TRUE(are_equal("{a: 1, b: [x]}", "{b: [x], a: 1}"));
  EXPECT_FALSE(are_equal("{a: 1}", "{a: 1, b: 2}"));
  EXPECT_FALSE(are_equal("{a: 1, b: 2}", "{a: 1, c: 2}"));
  EXPECT_FALSE(are_equal("{a: 1}", "{a: 2}"));
}

TEST(ValueTest, Integers) {
  EXPECT_EQ(parse_integer("+5"), 5);
  EXPECT_EQ(parse_integer("-9223372036854775808"), INT64_MIN);
  for (const char* wrong : {"", "+", "+-5", " 5", "5 ", "5.0", "0x5", "9223372036854775808"}) {
    EXPECT_EQ(parse_integer(wrong), std::nullopt) << wrong;
  }
}

TEST(ValueTest, SeveritiesByNameAndNumber) {
  EXPECT_EQ(parse_severity("TRACE"), 1);
  EXPECT_EQ(parse_severity("info"), 9);
  EXPECT_EQ(parse_severity("Warn3"), 15);
  EXPECT_EQ(parse_severity("FATAL4"), 24);
  EXPECT_EQ(parse_severity("17"), 17);
  for (const char* wrong : {"", "0", "25", "INFO5", "INFO1", "INFORM"}) {
    EXPECT_EQ(parse_severity(wrong), std::nullopt) << wrong;
  }
}

}  // namespace
}  // namespace millrace::item_match
