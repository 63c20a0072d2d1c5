#include "metrics/latency_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "base/random.h"

namespace millrace::metrics {
namespace {

TEST(LatencyHistogramTest, EmptyIsZero) { EXPECT_EQ(LatencyHistogram().quantile(0.5), 0ns); }

TEST(LatencyHistogramTest, SmallValuesAreExact) {
  LatencyHistogram histogram;
  for (int64_t i = 1; i <= 100; ++i) histogram.record(Duration(i));
  EXPECT_EQ(histogram.quantile(0), 1ns);
  EXPECT_EQ(histogram.quantile(0.5), 50ns);
  EXPECT_EQ(histogram.quantile(0.99), 99ns);
  EXPECT_EQ(histogram.quantile(1), 100ns);
  EXPECT_EQ(histogram.count(), 100u);
}

TEST(LatencyHistogramTest, ExtremesHaveABucket) {
  LatencyHistogram histogram;
  histogram.record(-5ns);
  histogram.record(Duration(std::numeric_limits<int64_t>::max()));
  EXPECT_EQ(histogram.quantile(0.5), 0ns);
  EXPECT_EQ(histogram.quantile(1), Duration(std::numeric_limits<int64_t>::max()));
}

TEST(LatencyHistogramTest, QuantilesAreAtMostASixtyFourthAboveTheTruth) {
  Random random(7);
  std::vector<int64_t> values;
  LatencyHistogram histogram;
  for (int i = 0; i < 10000; ++i) {
    const auto value = static_cast<int64_t>(random.next() >> (2 + random.below(60)));
    values.push_back(value);
    histogram.record(Duration(value));
  }
  std::sort(values.begin(), values.end());
  for (const double quantile : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto index = static_cast<size_t>(quantile * 10000) - 1;
    const int64_t found = histogram.quantile(quantile).count();
    EXPECT_GE(found, values[index]) << quantile;
    EXPECT_LE(found, values[index] + values[index] / 64 + 1) << quantile;
  }
}

}  // namespace
}  // namespace millrace::metrics
