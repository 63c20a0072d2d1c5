// Each kind of bad input has one outcome and one counter, and leaves the page valid.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "exporters/prometheus/testing/shown.h"

namespace millrace::exporters {
namespace {

using testing::at_s;
using testing::Exponential;
using testing::exponential;
using testing::exponential_point;
using testing::gauge;
using testing::Histogram;
using testing::histogram;
using testing::histogram_point;
using testing::number_point;
using testing::Point;
using testing::Shown;
using testing::sum;
using testing::summary;
using testing::Temporality;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(PrometheusBadPoints, NotANumberAndInfinityPass) {
  Shown shown;
  shown.send({gauge({.name = "a"}, {number_point(kNan)}),
              gauge({.name = "b"}, {number_point(kInfinity)}),
              sum({.name = "c"}, {number_point(-kInfinity)})});
  EXPECT_EQ(shown.samples(), "a NaN\nb +Inf\nc_total -Inf\n");
}

TEST(PrometheusBadPoints, ANegativeSumPassesAndANegativeDeltaDoesNot) {
  Shown shown;
  shown.send({sum({.name = "a"}, {number_point(-5)}),
              sum({.name = "b"}, {number_point(2)}, Temporality::kDelta)});
  shown.send({sum({.name = "b"},
                  {number_point(-1, {.start = at_s(1), .time = at_s(2)}),
                   number_point(kNan, {.start = at_s(1), .time = at_s(2)})},
                  Temporality::kDelta)});
  EXPECT_EQ(shown.refused(Refusal::kInvalidDelta), 2u);
  EXPECT_EQ(shown.samples(), "a_total -5\nb_total 2\n");
}

TEST(PrometheusBadPoints, HistogramsThatDoNotHoldTogetherAreRefused) {
  const Histogram bad[] = {
      {.counts = {1, 1, 1}, .bounds = {5, 1}},    {.counts = {1, 1, 1}, .bounds = {1, 1}},
      {.counts = {1, 1}, .bounds = {kNan}},       {.counts = {1, 1}, .bounds = {-kInfinity}},
      {.counts = {1, 1}, .bounds = {1, 2}},       {.counts = {1, 1, 1}, .bounds = {1}},
      {.counts = {UINT64_MAX, 1}, .bounds = {1}},
  };
  for (const Histogram& each : bad) {
    Shown shown;
    shown.send({histogram({.name = "h"}, {histogram_point(each)})});
    EXPECT_EQ(shown.refused(Refusal::kInvalidHistogram), 1u);
    EXPECT_EQ(shown.samples(), "");
  }
}

TEST(PrometheusBadPoints, ABoundOfInfinityIsTheLastBucket) {
  Shown shown;
  shown.send({histogram({.name = "h"},
                        {histogram_point({.counts = {1, 2, 0}, .bounds = {1, kInfinity}})})});
  EXPECT_EQ(shown.samples(), "h_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 3\nh_sum 0\nh_count 3\n");
}

TEST(PrometheusBadPoints, ACountThatIsNotTheSumOfTheBucketsIsMadeIt) {
  Shown shown;
  shown.send(
      {histogram({.name = "h"}, {histogram_point({.counts = {2, 3}, .bounds = {1}, .count = 1})})});
  EXPECT_EQ(shown.taken.repaired, 1u);
  EXPECT_EQ(shown.samples(), "h_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 5\nh_sum 0\nh_count 5\n");
}

TEST(PrometheusBadPoints, AHistogramWithoutBucketsHasItsCount) {
  Shown shown;
  shown.send({histogram({.name = "h"}, {histogram_point({.sum = 3, .count = 7})})});
  EXPECT_EQ(shown.samples(), "h_bucket{le=\"+Inf\"} 7\nh_sum 3\nh_count 7\n");
}

TEST(PrometheusBadPoints, ExponentialHistogramsThatDoNotAddUpAreRefused) {
  const Exponential bad[] = {
      {.positive = {1, 2}, .count = 4},
      {.positive = {UINT64_MAX, 1}, .count = 0},
      {.zero_count = 1, .zero_threshold = -1},
      {.zero_count = 1, .zero_threshold = kNan},
      {.scale = 0, .offset = INT32_MAX - 1, .positive = {1, 1, 1, 1}},
  };
  for (const Exponential& each : bad) {
    Shown shown;
    shown.send({exponential({.name = "h"}, {exponential_point(each)})});
    EXPECT_EQ(shown.refused(Refusal::kInvalidHistogram), 1u) << each.offset;
    EXPECT_EQ(shown.samples(), "");
  }
}

TEST(PrometheusBadPoints, QuantilesAreSortedAndThoseWithoutANumberLeftOut) {
  const std::string point = testing::message([](wire::Writer& writer) {
    writer.fixed64_field(3, at_s(1));
    writer.fixed64_field(4, 9);
    writer.double_field(5, 4.5);
    for (const auto& [quantile, value] :
         {std::pair(0.9, 3.0), std::pair(0.5, 1.0), std::pair(kNan, 7.0), std::pair(0.5, 2.0)}) {
      writer.string_field(6, testing::message([&](wire::Writer& entry) {
                            entry.double_field(1, quantile);
                            entry.double_field(2, value);
                          }));
    }
  });
  Shown shown;
  shown.send({summary({.name = "s"}, {point})});
  const std::string samples = shown.samples();
  EXPECT_TRUE(samples == "s{quantile=\"0.5\"} 2\ns{quantile=\"0.9\"} 3\ns_sum 4.5\ns_count 9\n" ||
              samples == "s{quantile=\"0.5\"} 1\ns{quantile=\"0.9\"} 3\ns_sum 4.5\ns_count 9\n")
      << samples;
}

TEST(PrometheusBadPoints, APointWithoutAValueIsRefused) {
  Shown shown;
  shown.send({gauge({.name = "g"}, {testing::message([](wire::Writer& writer) {
                      writer.fixed64_field(3, at_s(1));
                    })})});
  EXPECT_EQ(shown.refused(Refusal::kNoValue), 1u);
  EXPECT_EQ(shown.store.series_count(), 0u);
}

TEST(PrometheusBadPoints, AChangeOfTypeIsRefusedUntilTheOldSeriesHaveExpired) {
  Shown shown;
  shown.send({gauge({.name = "x"}, {number_point(1)})});
  shown.send({histogram({.name = "x"}, {histogram_point({.counts = {1}})})});
  EXPECT_EQ(shown.refused(Refusal::kTypeConflict), 1u);
  shown.now += 301s;
  shown.send({histogram({.name = "x"}, {histogram_point({.counts = {1}})})});
  EXPECT_EQ(shown.taken.refused.total(), 0u);
  EXPECT_EQ(shown.samples(), "x_bucket{le=\"+Inf\"} 1\nx_sum 0\nx_count 1\n");
}

TEST(PrometheusBadPoints, SamplesOfTwoMetricsNeverHaveOneName) {
  Shown shown;
  shown.send({histogram({.name = "h"}, {histogram_point({.counts = {1}})}),
              gauge({.name = "h.count"}, {number_point(1)})});
  EXPECT_EQ(shown.refused(Refusal::kNameCollision), 1u);
  shown.send({gauge({.name = "i.sum"}, {number_point(1)}),
              histogram({.name = "i"}, {histogram_point({.counts = {1}})})});
  EXPECT_EQ(shown.refused(Refusal::kNameCollision), 1u);
}

TEST(PrometheusBadPoints, AttributesWithoutALabelRefuseTheirPoint) {
  Shown shown;
  shown.send({gauge({.name = "g"}, {number_point(1, {.attributes = {{"", "x"}}}),
                                    number_point(2, {.attributes = {{"__name__", "x"}}}),
                                    number_point(3, {.attributes = {{"ok", "x"}}})}),
              histogram({.name = "h"},
                        {histogram_point({.counts = {1}}, {.attributes = {{"le", "x"}}})})});
  EXPECT_EQ(shown.refused(Refusal::kBadLabel), 3u);
  EXPECT_EQ(shown.samples(), "g{ok=\"x\"} 3\n");
}

TEST(PrometheusBadPoints, DifferentAttributesWithEqualLabelsAreOneSeries) {
  Shown shown;
  shown.send({gauge({.name = "g"},
                    {number_point(1, {.attributes = {{"a", "1"}, {"b", "2"}}}),
                     number_point(2, {.attributes = {{"b", "2"}, {"a", "1"}}}),
                     number_point(3, {.attributes = {{"a", "1"}, {"a", "1"}, {"b", "2"}}})})});
  EXPECT_EQ(shown.samples(), "g{a=\"1\",b=\"2\"} 3\n");
  EXPECT_EQ(shown.store.series_count(), 1u);
}

TEST(PrometheusBadPoints, TimesOfZeroAndOfTheFuture) {
  Shown shown;
  shown.timestamps = true;
  shown.send({gauge({.name = "g"}, {number_point(1, {.start = 0, .time = 0})})});
  EXPECT_EQ(shown.samples(), "g 1\n");
  shown.send({gauge({.name = "g"}, {number_point(2, {.start = 0, .time = at_s(5)})})});
  EXPECT_EQ(shown.samples(), "g 2 1700000005000\n");
  // From another clock: it stays the newest until the series expires.
  shown.send({gauge({.name = "g"}, {number_point(3, {.start = 0, .time = at_s(1'000'000)})})});
  shown.send({gauge({.name = "g"}, {number_point(4, {.start = 0, .time = at_s(10)})})});
  EXPECT_EQ(shown.taken.old, 1u);
  EXPECT_EQ(shown.samples(), "g 3 1701000000000\n");
  shown.now += 301s;
  shown.send({gauge({.name = "g"}, {number_point(5, {.start = 0, .time = at_s(11)})})});
  EXPECT_EQ(shown.samples(), "g 5 1700000011000\n");
}

TEST(PrometheusBadPoints, DescriptionsThatDifferAreCountedAndTheFirstIsShown) {
  Shown shown;
  shown.send({gauge({.name = "g", .description = "one\nline"}, {number_point(1)})});
  shown.send({gauge({.name = "g", .description = "two"},
                    {number_point(2, {.attributes = {{"a", "b"}}})})});
  EXPECT_EQ(shown.taken.help_conflicts, 1u);
  EXPECT_EQ(shown.page(), "# HELP g one\\nline\n# TYPE g gauge\ng 1\ng{a=\"b\"} 2\n");
}

TEST(PrometheusBadPoints, LargePointsAndResourcesAreRefused) {
  const std::string large(kBytesRead + 1, 'x');
  Shown shown;
  shown.send(
      {gauge({.name = "g"}, {number_point(1, {.attributes = {{"a", large}}}), number_point(2)}),
       gauge({.name = large}, {number_point(1)})});
  EXPECT_EQ(shown.refused(Refusal::kTooLarge), 2u);
  EXPECT_EQ(shown.samples(), "g 2\n");
  shown.send({gauge({.name = "g"}, {number_point(3), number_point(4)})}, {{"service.name", large}});
  EXPECT_EQ(shown.refused(Refusal::kTooLarge), 2u);
}

}  // namespace
}  // namespace millrace::exporters
