#include "metrics/number_text.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace millrace::metrics {
namespace {

TEST(NumberTextTest, PrintsWhatGoPrints) {
  const struct {
    double value;
    const char* text;
  } kCases[] = {
      {0, "0"},
      {-0.0, "-0"},
      {1, "1"},
      {-1, "-1"},
      {42, "42"},
      {100000, "100000"},
      {999999, "999999"},
      {1000000, "1e+06"},
      {1234567, "1.234567e+06"},
      {123456789012, "1.23456789012e+11"},
      {9007199254740993.0, "9.007199254740992e+15"},
      {1e21, "1e+21"},
      {0.25, "0.25"},
      {0.1, "0.1"},
      {0.0001, "0.0001"},
      {-0.000123456789, "-0.000123456789"},
      {0.012345678901234567, "0.012345678901234567"},
      {123456.5, "123456.5"},
      {-99999.99999999999, "-99999.99999999999"},
      {1000000.5, "1.0000005e+06"},
      {-1234567, "-1.234567e+06"},
      {9007199254740991, "9.007199254740991e+15"},
      {-9e15, "-9e+15"},
      {0.00001, "1e-05"},
      {1.7976931348623157e308, "1.7976931348623157e+308"},
      {-2.2250738585072014e-308, "-2.2250738585072014e-308"},
      {std::numeric_limits<double>::infinity(), "+Inf"},
      {-std::numeric_limits<double>::infinity(), "-Inf"},
      {std::numeric_limits<double>::quiet_NaN(), "NaN"},
  };
  for (const auto& [value, expected] : kCases) {
    std::string text = "x ";
    append_number(text, value);
    EXPECT_EQ(text, std::string("x ") + expected);
  }
}

}  // namespace
}  // namespace millrace::metrics
