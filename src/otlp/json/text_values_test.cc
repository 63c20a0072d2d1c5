#include "otlp/json/text_values.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace millrace::otlp::json {
namespace {

std::string decoded(std::string_view base64) {
  std::vector<uint8_t> bytes(base64_size_max(base64.size()));
  size_t size = 0;
  if (!parse_base64(base64, bytes.data(), &size)) return "bad";
  return std::string(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
}

TEST(TextValuesTest, Base64InEitherAlphabetWithOrWithoutPadding) {
  EXPECT_EQ(decoded(""), "");
  EXPECT_EQ(decoded("YQ=="), "a");
  EXPECT_EQ(decoded("YQ"), "a");
  EXPECT_EQ(decoded("YWI="), "ab");
  EXPECT_EQ(decoded("YWJj"), "abc");
  EXPECT_EQ(decoded("-_-_"), "\xFB\xFF\xBF");
  EXPECT_EQ(decoded("+/+/"), "\xFB\xFF\xBF");
  EXPECT_EQ(decoded("Y"), "bad");
  EXPECT_EQ(decoded("YW J"), "bad");
}

TEST(TextValuesTest, Base64RoundTripsEveryLength) {
  std::vector<uint8_t> bytes;
  for (int i = 0; i < 50; ++i) {
    std::string text;
    append_base64(bytes, &text);
    EXPECT_EQ(decoded(text), std::string(bytes.begin(), bytes.end()));
    bytes.push_back(static_cast<uint8_t>(i * 37));
  }
}

TEST(TextValuesTest, IntegersInEveryFormAreExact) {
  int64_t value = 0;
  EXPECT_TRUE(parse_int64("-9223372036854775808", &value) && value == INT64_MIN);
  EXPECT_TRUE(parse_int64("9223372036854775807.000", &value) && value == INT64_MAX);
  EXPECT_TRUE(parse_int64("1.5e3", &value) && value == 1500);
  EXPECT_TRUE(parse_int64("-120e-1", &value) && value == -12);
  EXPECT_TRUE(parse_int64("0e99", &value) && value == 0);
  EXPECT_TRUE(parse_int64("1234567890123456.789e3", &value) && value == 1234567890123456789);
  for (const std::string_view bad : {"", "-", "1.5", "9223372036854775808", "1e19", "1e999999999",
                                     "1e99999999999999999999", "abc", "1 ", " 1", "0x10", "1e"}) {
    EXPECT_FALSE(parse_int64(bad, &value)) << bad;
  }
  uint64_t natural = 0;
  EXPECT_TRUE(parse_uint64("18446744073709551615", &natural) && natural == UINT64_MAX);
  EXPECT_TRUE(parse_uint64("1.8446744073709551615e19", &natural) && natural == UINT64_MAX);
  EXPECT_FALSE(parse_uint64("18446744073709551616", &natural));
  EXPECT_FALSE(parse_uint64("-1", &natural));
}

TEST(TextValuesTest, DoublesReadBackTheSame) {
  for (const double value : {0.0, -0.0, 0.1, 1e300, -5e-324, 123456789.125}) {
    std::string text;
    append_double(value, &text);
    double again = 1;
    ASSERT_TRUE(parse_double(text, &again)) << text;
    EXPECT_EQ(std::signbit(again), std::signbit(value));
    EXPECT_EQ(again, value) << text;
  }
  double value = 0;
  EXPECT_TRUE(parse_double("NaN", &value) && std::isnan(value));
  EXPECT_TRUE(parse_double("-Infinity", &value) && value < 0 && std::isinf(value));
  for (const std::string_view bad : {"nan", "inf", "1e999", "", "0x1p3", "+1"}) {
    EXPECT_FALSE(parse_double(bad, &value)) << bad;
  }
}

}  // namespace
}  // namespace millrace::otlp::json
