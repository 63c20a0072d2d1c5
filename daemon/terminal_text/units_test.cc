#include "daemon/terminal_text/units.h"

#include <gtest/gtest.h>

namespace millrace::terminal_text {
namespace {

TEST(UnitsTest, Counts) {
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(1'000), "1,000");
  EXPECT_EQ(count_text(1'234'567), "1,234,567");
}

TEST(UnitsTest, ShortCountsHaveThreeDigits) {
  EXPECT_EQ(short_count_text(0), "0");
  EXPECT_EQ(short_count_text(0.25), "0.2");
  EXPECT_EQ(short_count_text(12.4), "12");
  EXPECT_EQ(short_count_text(999.4), "999");
  EXPECT_EQ(short_count_text(999.5), "1.00k");
  EXPECT_EQ(short_count_text(12'345), "12.3k");
  EXPECT_EQ(short_count_text(4.56e6), "4.56M");
  EXPECT_EQ(short_count_text(1e15), "1000T");
}

TEST(UnitsTest, Bytes) {
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(1023), "1023 B");
  EXPECT_EQ(bytes_text(1536), "1.50 KiB");
  EXPECT_EQ(bytes_text(64 << 20), "64 MiB");
}

TEST(UnitsTest, Spans) {
  EXPECT_EQ(span_text(-1), "0 s");
  EXPECT_EQ(span_text(0.25), "250 ms");
  EXPECT_EQ(span_text(12.3), "12 s");
  EXPECT_EQ(span_text(59.6), "1 min 0 s");
  EXPECT_EQ(span_text(7'500), "2 h 5 min");
  EXPECT_EQ(span_text(200'000), "2 d 7 h");
  EXPECT_EQ(span_text(1e300), "11574 d 1 h");
}

TEST(UnitsTest, ClocksHaveMilliseconds) {
  const std::string text = clock_text(1'700'000'000'123'456'789);
  EXPECT_EQ(text.size(), 12u);
  EXPECT_TRUE(text.ends_with(".123")) << text;
  EXPECT_EQ(clock_text(~uint64_t{0}).size(), 12u);
}

}  // namespace
}  // namespace millrace::terminal_text
