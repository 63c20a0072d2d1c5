#include "yaml/scalar.h"

#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <utility>

namespace millrace::yaml {
namespace {

TEST(ScalarTest, IntegersAsGoWritesThem) {
  const std::pair<const char*, std::optional<int64_t>> kCases[] = {
      {"0", 0},
      {"-7", -7},
      {"+7", 7},
      {"1_000", 1000},
      {"0x1F", 31},
      {"0o17", 15},
      {"017", 15},
      {"0b101", 5},
      {"9223372036854775807", INT64_MAX},
      {"-9223372036854775808", INT64_MIN},
      {"9223372036854775808", std::nullopt},
      {"018", std::nullopt},
      {"1.0", std::nullopt},
      {"", std::nullopt},
      {"-", std::nullopt},
      {"0x", std::nullopt},
      {"_1", std::nullopt},
      {"5s", std::nullopt},
  };
  for (const auto& [text, expected] : kCases) EXPECT_EQ(to_integer(text), expected) << text;
}

TEST(ScalarTest, NumbersAsYamlWritesThem) {
  EXPECT_EQ(to_number("1.5"), 1.5);
  EXPECT_EQ(to_number("-.5"), -0.5);
  EXPECT_EQ(to_number("1e3"), 1000.0);
  EXPECT_EQ(to_number("12"), 12.0);
  EXPECT_TRUE(std::isinf(*to_number("-.inf")));
  EXPECT_TRUE(std::isnan(*to_number(".nan")));
  EXPECT_EQ(to_number("inf"), std::nullopt);
  EXPECT_EQ(to_number("nan"), std::nullopt);
  EXPECT_EQ(to_number("1.2.3"), std::nullopt);
}

TEST(ScalarTest, YesAndOnAreText) {
  EXPECT_EQ(to_boolean("true"), true);
  EXPECT_EQ(to_boolean("False"), false);
  for (const char* text : {"yes", "no", "on", "off", "y", "tRue", ""}) {
    EXPECT_EQ(to_boolean(text), std::nullopt) << text;
  }
}

TEST(ScalarTest, QuotedIsText) {
  Node node;
  node.kind = Node::Kind::kScalar;
  node.scalar = "5";
  EXPECT_EQ(to_integer(node), 5);
  node.quoted = true;
  EXPECT_EQ(to_integer(node), std::nullopt);
  EXPECT_TRUE(is_text(node));
}

}  // namespace
}  // namespace millrace::yaml
