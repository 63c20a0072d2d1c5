#include "base/log_histogram.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

TEST(LogHistogramTest, ABucketIsAnEighthOfItsOctave) {
  for (uint64_t value = 0; value < 16; ++value) {
    EXPECT_EQ(LogHistogram::bucket_of(value), value);
    EXPECT_EQ(LogHistogram::value_of(value), static_cast<double>(value));
  }
  size_t last = 15;
  for (uint64_t value = 16; value < 1'000'000; ++value) {
    const size_t bucket = LogHistogram::bucket_of(value);
    ASSERT_TRUE(bucket == last || bucket == last + 1) << value;
    last = bucket;
    ASSERT_NEAR(LogHistogram::value_of(bucket) / static_cast<double>(value), 1, 1.0 / 16) << value;
  }
  EXPECT_EQ(LogHistogram::bucket_of(UINT64_MAX), LogHistogram::kBuckets - 1);
}

TEST(LogHistogramTest, QuantilesAreThoseOfTheValues) {
  LogHistogram histogram;
  EXPECT_FALSE(LogHistogram::quantile(histogram.counts(), 0.5));
  for (uint64_t value = 1; value <= 1000; ++value) histogram.record(value);
  EXPECT_NEAR(*LogHistogram::quantile(histogram.counts(), 0.5), 500, 32);
  EXPECT_NEAR(*LogHistogram::quantile(histogram.counts(), 0.99), 990, 62);
  LogHistogram one;
  one.record(7);
  EXPECT_EQ(*LogHistogram::quantile(one.counts(), 0.01), 7);
  EXPECT_EQ(*LogHistogram::quantile(one.counts(), 0.99), 7);
}

}  // namespace
}  // namespace millrace
