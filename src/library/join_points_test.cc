#include "library/join_points.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "library/encode_values.h"
#include "library/testing/recorder.h"
#include "library/testing/requests.h"
#include "otlp/views.h"

namespace millrace::library {
namespace {

using namespace std::chrono_literals;
using v1::detail::Access;

// Items in the form of a chunk.
class Items {
 public:
  template <class Data>
  void add(const v1::Metric& metric, const Data& data, std::string_view route, uint64_t start = 1) {
    v1::MetricPointBuilder builder(metric, data, 100 + ++count_);
    builder.set_start(start).set("route", route);
    const uint8_t* begin = Access::finish(builder, 0);
    testing::append_item({begin, Access::encoder(builder).at()}, bytes_);
  }
  std::vector<v1::MetricPoint> points() const {
    return testing::batch_of(Signal::kMetrics, bytes_, count_)->to_metric_points();
  }
  void join(PointJoiner& joiner) { bytes_.resize(joiner.join(bytes_)); }
  // The number of Metrics.
  size_t metric_count() const {
    size_t count = 0;
    wire::FieldReader reader(bytes_);
    for (wire::Field field; reader.next(&field);) ++count;
    return count;
  }
  size_t size() const { return bytes_.size(); }

 private:
  std::vector<uint8_t> bytes_;
  uint32_t count_ = 0;
};

constexpr v1::Metric kRequests{.name = "requests", .unit = "1"};

TEST(JoinPointsTest, PointsOfOneMetricBecomeOneMetric) {
  PointJoiner joiner;
  Items items;
  items.add(kRequests, v1::Sum{int64_t{1}}, "/a");
  items.add({.name = "depth"}, v1::Gauge{int64_t{9}}, "/");
  items.add(kRequests, v1::Sum{int64_t{2}}, "/b", 5);
  items.add(kRequests, v1::Sum{2.5}, "/c");
  const auto before = items.points();
  const size_t size = items.size();
  items.join(joiner);
  EXPECT_EQ(items.metric_count(), 2U);
  EXPECT_LT(items.size(), size);
  EXPECT_EQ(items.points(), (std::vector{before[0], before[2], before[3], before[1]}));
}

TEST(JoinPointsTest, PointsThatDifferStayApart) {
  PointJoiner joiner;
  Items items;
  using v1::Temporality;
  const v1::Sum sum{int64_t{1}};
  items.add(kRequests, sum, "/");
  items.add({.name = "requests", .unit = "2"}, sum, "/");
  items.add({.name = "requests2", .unit = "1"}, sum, "/");
  items.add({.name = "requests", .unit = "1", .description = "d"}, sum, "/");
  items.add(kRequests, v1::Sum{int64_t{1}, Temporality::kDelta}, "/");
  items.add(kRequests, v1::Sum{int64_t{1}, Temporality::kCumulative, false}, "/");
  items.add(kRequests, v1::Gauge{int64_t{1}}, "/");
  items.add(kRequests, v1::Histogram{}, "/");
  items.add(kRequests, v1::ExponentialHistogram{}, "/");
  items.add(kRequests, v1::Summary{}, "/");
  const auto before = items.points();
  items.join(joiner);
  EXPECT_EQ(items.metric_count(), 10U);
  EXPECT_EQ(items.points(), before);
}

TEST(JoinPointsTest, ManyAreJoinedAgainAndAgain) {
  PointJoiner joiner;
  for (const int count : {1, 2, 7, 2000}) {
    Items items;
    for (int i = 0; i < count; ++i) {
      items.add({.name = "metric " + std::to_string(i % 3)}, v1::Gauge{int64_t{i}}, "/");
    }
    items.join(joiner);
    EXPECT_EQ(items.metric_count(), static_cast<size_t>(std::min(count, 3)));
    const auto points = items.points();
    ASSERT_EQ(points.size(), static_cast<size_t>(count));
    for (size_t i = 1; i < points.size(); ++i) {
      if (points[i].name != points[i - 1].name) continue;
      EXPECT_GT(points[i].time_unix_nano, points[i - 1].time_unix_nano);
    }
  }
}

TEST(JoinPointsTest, OtherItemsAreNotChanged) {
  PointJoiner joiner;
  // Two Metrics without data, then one with a field behind its data, then half a field.
  for (std::vector<uint8_t> bytes : {std::vector<uint8_t>{0x12, 2, 0x0a, 0, 0x12, 2, 0x0a, 0},
                                     {0x12, 4, 0x2a, 0, 0x0a, 0, 0x12, 4, 0x2a, 0, 0x0a, 0},
                                     {0x12, 6, 0x2a, 2, 0x0a, 0, 0x0a, 0},
                                     {0x12, 9, 0x2a, 0}}) {
    const auto before = bytes;
    EXPECT_EQ(joiner.join(bytes), before.size());
    EXPECT_EQ(bytes, before);
  }
  EXPECT_EQ(joiner.join({}), 0U);
}

TEST(JoinPointsTest, ACollectorSendsPointsOfOneMetricAsOne) {
  auto recorder = std::make_shared<testing::Recorder>();
  v1::Config config = testing::config_with(recorder);
  config.linger_ms = 1000;
  auto collector = v1::Collector::create(config);
  ASSERT_TRUE(collector);
  for (int i = 0; i < 20; ++i) {  // few enough for one chunk
    v1::MetricPointBuilder builder(kRequests, v1::Sum{int64_t{i}});
    ASSERT_TRUE(collector->collect(builder.set("route", std::to_string(i))).ok());
  }
  ASSERT_TRUE(collector->shutdown(10s).ok());
  size_t names = 0;
  for (const v1::BatchRef& batch : recorder->batches()) {
    const std::string bytes = batch->to_bytes();
    for (size_t at = 0; (at = bytes.find("requests", at)) != std::string::npos; ++at) ++names;
  }
  EXPECT_EQ(recorder->item_count(), 20U);
  EXPECT_EQ(recorder->metric_points().size(), 20U);
  EXPECT_EQ(names, recorder->batches().size());
}

}  // namespace
}  // namespace millrace::library
