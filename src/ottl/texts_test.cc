// The small texts that functions read and write, where the recorded cases of otelcol do not reach.
#include <gtest/gtest.h>

#include <string>

#include "ottl/format_text.h"
#include "ottl/glob.h"
#include "ottl/text_encoding.h"
#include "ottl/text_reader.h"
#include "ottl/time_text.h"
#include "ottl/time_zone.h"
#include "ottl/zone_rule.h"

namespace millrace::ottl {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

TEST(TimeZoneTest, ARuleSaysWhenClocksChangeBehindTheList) {
  const auto rule = parse_zone_rule("CET-1CEST,M3.5.0,M10.5.0/3");
  ASSERT_TRUE(rule.has_value());
  EXPECT_EQ(rule->standard_offset, 3'600);
  EXPECT_EQ(rule->summer_offset, 7'200);
  EXPECT_EQ(rule->to_summer.unix_seconds(2024, rule->standard_offset), 1'711'846'800);
  EXPECT_EQ(rule->to_standard.unix_seconds(2024, rule->summer_offset), 1'729'990'800);
  EXPECT_FALSE(parse_zone_rule("<+0330>-3:30"));
  EXPECT_FALSE(parse_zone_rule("EST5EDT,J60,J300"));
  EXPECT_FALSE(parse_zone_rule("CET-1CEST,M13.1.0,M1.1.0"));
}

TEST(TimeZoneTest, AFileWithoutChangesFollowsItsRule) {
  // Version 2, one type (standard time of New York), no change, and the rule.
  const std::string counts("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4", 24);
  const std::string header = "TZif2" + std::string(15, '\0') + counts;
  const std::string type("\xff\xff\xb9\xb0\0\0EST\0", 10);
  const std::string file = header + type + header + type + "\nEST5EDT,M3.2.0,M11.1.0\n";
  const auto zone = TimeZone::parse(file);
  ASSERT_NE(zone, nullptr);
  EXPECT_EQ(zone->offset_at(1'705'000'000), -5 * 3'600);  // January 2024
  EXPECT_EQ(zone->offset_at(1'720'000'000), -4 * 3'600);  // July 2024
  EXPECT_EQ(zone->offset_at(4'086'000'000), -4 * 3'600);  // June 2099
}

TEST(TimeZoneTest, EveryCutOfAFileIsRefusedOrRead) {
  const std::string header = "TZif2" + std::string(39, '\0');
  for (size_t size = 0; size < header.size(); size++) {
    EXPECT_EQ(TimeZone::parse(header.substr(0, size)), nullptr);
  }
}

TEST(TimeZoneTest, NamesDoNotLeaveTheDatabase) {
  EXPECT_EQ(load_time_zone("../../../etc/passwd"), nullptr);
  EXPECT_EQ(load_time_zone("/etc/localtime"), nullptr);
  EXPECT_EQ(load_time_zone("Europe/Nowhere"), nullptr);
  EXPECT_NE(load_time_zone("UTC"), nullptr);
}

TEST(TimeTextTest, ATimeWithoutAYearIsThisYearOrTheLast) {
  const TimeFormat format("%b %d %H:%M:%S");
  const int64_t now = 1'704'153'600 * kSecond;  // 2024-01-02
  EXPECT_EQ(format.parse("Jan 05 00:00:00", now)->unix_nano, 1'704'412'800 * kSecond);
  EXPECT_EQ(format.parse("Dec 31 00:00:00", now)->unix_nano, 1'703'980'800 * kSecond);
}

TEST(GlobTest, TranslatesToAnExpressionOverTheWholeText) {
  EXPECT_EQ(glob_to_regex("a.*?").value(), "(?s)a\\..*.");
  EXPECT_EQ(glob_to_regex("{a,b*}").value(), "(?s)(?:a|b.*)");
  EXPECT_FALSE(glob_to_regex("[a").has_value());
  EXPECT_FALSE(glob_to_regex("[]").has_value());
  EXPECT_FALSE(glob_to_regex(std::string(100, '{')).has_value());
}

// As in Go, a precision makes the zeros, and the width spaces.
TEST(FormatTextTest, AnIntegerWithAPrecisionIsPaddedWithSpaces) {
  const std::vector<Value> five = {Value::of_int(5)};
  EXPECT_EQ(format_text("%8.3d", five).value(), "     005");
  EXPECT_EQ(format_text("%08.3d", five).value(), "     005");
  EXPECT_EQ(format_text("%08d", five).value(), "00000005");
}

TEST(TextEncodingTest, RawBytesStayAsTheyAre) {
  EXPECT_EQ(decode_text("a\xff", "nop"), "a\xff");
  EXPECT_EQ(decode_text("a\xff", "utf-8"), "a\uFFFD");
  EXPECT_EQ(decode_text("a\xff", "latin1"), "a\u00ff");
}

TEST(CsvTest, ARowWithTooManyFieldsEndsEarly) {
  EXPECT_FALSE(split_csv(std::string(1'000'000, ','), ",", CsvQuotes::kStrict, 3));
  EXPECT_EQ(split_csv("a,b", ",", CsvQuotes::kStrict, 2)->size(), 2u);
}

}  // namespace
}  // namespace millrace::ottl
