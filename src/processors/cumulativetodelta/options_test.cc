#include "processors/cumulativetodelta/options.h"

#include <gtest/gtest.h>

#include <string>

#include "yaml/parse.h"

namespace millrace::processors::cumulativetodelta {
namespace {

using otlp::MetricType;

std::string read(std::string_view text, Options& options) {
  const auto root = yaml::parse(text, "test.yaml");
  if (!root) return root.error().message;
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "processors::cumulative_to_delta");
  read_options(section, options);
  section.finish();
  return diagnostics.has_errors() ? diagnostics.to_text() : "";
}

TEST(OptionsTest, DefaultsAreThoseOfOtelcol) {
  Options options;
  EXPECT_EQ(read("{}", options), "");
  EXPECT_EQ(options.max_staleness, 1h);
  EXPECT_EQ(options.initial_value, InitialValue::kAuto);
  EXPECT_TRUE(options.wants("anything", MetricType::kSum));
}

TEST(OptionsTest, ExcludeWinsOverInclude) {
  Options options;
  EXPECT_EQ(read(R"(
include: {metrics: ["^a"], match_type: regexp, metric_types: [Sum, histogram]}
exclude: {metrics: [ab], match_type: strict}
)",
                 options),
            "");
  EXPECT_TRUE(options.wants("a", MetricType::kSum));
  EXPECT_TRUE(options.wants("abc", MetricType::kHistogram));
  EXPECT_FALSE(options.wants("ab", MetricType::kSum));
  EXPECT_FALSE(options.wants("b", MetricType::kSum));
  EXPECT_FALSE(options.wants("a", MetricType::kExponentialHistogram));
}

TEST(OptionsTest, MistakesAreNamed) {
  const auto names = [](std::string_view text, std::string_view word) {
    Options options;
    return read(text, options).find(word) != std::string::npos;
  };
  EXPECT_TRUE(names("include: {metrics: [a]}", "match_type"));
  EXPECT_TRUE(names("include: {match_type: strict}", "metrics"));
  EXPECT_TRUE(names("include: {metric_types: [gauge]}", "gauge"));
  EXPECT_TRUE(names("initial_value: maybe", "maybe"));
}

}  // namespace
}  // namespace millrace::processors::cumulativetodelta
