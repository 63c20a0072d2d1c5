#include "processors/logdedup/time_text.h"

#include <gtest/gtest.h>

namespace millrace::processors::logdedup {
namespace {

WallTime at(int64_t seconds) { return WallTime(std::chrono::seconds(seconds)); }

TEST(TimeTextTest, UtcAndZonesEastAndWest) {
  EXPECT_EQ(time_text(at(0), nullptr), "1970-01-01T00:00:00Z");
  EXPECT_EQ(time_text(at(1'728'055'307) + 999ms, nullptr), "2024-10-04T15:21:47Z");
  EXPECT_EQ(time_text(at(-1), nullptr), "1969-12-31T23:59:59Z");
  const auto zone = [](const char* name) { return ottl::load_time_zone(name); };
  if (zone("America/New_York") == nullptr) GTEST_SKIP() << "no time zone database";
  EXPECT_EQ(time_text(at(1'728'055'307), zone("America/New_York")), "2024-10-04T11:21:47-04:00");
  EXPECT_EQ(time_text(at(1'728'055'307), zone("Asia/Kolkata")), "2024-10-04T20:51:47+05:30");
  EXPECT_EQ(time_text(at(1'728'055'307), zone("UTC")), "2024-10-04T15:21:47Z");
}

}  // namespace
}  // namespace millrace::processors::logdedup
