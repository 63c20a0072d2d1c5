#include "prometheus/native_histogram.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <numeric>
#include <random>
#include <vector>

namespace millrace::prometheus {
namespace {

using Counts = std::vector<uint64_t>;

ExponentialValue value_of(int32_t scale, int32_t offset, const Counts& counts) {
  return {.scale = scale,
          .count = std::accumulate(counts.begin(), counts.end(), uint64_t{0}),
          .positive = {.offset = offset, .counts = counts}};
}

// Prometheus's index and count of each bucket that is not empty.
std::map<int64_t, int64_t> counts_of(const NativeBuckets& native) {
  std::map<int64_t, int64_t> counts;
  int64_t index = 0;
  int64_t count = 0;
  size_t at = 0;
  for (const BucketSpan& span : native.spans) {
    index += span.offset;
    for (uint32_t i = 0; i < span.length; ++i) {
      count += native.deltas.at(at++);
      if (count != 0) counts[index] = count;
      ++index;
    }
  }
  EXPECT_EQ(at, native.deltas.size());
  return counts;
}

// Finds the bucket by division, and adds.
std::map<int64_t, int64_t> naive_counts(int32_t scale, int32_t offset, const Counts& counts) {
  std::map<int64_t, int64_t> merged;
  const double width = std::exp2(std::max(0, scale - 8));
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    const double index = std::floor((static_cast<double>(offset) + static_cast<double>(i)) / width);
    merged[static_cast<int64_t>(index) + 1] += static_cast<int64_t>(counts[i]);
  }
  return merged;
}

TEST(NativeHistogramTest, HasSpansAndDeltas) {
  const Counts counts = {10, 0, 0, 20, 5, 2};
  ExponentialValue value = value_of(0, 3, counts);
  value.zero_count = 1;
  ++value.count;
  ASSERT_TRUE(check_native(value));
  NativeHistogram native;
  to_native(value, native);
  EXPECT_EQ(native.schema, 0);
  EXPECT_EQ(native.zero_count, 1);
  EXPECT_EQ(native.count, 38);
  EXPECT_EQ(native.zero_threshold, 1e-128);
  EXPECT_EQ(native.positive.spans, (std::vector<BucketSpan>{{4, 1}, {2, 3}}));
  EXPECT_EQ(native.positive.deltas, (std::vector<int64_t>{10, 10, -15, -3}));
  EXPECT_TRUE(native.negative.spans.empty());
}

TEST(NativeHistogramTest, AFinerScaleIsMergedDown) {
  const Counts counts = {1, 1, 1, 1, 1};
  NativeHistogram native;
  to_native(value_of(10, 0, counts), native);
  EXPECT_EQ(native.schema, 8);
  EXPECT_EQ(counts_of(native.positive), (std::map<int64_t, int64_t>{{1, 4}, {2, 1}}));
  to_native(value_of(std::numeric_limits<int32_t>::max(), -2, counts), native);
  EXPECT_EQ(counts_of(native.positive), (std::map<int64_t, int64_t>{{0, 2}, {1, 3}}));
}

TEST(NativeHistogramTest, AGapOfOneBucketIsFilled) {
  const Counts counts = {0, 3, 0, 4, 0, 0, 5, 0};
  NativeHistogram native;
  to_native(value_of(0, -3, counts), native);
  EXPECT_EQ(native.positive.spans, (std::vector<BucketSpan>{{-1, 3}, {2, 1}}));
  EXPECT_EQ(native.positive.deltas, (std::vector<int64_t>{3, -3, 4, 1}));
}

TEST(NativeHistogramTest, AgreesWithTheNaiveConversion) {
  std::mt19937 random(1);
  NativeHistogram native;
  for (int round = 0; round < 2000; ++round) {
    Counts positive(random() % 40);
    Counts negative(random() % 10);
    for (uint64_t& count : positive) count = random() % 3 == 0 ? random() % 1000 : 0;
    for (uint64_t& count : negative) count = random() % 2;
    const auto scale = static_cast<int32_t>(random() % 25) - 4;
    const auto offset = static_cast<int32_t>(random() % 5000) - 2500;
    ExponentialValue value = value_of(scale, offset, positive);
    value.negative = {.offset = -offset, .counts = negative};
    value.count = std::accumulate(negative.begin(), negative.end(), value.count);
    ASSERT_TRUE(check_native(value));
    to_native(value, native);
    EXPECT_EQ(native.schema, std::min(scale, 8));
    EXPECT_EQ(counts_of(native.positive), naive_counts(scale, offset, positive));
    EXPECT_EQ(counts_of(native.negative), naive_counts(scale, -offset, negative));
  }
}

TEST(NativeHistogramTest, WhatPrometheusWouldRefuseHasNone) {
  const Counts one = {1};
  const Counts two = {1, 1};
  const Counts huge = {std::numeric_limits<uint64_t>::max(), 2};
  EXPECT_TRUE(check_native(value_of(-4, 0, one)));
  EXPECT_FALSE(check_native(value_of(-5, 0, one)));
  EXPECT_FALSE(check_native(value_of(0, std::numeric_limits<int32_t>::max(), one)));
  EXPECT_TRUE(check_native(value_of(9, std::numeric_limits<int32_t>::max(), two)));
  EXPECT_TRUE(check_native(value_of(0, std::numeric_limits<int32_t>::max() - 1, one)));
  EXPECT_FALSE(check_native(value_of(0, 0, huge))) << "adds up to 1 without the carry";

  ExponentialValue value = value_of(0, 0, two);
  value.count = 3;
  EXPECT_FALSE(check_native(value));
  value.sum = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(check_native(value)) << "an observation may have been NaN";
  value.count = 1;
  EXPECT_FALSE(check_native(value));
}

TEST(NativeHistogramTest, AnEmptyOneIsNative) {
  NativeHistogram native;
  to_native({.scale = 3, .zero_threshold = 0.5}, native);
  EXPECT_TRUE(check_native({}));
  EXPECT_TRUE(native.positive.deltas.empty());
  EXPECT_EQ(native.zero_threshold, 0.5) << "marks the histogram as native";
}

}  // namespace
}  // namespace millrace::prometheus
