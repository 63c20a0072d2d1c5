// The encoded request as libprotobuf reads it.
#include "receivers/own_telemetry/otlp_metrics.h"

#include <gtest/gtest.h>

#include "otlp/admit.h"
#include "otlp/otlp_reference.h"

namespace millrace::receivers::own_telemetry {
namespace {

using metrics::MetricType;

TEST(OwnMetricsTest, EveryTypeIsEncoded) {
  const std::vector<metrics::MetricValue> all = {
      {"c",
       "counts",
       MetricType::kCounter,
       {{.labels = {{"a", "1"}}, .value = 7, .is_integer = true}}},
      {"g", "", MetricType::kGauge, {{.labels = {}, .value = 1.5}, {.labels = {{"a", ""}}}}},
      {"h",
       "",
       MetricType::kHistogram,
       {{.labels = {}, .upper_bounds = {1, 2}, .bucket_counts = {3, 0, 1}, .sum = 9.5}}},
      {"target_info", "", MetricType::kGauge, {{.labels = {{"x", "y"}}, .value = 1}}}};
  const Encoded encoded =
      encode(all, {{"service.name", "m"}}, WallTime(Duration(5)), WallTime(Duration(9)));
  EXPECT_EQ(encoded.point_count, 4u);
  const auto admitted = otlp::admit(Signal::kMetrics, encoded.bytes.view());
  ASSERT_TRUE(admitted.has_value());
  EXPECT_EQ(admitted->item_count, encoded.point_count);

  otlp::reference::MetricsRequest request;
  ASSERT_TRUE(otlp::reference::parse(encoded.bytes.view(), &request));
  ASSERT_EQ(request.resource_metrics_size(), 1);
  const auto& resource = request.resource_metrics(0);
  EXPECT_EQ(resource.resource().attributes(0).key(), "service.name");
  EXPECT_EQ(resource.resource().attributes(0).value().string_value(), "m");
  const auto& scope = resource.scope_metrics(0);
  ASSERT_EQ(scope.metrics_size(), 3);
  const auto& sum = scope.metrics(0).sum();
  EXPECT_EQ(scope.metrics(0).name(), "c");
  EXPECT_EQ(scope.metrics(0).description(), "counts");
  EXPECT_TRUE(sum.is_monotonic());
  EXPECT_EQ(static_cast<int>(sum.aggregation_temporality()), 2);
  EXPECT_EQ(sum.data_points(0).as_int(), 7);
  EXPECT_EQ(sum.data_points(0).start_time_unix_nano(), 5u);
  EXPECT_EQ(sum.data_points(0).time_unix_nano(), 9u);
  EXPECT_EQ(sum.data_points(0).attributes(0).key(), "a");
  EXPECT_EQ(scope.metrics(1).gauge().data_points(0).as_double(), 1.5);
  EXPECT_EQ(scope.metrics(1).gauge().data_points(1).attributes_size(), 1);
  const auto& histogram = scope.metrics(2).histogram();
  EXPECT_EQ(static_cast<int>(histogram.aggregation_temporality()), 2);
  EXPECT_EQ(histogram.data_points(0).count(), 4u);
  EXPECT_EQ(histogram.data_points(0).sum(), 9.5);
  EXPECT_EQ(histogram.data_points(0).bucket_counts(0), 3u);
  EXPECT_EQ(histogram.data_points(0).explicit_bounds(1), 2.0);
}

TEST(OwnMetricsTest, WithoutMetricsThereAreNoPoints) {
  EXPECT_EQ(encode({}, {}, {}, {}).point_count, 0u);
}

}  // namespace
}  // namespace millrace::receivers::own_telemetry
