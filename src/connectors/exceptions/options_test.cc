#include "connectors/exceptions/options.h"

#include <gtest/gtest.h>

#include "config/testing/read_section.h"

namespace millrace::connectors::exceptions {
namespace {

std::string read(std::string_view text, Options& options) {
  return testing::read_section(text, "connectors::exceptions",
                               [&](config::Section& section) { read_options(section, options); })
      .to_text();
}

TEST(OptionsTest, AllKeysAreRead) {
  Options options;
  EXPECT_EQ(read("{}", options), "");
  ASSERT_EQ(options.dimensions.size(), 2u);
  EXPECT_EQ(options.dimensions[1].name, "exception.message");
  EXPECT_EQ(
      read("{dimensions: [{name: a, default: x}, {name: b}], exemplars: {enabled: true}}", options),
      "");
  ASSERT_EQ(options.dimensions.size(), 2u);
  EXPECT_EQ(options.dimensions[0].name, "a");
  EXPECT_TRUE(options.dimensions[0].default_value.has_value());
  EXPECT_FALSE(options.dimensions[1].default_value.has_value());
  EXPECT_TRUE(options.has_exemplars);
}

TEST(OptionsTest, MistakesAreNamed) {
  Options options;
  EXPECT_NE(read("dimensions: [{name: span.kind}]", options).find("duplicate"), std::string::npos);
  EXPECT_NE(read("dimension: []", options).find("dimensions"), std::string::npos);
}

}  // namespace
}  // namespace millrace::connectors::exceptions
