#include "exporters/prometheus/accumulate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

namespace millrace::exporters {
namespace {

TEST(AccumulateTest, StepsFollowFromTheTimes) {
  struct Row {
    Interval stored;
    Interval point;
    Step cumulative;
    Step delta_sum;
    Step delta_histogram;
  };
  const Row rows[] = {
      {{1, 5}, {5, 6}, Step::kReplaces, Step::kAdds, Step::kAdds},
      {{1, 5}, {7, 8}, Step::kReplaces, Step::kReplaces, Step::kReplaces},
      {{1, 5}, {4, 6}, Step::kReplaces, Step::kReplaces, Step::kIsMisaligned},
      {{1, 5}, {2, 4}, Step::kIsOld, Step::kIsOld, Step::kIsOld},
      {{1, 5}, {1, 5}, Step::kReplaces, Step::kReplaces, Step::kIsMisaligned},
      {{1, 5}, {0, 6}, Step::kReplaces, Step::kAdds, Step::kAdds},
      {{1, 5}, {0, 4}, Step::kIsOld, Step::kIsOld, Step::kIsOld},
      // Without a time a point is the newest.
      {{1, 5}, {5, 0}, Step::kReplaces, Step::kAdds, Step::kAdds},
      {{0, 0}, {3, 4}, Step::kReplaces, Step::kAdds, Step::kAdds},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(::testing::Message() << row.point.start << ".." << row.point.time);
    EXPECT_EQ(step_of_cumulative(row.stored, row.point), row.cumulative);
    EXPECT_EQ(step_of_delta_sum(row.stored, row.point), row.delta_sum);
    EXPECT_EQ(step_of_delta_histogram(row.stored, row.point), row.delta_histogram);
  }
}

TEST(AccumulateTest, AnAddedPointKeepsTheFirstStart) {
  const Interval after = interval_after(Step::kAdds, {1, 5}, {5, 9});
  EXPECT_EQ(after.start, 1u);
  EXPECT_EQ(after.time, 9u);
  EXPECT_EQ(interval_after(Step::kAdds, {1, 5}, {0, 0}).time, 5u);
  EXPECT_EQ(interval_after(Step::kIsOld, {1, 5}, {0, 2}).time, 5u);
  EXPECT_EQ(interval_after(Step::kReplaces, {1, 5}, {7, 8}).start, 7u);
}

TEST(AccumulateTest, HistogramsOfOtherBoundsAreNotAdded) {
  HistogramState sum{.upper_bounds = {1}, .counts = {1, 2}, .sum = 3, .count = 3};
  EXPECT_TRUE(add_histogram(sum, {.upper_bounds = {1}, .counts = {4, 0}, .sum = 1, .count = 4}));
  EXPECT_EQ(sum.counts, (std::vector<uint64_t>{5, 2}));
  EXPECT_EQ(sum.count, 7u);
  EXPECT_FALSE(add_histogram(sum, {.upper_bounds = {2}, .counts = {4, 0}, .sum = 1, .count = 4}));
  EXPECT_FALSE(add_histogram(sum, {.upper_bounds = {}, .counts = {}, .sum = 1, .count = 4}));
  EXPECT_FALSE(
      add_histogram(sum, {.upper_bounds = {1}, .counts = {0, 0}, .sum = 0, .count = UINT64_MAX}));
  EXPECT_EQ(sum.count, 7u);
}

ExponentialState positive(int32_t scale, int32_t offset, std::vector<uint64_t> counts) {
  ExponentialState histogram{.scale = scale};
  histogram.positive = {offset, std::move(counts)};
  for (const uint64_t count : histogram.positive.counts) histogram.count += count;
  return histogram;
}

TEST(AccumulateTest, TheCoarserScaleWins) {
  ExponentialState sum = positive(1, -2, {1, 1, 1, 1});  // indices -2 to 1
  ASSERT_TRUE(add_exponential(sum, positive(0, 0, {5})));
  EXPECT_EQ(sum.scale, 0);
  EXPECT_EQ(sum.positive.offset, -1);
  EXPECT_EQ(sum.positive.counts, (std::vector<uint64_t>{2, 7}));
  EXPECT_EQ(sum.count, 9u);
}

TEST(AccumulateTest, BucketsFarApartAreCoarsened) {
  ExponentialState sum = positive(8, 0, {1});
  ASSERT_TRUE(add_exponential(sum, positive(8, 100'000, {1})));
  EXPECT_EQ(sum.scale, 2);
  EXPECT_LE(sum.positive.counts.size(), kExponentialBucketsMax);
  EXPECT_EQ(sum.positive.counts.front(), 1u);
  EXPECT_EQ(sum.positive.counts.back(), 1u);
}

TEST(AccumulateTest, TheLargerZeroThresholdTakesWhatLiesUnderIt) {
  ExponentialState sum = positive(0, 0, {1, 2, 4});  // (1,2] (2,4] (4,8]
  ExponentialState delta = positive(0, 5, {1});
  delta.zero_threshold = 4;
  delta.zero_count = 3;
  delta.count += 3;
  ASSERT_TRUE(add_exponential(sum, delta));
  EXPECT_EQ(sum.zero_count, 6u);
  EXPECT_EQ(sum.zero_threshold, 4);
  EXPECT_EQ(sum.positive.offset, 2);
  EXPECT_EQ(sum.positive.counts, (std::vector<uint64_t>{4, 0, 0, 1}));
  EXPECT_EQ(sum.count, 11u);
}

TEST(AccumulateTest, AThresholdInsideABucketMovesToItsEnd) {
  ExponentialState sum = positive(0, 0, {1, 2, 4});
  sum.zero_threshold = 3;
  fold_into_zero(sum);
  EXPECT_EQ(sum.zero_threshold, 4);
  EXPECT_EQ(sum.zero_count, 3u);
  EXPECT_EQ(sum.positive.counts, (std::vector<uint64_t>{4}));
  ExponentialState empty = positive(0, 0, {1, 0, 4});
  empty.zero_threshold = 3;
  fold_into_zero(empty);
  EXPECT_EQ(empty.zero_threshold, 3);
  EXPECT_EQ(empty.zero_count, 1u);
}

// The naive twin: the same merging, bucket by bucket, in a map.
TEST(AccumulateTest, AddingIsWhatAMapGives) {
  uint64_t state = 7;
  const auto random = [&](uint64_t below) {
    state = state * 6364136223846793005 + 1442695040888963407;
    return (state >> 33) % below;
  };
  for (int round = 0; round < 300; ++round) {
    ExponentialState sum = positive(4, 0, {});
    std::vector<ExponentialState> parts;
    int32_t scale = 4;
    for (uint64_t part = random(5) + 1; part > 0; --part) {
      std::vector<uint64_t> counts(random(20));
      for (uint64_t& count : counts) count = random(4);
      parts.push_back(positive(static_cast<int32_t>(random(6)),
                               static_cast<int32_t>(random(200)) - 100, std::move(counts)));
      scale = std::min(scale, parts.back().scale);
      ASSERT_TRUE(add_exponential(sum, parts.back()));
    }
    std::map<int64_t, uint64_t> twin;
    uint64_t count = 0;
    for (const ExponentialState& part : parts) {
      for (size_t i = 0; i < part.positive.counts.size(); ++i) {
        const int64_t index = part.positive.offset + static_cast<int64_t>(i);
        const auto width = int64_t{1} << (part.scale - scale);
        twin[static_cast<int64_t>(std::floor(
            static_cast<double>(index) / static_cast<double>(width)))] += part.positive.counts[i];
        count += part.positive.counts[i];
      }
    }
    EXPECT_EQ(sum.scale, scale);
    EXPECT_EQ(sum.count, count);
    for (const auto& [index, expected] : twin) {
      const int64_t at = index - sum.positive.offset;
      const bool is_inside = at >= 0 && at < static_cast<int64_t>(sum.positive.counts.size());
      EXPECT_EQ(is_inside ? sum.positive.counts[static_cast<size_t>(at)] : 0, expected);
    }
  }
}

}  // namespace
}  // namespace millrace::exporters
