#include "connectors/spanmetrics/options.h"

#include <gtest/gtest.h>

#include <string>

#include "connectors/spanmetrics/adjusted_count.h"
#include "yaml/parse.h"

namespace millrace::connectors::spanmetrics {
namespace {

std::string read(std::string_view text, Options& options) {
  const auto root = yaml::parse(text, "test.yaml");
  if (!root) return root.error().message;
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "connectors::span_metrics");
  read_options(section, options);
  section.finish();
  return diagnostics.has_errors() ? diagnostics.to_text() : "";
}
bool names(std::string_view text, std::string_view word) {
  Options options;
  const std::string errors = read(text, options);
  return errors.find(word) != std::string::npos;
}

TEST(OptionsTest, DefaultsAreThoseOfOtelcol) {
  Options options;
  EXPECT_EQ(read("{}", options), "");
  EXPECT_EQ(options.metric_namespace, "traces.span.metrics");
  EXPECT_EQ(options.flush_interval, 60s);
  EXPECT_EQ(options.bounds.size(), 16u);
  EXPECT_EQ(options.bounds[0], 2);
  EXPECT_EQ(options.resources_max, 1000u);
  EXPECT_TRUE(options.counts_and_durations_agree());
}

TEST(OptionsTest, BucketsAreInTheUnit) {
  Options options;
  EXPECT_EQ(read("histogram: {unit: s, explicit: {buckets: [100us, 5ms, 1s]}}", options), "");
  EXPECT_EQ(options.bounds, (std::vector<double>{0.0001, 0.005, 1}));
  Options seconds;
  EXPECT_EQ(read("histogram: {unit: s}", seconds), "");
  EXPECT_EQ(seconds.bounds[0], 0.002);
}

TEST(OptionsTest, GlobsStopAtDots) {
  Options options;
  EXPECT_EQ(read("dimensions: [{glob: 'http.*'}, {glob: 'db.**'}]", options), "");
  EXPECT_TRUE(item_match::finds(*options.dimensions.globs[0], "http.method"));
  EXPECT_FALSE(item_match::finds(*options.dimensions.globs[0], "http.request.size"));
  EXPECT_TRUE(item_match::finds(*options.dimensions.globs[1], "db.a.b"));
}

TEST(OptionsTest, MistakesAreNamed) {
  EXPECT_TRUE(names("dimensions: [{name: span.name}]", "duplicate dimension name \"span.name\""));
  EXPECT_TRUE(names("dimensions: [{name: a}, {name: a}]", "duplicate"));
  EXPECT_TRUE(names("dimensions: [{}]", "name or glob"));
  EXPECT_TRUE(names("dimensions: [{name: a, glob: b}]", "name or glob"));
  EXPECT_TRUE(names("dimensions: [{glob: 'span.*'}]", "span.name"));
  EXPECT_TRUE(names("histogram: {explicit: {}, exponential: {}}", "either explicit or"));
  EXPECT_TRUE(names("histogram: {unit: h}", "ms or s"));
  EXPECT_TRUE(names("events: {enabled: true}", "dimensions"));
  EXPECT_TRUE(names("metrics_flush_interval: 0s", "greater than 0"));
}

TEST(AdjustedCountTest, ThresholdsAreReadFromTheTraceState) {
  EXPECT_EQ(rejection_threshold("ot=th:8"), uint64_t{1} << 55);
  EXPECT_EQ(rejection_threshold("a=b, ot=rv:1;th:c0"), uint64_t{3} << 54);
  EXPECT_EQ(rejection_threshold("ot=th:"), std::nullopt);
  EXPECT_EQ(rejection_threshold("ot=th:xyz"), std::nullopt);
  EXPECT_EQ(rejection_threshold("th:8"), std::nullopt);
  Random random(1);
  EXPECT_EQ(adjusted_count("ot=th:c", random).count, 4u);
  uint64_t sum = 0;  // a threshold of 1/3 stands for 1.5 spans
  for (int i = 0; i < 10'000; ++i) sum += adjusted_count("ot=th:55555555555555", random).count;
  EXPECT_NEAR(static_cast<double>(sum), 15'000, 200);
}

}  // namespace
}  // namespace millrace::connectors::spanmetrics
