#include "config/duration.h"

#include <gtest/gtest.h>

#include <utility>

namespace millrace::config {
namespace {

TEST(DurationTest, GoSyntaxIsRead) {
  const std::pair<const char*, std::optional<Duration>> kCases[] = {
      {"300ms", 300ms},
      {"1.5h", 90min},
      {"1m30s", 90s},
      {"0", 0s},
      {"0s", 0s},
      {".5s", 500ms},
      {"1.s", 1s},
      {"10us", 10us},
      {"10\xc2\xb5s", 10us},
      {"7ns", 7ns},
      {"-2s", -2s},
      {"+2s", 2s},
      {"1h2m3.004s", 1h + 2min + 3004ms},
      {"", std::nullopt},
      {"5", std::nullopt},
      {"s", std::nullopt},
      {".s", std::nullopt},
      {"5 s", std::nullopt},
      {"5d", std::nullopt},
      {"1s2", std::nullopt},
      {"-", std::nullopt},
      {"9999999999h", std::nullopt},
      {"99999999999999999999s", std::nullopt},
  };
  for (const auto& [text, expected] : kCases) EXPECT_EQ(parse_duration(text), expected) << text;
}

TEST(DurationTest, PrintedAsGoPrints) {
  EXPECT_EQ(to_text(0s), "0s");
  EXPECT_EQ(to_text(90s), "1m30s");
  EXPECT_EQ(to_text(1500ms), "1.5s");
  EXPECT_EQ(to_text(250ms), "250ms");
  EXPECT_EQ(to_text(1h), "1h0m0s");
  EXPECT_EQ(to_text(-2s), "-2s");
  EXPECT_EQ(to_text(1500ns), "1.5\xc2\xb5s");
}

TEST(DurationTest, FractionsAreRoundedDownAsInGo) {
  EXPECT_EQ(parse_duration("1.5ns"), 1ns);
  EXPECT_EQ(parse_duration("0.9999999999s"), 999'999'999ns);
  EXPECT_EQ(parse_duration("0.999999999999999999999h"), Duration(3'599'999'999'999));
}

TEST(DurationTest, TextReadsBackTheSame) {
  for (const Duration value : {Duration(1), Duration(123456789), Duration(3723004000000)}) {
    EXPECT_EQ(parse_duration(to_text(value)), value);
  }
}

}  // namespace
}  // namespace millrace::config
