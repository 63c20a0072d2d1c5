#include "processors/span/options.h"
#include "config/testing/read_section.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::processors::span {
namespace {

std::string diagnose(std::string_view yaml, Options* options) {
  return testing::read_section(yaml, "processors::span",
                               [&](config::Section& section) { read_options(section, *options); })
      .to_text();
}

TEST(OptionsTest, EachMistakeIsNamedWithItsPlace) {
  const std::pair<const char*, const char*> cases[] = {
      {"{}", "nothing to do"},
      {"{name: {separator: x}}", "nothing to do"},
      {"{name: {to_attributes: {rules: []}}}", "nothing to do"},
      {"{name: {to_attributes: {rules: ['(']}}}", "no regular expression"},
      {"{status: {}}", "expected code"},
      {"{status: {code: ok}}", "Ok"},
      {"{status: {code: Ok, description: x}}", "only for the code Error"},
      {"{name: {from_attribute: [a]}}", "from_attributes"},
      {"{status: {code: Ok}, include: {match_type: strict}}", "names nothing"},
  };
  for (const auto& [yaml, said] : cases) {
    Options options;
    const std::string found = diagnose(yaml, &options);
    EXPECT_NE(found.find(said), std::string::npos) << yaml << "\n" << found;
    EXPECT_NE(found.find("a.yaml"), std::string::npos) << yaml;
  }
}

TEST(OptionsTest, RulesKeepTheNamesOfTheirGroups) {
  Options options;
  EXPECT_EQ(diagnose("{name: {to_attributes: {rules: ['^/(?P<a>x)/(y)/(?<b>z)']}}}", &options), "");
  ASSERT_EQ(options.rules.size(), 1u);
  EXPECT_EQ(options.rules[0].group_names, (std::vector<std::string>{"a", "", "b"}));
  EXPECT_FALSE(options.break_after_match);
  EXPECT_FALSE(options.keep_original_name);
}

}  // namespace
}  // namespace millrace::processors::span
