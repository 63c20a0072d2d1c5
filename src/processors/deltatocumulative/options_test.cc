#include "processors/deltatocumulative/options.h"

#include <gtest/gtest.h>

#include <string>

#include "yaml/parse.h"

namespace millrace::processors::deltatocumulative {
namespace {

std::string read(std::string_view text, Options& options) {
  const auto root = yaml::parse(text, "test.yaml");
  if (!root) return root.error().message;
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "processors::delta_to_cumulative");
  read_options(section, options);
  section.finish();
  return diagnostics.has_errors() ? diagnostics.to_text() : "";
}

TEST(OptionsTest, DefaultsAreThoseOfOtelcol) {
  Options options;
  EXPECT_EQ(read("{}", options), "");
  EXPECT_EQ(options.max_stale, 5min);
  EXPECT_EQ(options.max_streams, SIZE_MAX);
}

TEST(OptionsTest, MistakesAreNamed) {
  Options options;
  EXPECT_EQ(read("{max_stale: 1m, max_streams: 10}", options), "");
  EXPECT_EQ(options.max_streams, 10u);
  EXPECT_NE(read("max_stale: 0s", options).find("max_stale"), std::string::npos);
  EXPECT_NE(read("max_streams: -1", options).find("max_streams"), std::string::npos);
}

}  // namespace
}  // namespace millrace::processors::deltatocumulative
