#include "connectors/exceptions/options.h"

#include <gtest/gtest.h>

#include "yaml/parse.h"

namespace millrace::connectors::exceptions {
namespace {

std::string read(std::string_view text, Options& options) {
  const auto root = yaml::parse(text, "test.yaml");
  if (!root) return root.error().message;
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "connectors::exceptions");
  read_options(section, options);
  section.finish();
  return diagnostics.has_errors() ? diagnostics.to_text() : "";
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
