#include "processors/deltatocumulative/accumulation.h"

#include <gtest/gtest.h>

namespace millrace::processors::deltatocumulative {
namespace {

using metric_streams::ExponentialValues;
using metric_streams::HistogramValues;
using metric_streams::NumberValues;
using metric_streams::PointValues;

PointValues sum(PointValues a, const PointValues& b) {
  EXPECT_TRUE(accumulate(b, a));
  return a;
}

TEST(AccumulationTest, NumbersOfTwoKindsBecomeDoubles) {
  EXPECT_EQ(sum(NumberValues{int64_t{1}}, NumberValues{int64_t{2}}),
            PointValues(NumberValues{int64_t{3}}));
  EXPECT_EQ(sum(NumberValues{int64_t{1}}, NumberValues{0.5}), PointValues(NumberValues{1.5}));
}

TEST(AccumulationTest, HistogramsWithOtherBoundsBeginAnew) {
  const HistogramValues one{
      .count = 3, .sum = 4, .min = 1, .max = 3, .bounds = {1}, .counts = {1, 2}};
  const HistogramValues two{.count = 2, .sum = 1, .max = 9, .bounds = {1}, .counts = {2, 0}};
  EXPECT_EQ(sum(one, two), PointValues(HistogramValues{
                               .count = 5, .sum = 5, .max = 9, .bounds = {1}, .counts = {3, 2}}));
  PointValues other = one;
  const PointValues with_other_bounds = HistogramValues{.bounds = {2}, .counts = {0, 0}};
  EXPECT_FALSE(accumulate(with_other_bounds, other));
  EXPECT_EQ(other, with_other_bounds);
}

TEST(AccumulationTest, ExponentialHistogramsTakeTheCoarserScale) {
  const ExponentialValues one{.count = 3, .sum = 1, .scale = 1, .positive = {0, {1, 1, 1}}};
  const ExponentialValues two{.count = 1, .sum = 2, .scale = 0, .positive = {3, {1}}};
  EXPECT_EQ(sum(one, two), PointValues(ExponentialValues{
                               .count = 4, .sum = 3, .scale = 0, .positive = {0, {2, 1, 0, 1}}}));
}

TEST(AccumulationTest, TheNumberOfBucketsIsBounded) {
  const ExponentialValues one{.count = 1, .scale = 5, .positive = {0, {1}}};
  const ExponentialValues two{.count = 1, .scale = 5, .positive = {319, {1}}};
  const auto both = std::get<ExponentialValues>(sum(one, two));
  EXPECT_EQ(both.scale, 4);
  EXPECT_EQ(both.positive.counts.size(), kBucketsMax);
}

TEST(AccumulationTest, TheWiderZeroBucketWins) {
  const ExponentialValues one{.count = 3, .zero_count = 1, .positive = {0, {1, 1}}};
  const ExponentialValues two{
      .count = 2, .zero_count = 1, .zero_threshold = 2, .positive = {1, {1}}};
  EXPECT_EQ(sum(one, two),
            PointValues(ExponentialValues{
                .count = 5, .zero_count = 3, .zero_threshold = 2, .positive = {1, {2}}}));
  EXPECT_EQ(sum(one, two), sum(two, one));
}

}  // namespace
}  // namespace millrace::processors::deltatocumulative
