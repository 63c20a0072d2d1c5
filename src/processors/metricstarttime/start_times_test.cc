#include "processors/metricstarttime/start_times.h"

#include <gtest/gtest.h>

namespace millrace::processors::metricstarttime {
namespace {

using metric_streams::ExponentialValues;
using metric_streams::HistogramValues;
using metric_streams::NumberValues;
using metric_streams::PointValues;

constexpr uint64_t kMs = 1'000'000;

class Stream {
 public:
  explicit Stream(Strategy strategy) : strategy_(strategy) {}
  Start add(uint64_t time_ms, PointValues values, bool has_no_value = false) {
    Point point{.time = time_ms * kMs, .has_no_value = has_no_value, .values = std::move(values)};
    const Start start = start_of(strategy_, 7 * kMs, is_new_, point, state_);
    is_new_ = false;
    left = std::move(point.values);
    return start;
  }
  uint64_t start_ms(uint64_t time_ms, PointValues values) {
    return add(time_ms, std::move(values)).start / kMs;
  }
  PointValues left;

 private:
  const Strategy strategy_;
  bool is_new_ = true;
  StreamState state_;
};

NumberValues number(int64_t value) { return {value}; }
HistogramValues histogram(uint64_t low, uint64_t high, double sum) {
  return {.count = low + high, .sum = sum, .bounds = {1}, .counts = {low, high}};
}

TEST(StartTimesTest, TheFirstPointStartsAtItsTime) {
  Stream stream(Strategy::kTrueResetPoint);
  EXPECT_EQ(stream.start_ms(10, number(5)), 10u);
  EXPECT_EQ(stream.start_ms(20, number(8)), 10u);
  EXPECT_EQ(stream.start_ms(30, number(3)), 29u) << "a reset";
  EXPECT_EQ(stream.start_ms(40, number(3)), 29u);
  EXPECT_EQ(stream.add(50, number(0), true).start, 29 * kMs) << "no value";
  EXPECT_EQ(stream.start_ms(60, number(4)), 29u);
}

TEST(StartTimesTest, HistogramsBeginAnewWhenAnythingFalls) {
  Stream stream(Strategy::kTrueResetPoint);
  EXPECT_EQ(stream.start_ms(10, histogram(1, 2, 5)), 10u);
  EXPECT_EQ(stream.start_ms(20, histogram(2, 2, 6)), 10u);
  EXPECT_EQ(stream.start_ms(30, histogram(3, 1, 7)), 29u) << "a bucket fell";
  EXPECT_EQ(stream.start_ms(40, histogram(3, 1, 6)), 39u) << "the sum fell";
  EXPECT_EQ(
      stream.start_ms(50, HistogramValues{.count = 9, .sum = 9, .bounds = {2}, .counts = {4, 5}}),
      49u)
      << "other bounds";
}

// Both are what a growing histogram does, and no reset.
TEST(StartTimesTest, ExponentialHistogramsMayGrow) {
  Stream stream(Strategy::kTrueResetPoint);
  const ExponentialValues one{.count = 2, .scale = 1, .positive = {.offset = 4, .counts = {2}}};
  const ExponentialValues more{.count = 3, .scale = 1, .positive = {.offset = 4, .counts = {2, 1}}};
  const ExponentialValues coarser{.count = 4, .scale = 0, .positive = {.offset = 2, .counts = {4}}};
  EXPECT_EQ(stream.start_ms(10, one), 10u);
  EXPECT_EQ(stream.start_ms(20, more), 10u);
  EXPECT_EQ(stream.start_ms(30, coarser), 10u);
  EXPECT_EQ(stream.start_ms(40, one), 39u);
}

TEST(StartTimesTest, TheInitialPointIsSubtracted) {
  Stream stream(Strategy::kSubtractInitialPoint);
  EXPECT_TRUE(stream.add(10, number(5)).is_removed);
  EXPECT_TRUE(stream.add(10, number(5)).is_removed) << "sent again";
  EXPECT_EQ(stream.start_ms(20, number(8)), 10u);
  EXPECT_EQ(stream.left, PointValues(number(3)));
  EXPECT_EQ(stream.start_ms(30, number(2)), 29u) << "a reset";
  EXPECT_EQ(stream.left, PointValues(number(2)));
  EXPECT_EQ(stream.start_ms(40, number(9)), 29u);
  EXPECT_EQ(stream.left, PointValues(number(9))) << "nothing is subtracted any more";
}

TEST(StartTimesTest, HistogramsAreSubtractedWithTheirSum) {
  Stream stream(Strategy::kSubtractInitialPoint);
  EXPECT_TRUE(stream.add(10, histogram(1, 2, 5)).is_removed);
  HistogramValues later = histogram(4, 2, 11);
  later.min = 0.5;
  EXPECT_TRUE(stream.add(20, later).has_new_values);
  HistogramValues left = histogram(3, 0, 6);
  left.min = 0.5;
  EXPECT_EQ(stream.left, PointValues(left));
}

TEST(StartTimesTest, AMetricGivesTheStart) {
  Stream stream(Strategy::kStartTimeMetric);
  EXPECT_EQ(stream.start_ms(10, number(5)), 7u);
  EXPECT_EQ(stream.start_ms(20, number(6)), 7u);
  EXPECT_EQ(stream.start_ms(30, number(1)), 29u);
}

}  // namespace
}  // namespace millrace::processors::metricstarttime
