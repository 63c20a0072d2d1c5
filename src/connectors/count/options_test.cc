#include "connectors/count/options.h"

#include <gtest/gtest.h>

#include <string>

#include "config/testing/read_section.h"

namespace millrace::connectors::count {
namespace {

using ottl::Context;

std::string read(std::string_view text, Options& options) {
  return testing::read_section(text, "connectors::count",
                               [&](config::Section& section) { read_options(section, options); })
      .to_text();
}
bool names(std::string_view text, std::string_view word) {
  Options options;
  return read(text, options).find(word) != std::string::npos;
}

TEST(OptionsTest, WithoutMetricsEverythingIsCounted) {
  Options options;
  EXPECT_EQ(read("{}", options), "");
  EXPECT_EQ(options.of(Context::kSpan)[0].name, "trace.span.count");
  EXPECT_EQ(options.of(Context::kSpanEvent)[0].name, "trace.span.event.count");
  EXPECT_EQ(options.of(Context::kMetric)[0].name, "metric.count");
  EXPECT_EQ(options.of(Context::kDataPoint)[0].name, "metric.datapoint.count");
  EXPECT_EQ(options.of(Context::kLog)[0].name, "log.record.count");
}

TEST(OptionsTest, OwnMetricsTakeThePlaceOfTheDefault) {
  Options options;
  EXPECT_EQ(read("spans: {slow: {description: d, conditions: ['attributes[\"a\"] == 1'], "
                 "attributes: [{key: env, default_value: dev}]}}",
                 options),
            "");
  ASSERT_EQ(options.of(Context::kSpan).size(), 1u);
  EXPECT_EQ(options.of(Context::kSpan)[0].name, "slow");
  EXPECT_EQ(options.of(Context::kSpan)[0].conditions.size(), 1u);
  EXPECT_TRUE(options.of(Context::kSpan)[0].attributes[0].default_value.has_value());
  EXPECT_EQ(options.of(Context::kLog)[0].name, "log.record.count");
}

TEST(OptionsTest, MistakesAreNamed) {
  EXPECT_TRUE(names("spans: {x: {conditions: ['nmae == 1']}}", "nmae"));
  EXPECT_TRUE(names("spans: {x: {attributes: [{default_value: 1}]}}", "key is missing"));
  EXPECT_TRUE(names("metrics: {x: {attributes: [{key: a}]}}", "no attributes"));
  EXPECT_TRUE(names("profiles: {x: {}}", "profiles"));
}

}  // namespace
}  // namespace millrace::connectors::count
