#include "processors/groupbyattrs/options.h"

#include <gtest/gtest.h>

#include "yaml/parse.h"

namespace millrace::processors::groupbyattrs {
namespace {

std::string diagnose(std::string_view yaml, Options* options) {
  const auto root = yaml::parse(yaml, "a.yaml");
  EXPECT_TRUE(root.has_value());
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "processors::groupbyattrs");
  read_options(section, *options);
  section.finish();
  return diagnostics.to_text();
}

TEST(OptionsTest, KeysAreReadOnce) {
  Options options;
  const std::string found = diagnose("{keys: [a, '', b, a]}", &options);
  EXPECT_EQ(options.keys, (std::vector<std::string>{"a", "b"}));
  EXPECT_NE(found.find("given twice"), std::string::npos);
  EXPECT_EQ(found.find("error"), std::string::npos);
}

TEST(OptionsTest, NoKeysAreGood) {
  for (const char* yaml : {"{}", "{keys: []}", "{keys: }"}) {
    Options options;
    EXPECT_EQ(diagnose(yaml, &options), "");
    EXPECT_TRUE(options.keys.empty());
  }
}

TEST(OptionsTest, UnknownKeysAreErrors) {
  Options options;
  EXPECT_NE(diagnose("{key: [a]}", &options).find("keys"), std::string::npos);
}

}  // namespace
}  // namespace millrace::processors::groupbyattrs
