#include "processors/metricstarttime/options.h"

#include <gtest/gtest.h>

#include <string>

#include "config/testing/read_section.h"

namespace millrace::processors::metricstarttime {
namespace {

std::string read(std::string_view text, Options& options) {
  return testing::read_section(text, "processors::metric_start_time",
                               [&](config::Section& section) { read_options(section, options); })
      .to_text();
}

TEST(OptionsTest, AllKeysAreRead) {
  Options options;
  EXPECT_EQ(read("{}", options), "");
  EXPECT_EQ(options.strategy, Strategy::kTrueResetPoint);
  EXPECT_EQ(options.gc_interval, 10min);
  EXPECT_EQ(read("{strategy: start_time_metric, gc_interval: 1h, start_time_metric_regex: "
                 "'^.+_start$'}",
                 options),
            "");
  EXPECT_EQ(options.strategy, Strategy::kStartTimeMetric);
  EXPECT_EQ(options.gc_interval, 1h);
  EXPECT_TRUE(item_match::finds(*options.start_metric, "a_start"));
}

TEST(OptionsTest, MistakesAreNamed) {
  const auto names = [](std::string_view text, std::string_view word) {
    Options options;
    return read(text, options).find(word) != std::string::npos;
  };
  EXPECT_TRUE(names("strategy: best", "found \"best\""));
  EXPECT_TRUE(names("gc_interval: 0s", "must be positive"));
  EXPECT_TRUE(names("start_time_metric_regex: a", "start_time_metric only"));
  EXPECT_TRUE(names("{strategy: start_time_metric, start_time_metric_regex: '('}", "regex"));
}

}  // namespace
}  // namespace millrace::processors::metricstarttime
