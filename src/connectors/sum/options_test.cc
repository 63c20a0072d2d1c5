#include "connectors/sum/options.h"

#include <gtest/gtest.h>

#include <string>

#include "config/testing/read_section.h"

namespace millrace::connectors::sum {
namespace {

using ottl::Context;

std::string read(std::string_view text, Options& options) {
  return testing::read_section(text, "connectors::sum",
                               [&](config::Section& section) { read_options(section, options); })
      .to_text();
}
bool names(std::string_view text, std::string_view word) {
  Options options;
  return read(text, options).find(word) != std::string::npos;
}

TEST(OptionsTest, EachMetricNamesItsSource) {
  Options options;
  EXPECT_EQ(read("{spans: {paid: {source_attribute: amount, attributes: [{key: a}, {key: b, "
                 "default_value: x}, {key: c, default_value: 0}]}}, logs: {size: "
                 "{source_attribute: bytes}}}",
                 options),
            "");
  ASSERT_EQ(options.of(Context::kSpan).size(), 1u);
  EXPECT_EQ(options.of(Context::kSpan)[0].source_attribute, "amount");
  EXPECT_TRUE(options.of(Context::kSpan)[0].attributes[1].default_value.has_value());
  EXPECT_FALSE(options.of(Context::kSpan)[0].attributes[2].default_value.has_value());
  EXPECT_EQ(options.of(Context::kLog)[0].source_attribute, "bytes");
  EXPECT_TRUE(options.of(Context::kDataPoint).empty()) << "nothing is added up by itself";
}

TEST(OptionsTest, MistakesAreNamed) {
  EXPECT_TRUE(names("spans: {x: {}}", "source_attribute is missing"));
  EXPECT_TRUE(names("spans: {x: {source_attribute: a, attributes: [{default_value: 1}]}}",
                    "key is missing"));
  EXPECT_TRUE(
      names("metrics: {x: {source_attribute: a, attributes: [{key: a}]}}", "no attributes"));
  EXPECT_TRUE(names("profiles: {x: {}}", "profiles"));
}

}  // namespace
}  // namespace millrace::connectors::sum
