#include "metric_streams/exponential_buckets.h"

#include <gtest/gtest.h>

#include <cmath>

namespace millrace::metric_streams {
namespace {

TEST(ExponentialBucketsTest, DownscaleMergesPairsAlsoBelowZero) {
  ExponentialBuckets buckets{.offset = -3, .counts = {1, 2, 4, 8, 16}};  // -3 … 1
  buckets.downscale(1);
  EXPECT_EQ(buckets, (ExponentialBuckets{.offset = -2, .counts = {1, 6, 24}}));
  buckets.downscale(40);
  EXPECT_EQ(buckets, (ExponentialBuckets{.offset = -1, .counts = {7, 24}}));
}

TEST(ExponentialBucketsTest, AddLeavesOutEmptyEnds) {
  ExponentialBuckets buckets{.offset = 2, .counts = {0, 1, 0}};
  buckets.add({.offset = 5, .counts = {0, 3, 0, 0}});
  EXPECT_EQ(buckets, (ExponentialBuckets{.offset = 3, .counts = {1, 0, 0, 3}}));
  buckets.add({.offset = 100, .counts = {0, 0}});
  EXPECT_EQ(buckets.counts.size(), 4u);
}

TEST(ExponentialBucketsTest, StepsToFitAreTheFewest) {
  const ExponentialBuckets low{.offset = 0, .counts = {1}};
  const ExponentialBuckets high{.offset = 319, .counts = {1, 0, 0}};
  EXPECT_EQ(low.span_with(high), 320u);
  EXPECT_EQ(steps_to_fit(low, high, 320), 0);
  EXPECT_EQ(steps_to_fit(low, high, 160), 1);
  EXPECT_EQ(
      steps_to_fit({.offset = INT32_MIN, .counts = {1}}, {.offset = INT32_MAX, .counts = {1}}, 160),
      25);
}

// Against the definition (base^i, base^(i+1)].
TEST(ExponentialBucketsTest, BucketOfHoldsTheValue) {
  for (int32_t scale = kScaleMin; scale <= kScaleMax; ++scale) {
    for (const double value :
         {1e-300, 0.1, 0.5, 1.0, 1.0000001, 3.0, 4.0, 1024.0, 12345.678, 1e300}) {
      const int32_t index = bucket_of(value, scale);
      const double octaves = std::log2(value);
      EXPECT_LT(std::ldexp(index, -scale), octaves + 1e-9) << value << " at " << scale;
      EXPECT_GE(std::ldexp(index + 1.0, -scale), octaves - 1e-9) << value << " at " << scale;
    }
    // The upper bound belongs to the bucket below.
    EXPECT_EQ(bucket_of(1.0, scale), -1) << scale;
  }
}

TEST(ExponentialBucketsTest, WhatLiesBelowAThresholdIsTaken) {
  ExponentialBuckets buckets{.offset = -1, .counts = {1, 2, 4}};  // (1/2,1] (1,2] (2,4]
  EXPECT_EQ(buckets.take_below(2.0, 0), 3u);
  EXPECT_EQ(buckets, (ExponentialBuckets{.offset = 1, .counts = {4}}));
  EXPECT_EQ(buckets.take_below(0.1, 0), 0u);
  EXPECT_EQ(buckets.take_below(1e300, 0), 4u);
  EXPECT_TRUE(buckets.is_empty());
}

}  // namespace
}  // namespace millrace::metric_streams
