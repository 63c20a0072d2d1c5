// Metric points by value and by builder: they decode to the same values, and both encode equally.
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <variant>
#include <vector>

#include "library/encode_values.h"
#include "library/testing/recorder.h"
#include "library/testing/requests.h"

namespace millrace::library {
namespace {

using namespace std::chrono_literals;
using testing::checked;
using v1::detail::Access;

constexpr v1::Metric kMetric{.name = "requests", .unit = "{request}", .description = "all of them"};
constexpr uint64_t kStart = 1'000;

v1::MetricPoint built(v1::MetricPointBuilder& builder, uint64_t collector_start = kStart) {
  EXPECT_TRUE(Access::is_valid(builder));
  EXPECT_FALSE(Access::encoder(builder).remarks().failed);
  const uint8_t* begin = Access::finish(builder, collector_start);
  const auto size = static_cast<size_t>(Access::encoder(builder).at() - begin);
  return checked(Signal::kMetrics, {begin, size})->to_metric_points().at(0);
}

v1::MetricPoint round_trip(const v1::MetricPoint& point, const EncodeLimits& limits = {}) {
  const v1::Metric metric{.name = point.name, .unit = point.unit, .description = point.description};
  return std::visit(
      [&](const auto& data) {
        v1::MetricPointBuilder builder(metric, data, point.time_unix_nano);
        EncodeNotes notes;
        Access::add_rest(builder, point, limits, notes);
        return built(builder);
      },
      point.data);
}

std::vector<decltype(v1::MetricPoint::data)> every_kind() {
  using v1::Temporality;
  return {
      v1::Gauge{int64_t{-5}},
      v1::Gauge{std::numeric_limits<double>::infinity()},
      v1::Sum{int64_t{7}},
      v1::Sum{7.5, Temporality::kDelta, false},
      v1::Histogram{},
      v1::Histogram{3, 6.0, 1.0, 3.0, {1, 2, 0}, {1.5, 10}, Temporality::kDelta},
      v1::Histogram{.count = 4, .bucket_counts = {4}},
      v1::ExponentialHistogram{},
      v1::ExponentialHistogram{
          9, -2.5, -4.0, 8.0, -3, 1, 1e-9, {-2, {1, 300, 0}}, {7, {UINT64_MAX}}, {}},
      v1::ExponentialHistogram{.count = 1, .scale = 20, .positive = {.offset = INT32_MIN}},
      v1::Summary{},
      v1::Summary{3, 9.5, {{0, 1}, {0.5, 3}, {1, 5.5}}},
  };
}

v1::MetricPoint point_with(const decltype(v1::MetricPoint::data)& data) {
  v1::MetricPoint point{.name = "requests",
                        .description = "all of them",
                        .unit = "{request}",
                        .start_time_unix_nano = 7,
                        .time_unix_nano = 9'000,
                        .flags = 1,
                        .data = data};
  point.set("route", "/cart").set("number", -1).set("long", std::string(700, 'x'));
  if (!std::holds_alternative<v1::Summary>(data)) {
    point.exemplars = {{.value = 2.5,
                        .time_unix_nano = 8'000,
                        .trace_id = v1::random_trace_id(),
                        .span_id = v1::random_span_id(),
                        .filtered_attributes = {{"user", "me"}, {"n", 1}}},
                       {.value = int64_t{-2}, .time_unix_nano = 9'000}};
  }
  return point;
}

TEST(MetricPointsTest, EveryKindSurvives) {
  for (auto data : every_kind()) {
    if (auto* histogram = std::get_if<v1::ExponentialHistogram>(&data)) {
      histogram->temporality = v1::Temporality::kCumulative;  // {} above is not in the enumeration
    }
    const v1::MetricPoint point = point_with(data);
    EXPECT_EQ(round_trip(point), point) << data.index();
  }
}

TEST(MetricPointsTest, ABuilderWritesWhatTheValueWrites) {
  const v1::MetricPoint point = point_with(v1::Sum{int64_t{12}});
  const v1::Exemplar& exemplar = point.exemplars[0];
  v1::MetricPointBuilder builder(kMetric, v1::Sum{int64_t{12}}, 9'000);
  builder.set_start(7).set_flags(1);
  builder.set("route", "/cart").set("number", -1).set("long", std::string(700, 'x'));
  builder.add_exemplar(2.5, exemplar.trace_id, exemplar.span_id, 8'000, {{"user", "me"}});
  builder.add_exemplar(int64_t{-2}, {}, {});
  v1::MetricPoint expected = point;
  expected.exemplars[0].filtered_attributes.pop_back();
  EXPECT_EQ(built(builder), expected);
  // A second call gives the same, and the builder can still be changed.
  EXPECT_EQ(built(builder), expected);
  builder.set("later", true);
  expected.set("later", true);
  EXPECT_EQ(built(builder), expected);
}

TEST(MetricPointsTest, ABuilderCanBeUsedAgain) {
  v1::MetricPointBuilder builder(kMetric, v1::Histogram{.count = 1, .explicit_bounds = {1}}, 5);
  EXPECT_FALSE(Access::is_valid(builder));
  builder.set("big", std::string(10'000, 'x')).set_start(4);  // larger than the memory inside
  builder.reset({.name = "another"}, v1::Gauge{1.5}, 6);
  builder.set("k", "v");
  EXPECT_EQ(built(builder), (v1::MetricPoint{.name = "another",
                                             .time_unix_nano = 6,
                                             .attributes = {{"k", "v"}},
                                             .data = v1::Gauge{1.5}}));
}

TEST(MetricPointsTest, EveryLengthOfAPointIsWritten) {
  // At 128 and 16,384 bytes the lengths before the point become longer.
  for (size_t size = 1; size < 20'000;
       size += size < 300 || (size > 16'000 && size < 16'500) ? 1 : 97) {
    v1::MetricPointBuilder builder(kMetric, v1::Gauge{int64_t{1}}, 6);
    builder.set("k", std::string(size, 'x'));
    ASSERT_EQ(built(builder).attributes[0].value.as_text().size(), size);
  }
}

TEST(MetricPointsTest, CumulativePointsBeginAtTheCollectorsStart) {
  v1::MetricPointBuilder sum(kMetric, v1::Sum{int64_t{1}}, 2'000);
  EXPECT_EQ(built(sum).start_time_unix_nano, kStart);
  v1::MetricPointBuilder earlier(kMetric, v1::Sum{int64_t{1}}, kStart - 1);
  EXPECT_EQ(built(earlier).start_time_unix_nano, 0U);
  v1::MetricPointBuilder delta(kMetric, v1::Sum{int64_t{1}, v1::Temporality::kDelta}, 2'000);
  EXPECT_EQ(built(delta).start_time_unix_nano, 0U);
  v1::MetricPointBuilder gauge(kMetric, v1::Gauge{int64_t{1}}, 2'000);
  EXPECT_EQ(built(gauge).start_time_unix_nano, 0U);
  v1::MetricPointBuilder histogram(kMetric, v1::Histogram{}, 2'000);
  EXPECT_EQ(built(histogram).start_time_unix_nano, kStart);
}

TEST(MetricPointsTest, TimesOfZeroAreNow) {
  v1::MetricPointBuilder builder(kMetric, v1::Gauge{int64_t{1}}, 0);
  EXPECT_GE(built(builder).time_unix_nano, 1'000'000'000'000'000'000U);
}

TEST(MetricPointsTest, LongTextsAreCutInValues) {
  v1::MetricPoint point = point_with(v1::Gauge{int64_t{1}});
  const v1::MetricPoint cut = round_trip(point, {.value_length_max = 3});
  EXPECT_EQ(cut.attributes[0].value.as_text(), "/ca");
  EXPECT_EQ(cut.attributes[2].value.as_text(), "xxx");
}

TEST(MetricPointsTest, TooLargePointsAreRefused) {
  const std::string huge(70 << 20, 'x');
  v1::MetricPointBuilder builder({.name = huge}, v1::Histogram{.bucket_counts = {1}}, 1);
  builder.set("k", huge).add_exemplar(1.0, {}, {}, 1, {{"k", "v"}});
  Access::finish(builder, kStart);
  EXPECT_TRUE(Access::encoder(builder).remarks().failed);
  builder.reset(kMetric, v1::Gauge{1.0}, 1);
  EXPECT_EQ(built(builder).name, "requests");
}

TEST(MetricPointsTest, ACollectorTakesThemByValueAndByBuilder) {
  auto recorder = std::make_shared<testing::Recorder>();
  auto collector = v1::Collector::create(testing::config_with(recorder));
  ASSERT_TRUE(collector);
  const v1::Histogram wrong{.count = 1, .bucket_counts = {1, 2, 3}, .explicit_bounds = {1}};
  const v1::Histogram disorderly{.count = 1, .bucket_counts = {1, 2, 3}, .explicit_bounds = {2, 1}};
  for (const v1::Histogram& histogram : {wrong, disorderly}) {
    v1::MetricPointBuilder builder(kMetric, histogram);
    EXPECT_EQ(collector->collect(builder), v1::ErrorCode::kInvalidArgument);
    EXPECT_EQ(collector->collect(v1::MetricPoint{.name = "h", .data = histogram}),
              v1::ErrorCode::kInvalidArgument);
  }
  v1::MetricPointBuilder builder(kMetric, v1::Sum{int64_t{1}});
  const uint64_t before = v1::now_unix_nano();
  EXPECT_TRUE(collector->collect(builder.set("route", "/")).ok());
  EXPECT_TRUE(collector->collect(v1::MetricPoint{.name = "g", .data = v1::Gauge{2.5}}).ok());
  EXPECT_TRUE(collector->shutdown(10s).ok());
  const auto points = recorder->metric_points();
  ASSERT_EQ(points.size(), 2U);
  EXPECT_EQ(points[0].attributes, (v1::Attributes{{"route", "/"}}));
  EXPECT_GT(points[0].start_time_unix_nano, 0U);
  EXPECT_LT(points[0].start_time_unix_nano, before);
  EXPECT_EQ(points[1].data, (decltype(v1::MetricPoint::data)(v1::Gauge{2.5})));
  EXPECT_TRUE(collector->statistics().balances());
}

}  // namespace
}  // namespace millrace::library
