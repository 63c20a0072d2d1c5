#include "metric_streams/difference.h"

#include <gtest/gtest.h>

namespace millrace::metric_streams {
namespace {

TEST(DifferenceTest, NumbersThatFallAreAReset) {
  EXPECT_EQ(*difference(NumberValues{int64_t{3}}, NumberValues{int64_t{10}}),
            PointValues(NumberValues{int64_t{7}}));
  EXPECT_EQ(difference(NumberValues{int64_t{3}}, NumberValues{int64_t{2}}).error(),
            NoDifference::kReset);
  EXPECT_EQ(difference(NumberValues{1.5}, NumberValues{1.0}).error(), NoDifference::kReset);
}

TEST(DifferenceTest, HistogramsAreSubtractedByBucket) {
  const HistogramValues one{.count = 3, .sum = 4, .bounds = {1}, .counts = {1, 2}};
  const HistogramValues two{.count = 7, .sum = 10, .min = 1, .bounds = {1}, .counts = {2, 5}};
  EXPECT_EQ(std::get<HistogramValues>(*difference(one, two)),
            (HistogramValues{.count = 4, .sum = 6, .bounds = {1}, .counts = {1, 3}}));
  EXPECT_EQ(difference(two, one).error(), NoDifference::kReset);
  const HistogramValues fallen{.count = 8, .sum = 10, .bounds = {1}, .counts = {1, 7}};
  EXPECT_EQ(difference(two, fallen).error(), NoDifference::kReset);
  const HistogramValues other{.count = 9, .bounds = {2}, .counts = {2, 7}};
  EXPECT_EQ(difference(two, other).error(), NoDifference::kBucketMismatch);
}

TEST(DifferenceTest, ExponentialHistogramsMayCoarsen) {
  const ExponentialValues one{
      .count = 4, .sum = 4, .scale = 1, .zero_count = 1, .positive = {0, {1, 1, 1}}};
  const ExponentialValues two{
      .count = 9, .sum = 14, .scale = 0, .zero_count = 2, .positive = {0, {3, 4}}};
  EXPECT_EQ(std::get<ExponentialValues>(*difference(one, two)),
            (ExponentialValues{
                .count = 5, .sum = 10, .scale = 0, .zero_count = 1, .positive = {0, {1, 3}}}));
  EXPECT_EQ(difference(two, one).error(), NoDifference::kReset) << "the scale grows";
}

TEST(DifferenceTest, AWiderZeroBucketTakesOldBuckets) {
  const ExponentialValues one{.count = 3, .scale = 0, .positive = {0, {2, 1}}};
  const ExponentialValues two{
      .count = 5, .scale = 0, .zero_count = 3, .zero_threshold = 2, .positive = {1, {2}}};
  EXPECT_EQ(
      std::get<ExponentialValues>(*difference(one, two)),
      (ExponentialValues{
          .count = 2, .scale = 0, .zero_count = 1, .zero_threshold = 2, .positive = {1, {1}}}));
}

TEST(DifferenceTest, AVanishedBucketIsAReset) {
  const ExponentialValues one{.count = 3, .positive = {0, {2, 1}}};
  const ExponentialValues two{.count = 5, .positive = {1, {5}}};
  EXPECT_EQ(difference(one, two).error(), NoDifference::kReset);
}

}  // namespace
}  // namespace millrace::metric_streams
