#include "destination/health_record.h"

#include <gtest/gtest.h>

namespace millrace::pipeline {
namespace {

constexpr MonotonicTime at(Duration since_start) { return MonotonicTime{} + since_start; }
constexpr WallTime kWall = WallTime{} + 1h;

TEST(HealthRecordTest, CountsFailuresInARow) {
  HealthRecord record;
  record.note_failure("refused", kWall);
  record.note_failure("timed out", kWall);
  EXPECT_TRUE(record.is_failing());
  EXPECT_EQ(record.snapshot().consecutive_failures, 2u);
  EXPECT_EQ(record.snapshot().last_answer, "timed out");
  record.note_success(at(1s), kWall);
  EXPECT_FALSE(record.is_failing());
  EXPECT_EQ(record.snapshot().last_answer, "OK");
  EXPECT_EQ(record.snapshot().last_success, at(1s));
}

TEST(HealthRecordTest, OneFailureInTenSecondsIsWorthALine) {
  HealthRecord record;
  EXPECT_TRUE(record.is_failure_worth_a_line(at(100s)));
  EXPECT_FALSE(record.is_failure_worth_a_line(at(109s)));
  EXPECT_TRUE(record.is_failure_worth_a_line(at(110s)));
}

TEST(HealthRecordTest, EndOfFailuresIsWorthALineWhenTheyWereLogged) {
  HealthRecord record;
  record.note_failure("refused", kWall);
  EXPECT_FALSE(record.note_success(at(1s), kWall)) << "the log said nothing of it";
  record.note_failure("refused", kWall);
  ASSERT_TRUE(record.is_failure_worth_a_line(at(2s)));
  EXPECT_TRUE(record.note_success(at(3s), kWall));
  EXPECT_FALSE(record.note_success(at(4s), kWall));
}

}  // namespace
}  // namespace millrace::pipeline
