#include "otlp/json/number_text.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <limits>

namespace millrace::otlp::json {
namespace {

std::string text_of(Kind kind, uint64_t bits) {
  std::string text = "x";
  append_number(kind, bits, &text);
  return text.substr(1);
}

TEST(NumberTextTest, IntegersOf32BitsAreNumbers) {
  EXPECT_EQ(text_of(Kind::kInt32, UINT64_MAX), "-1");
  EXPECT_EQ(text_of(Kind::kInt32, uint64_t{1} << 31), "-2147483648");
  EXPECT_EQ(text_of(Kind::kSint32, 1), "-1");
  EXPECT_EQ(text_of(Kind::kSint32, UINT32_MAX), "-2147483648");
  EXPECT_EQ(text_of(Kind::kUint32, UINT32_MAX), "4294967295");
  EXPECT_EQ(text_of(Kind::kFixed32, 7), "7");
  EXPECT_EQ(text_of(Kind::kEnum, 2), "2");
}

TEST(NumberTextTest, IntegersOf64BitsAreStrings) {
  EXPECT_EQ(text_of(Kind::kInt64, UINT64_MAX), "\"-1\"");
  EXPECT_EQ(text_of(Kind::kSfixed64, uint64_t{1} << 63), "\"-9223372036854775808\"");
  EXPECT_EQ(text_of(Kind::kUint64, UINT64_MAX), "\"18446744073709551615\"");
  EXPECT_EQ(text_of(Kind::kFixed64, 0), "\"0\"");
}

TEST(NumberTextTest, BooleansAndDoublesHaveTheirWords) {
  EXPECT_EQ(text_of(Kind::kBool, 0), "false");
  EXPECT_EQ(text_of(Kind::kBool, 2), "true");
  EXPECT_EQ(text_of(Kind::kDouble, std::bit_cast<uint64_t>(0.5)), "0.5");
  EXPECT_EQ(
      text_of(Kind::kDouble, std::bit_cast<uint64_t>(-std::numeric_limits<double>::infinity())),
      "\"-Infinity\"");
}

}  // namespace
}  // namespace millrace::otlp::json
