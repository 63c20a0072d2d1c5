#include "processors/interval/options.h"

#include <gtest/gtest.h>

#include <string>

#include "config/testing/read_section.h"

namespace millrace::processors::interval {
namespace {

std::string read(std::string_view text, Options& options) {
  return testing::read_section(text, "processors::interval",
                               [&](config::Section& section) { read_options(section, options); })
      .to_text();
}

TEST(OptionsTest, AllKeysAreRead) {
  Options options;
  EXPECT_EQ(read("{}", options), "");
  EXPECT_EQ(options.interval, 60s);
  EXPECT_FALSE(options.pass_gauges || options.pass_summaries);
  EXPECT_EQ(read("{interval: 5s, pass_through: {gauge: true, summary: true}}", options), "");
  EXPECT_EQ(options.interval, 5s);
  EXPECT_TRUE(options.pass_gauges && options.pass_summaries);
}

TEST(OptionsTest, MistakesAreNamed) {
  Options options;
  EXPECT_NE(read("interval: 0s", options).find("must be positive"), std::string::npos);
  EXPECT_NE(read("pass_through: {sum: true}", options).find("sum"), std::string::npos);
}

}  // namespace
}  // namespace millrace::processors::interval
