#include "processors/groupbyattrs/options.h"
#include "config/testing/read_section.h"

#include <gtest/gtest.h>

namespace millrace::processors::groupbyattrs {
namespace {

std::string diagnose(std::string_view yaml, Options* options) {
  return testing::read_section(yaml, "processors::groupbyattrs",
                               [&](config::Section& section) { read_options(section, *options); })
      .to_text();
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
