#include "processors/attributes/options.h"

#include <gtest/gtest.h>

#include <string>

#include "processors/attributes/value.h"
#include "yaml/parse.h"

namespace millrace::processors::attributes {
namespace {

std::string diagnose(std::string_view yaml) {
  const auto root = yaml::parse(yaml, "a.yaml");
  EXPECT_TRUE(root.has_value());
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "processors::attributes");
  Options options;
  read_attributes_options(section, &options);
  section.finish();
  return diagnostics.to_text();
}

struct WrongCase {
  const char* yaml;
  const char* said;
};

const WrongCase kWrong[] = {
    {"exclude: {match_type: strict, services: [a]}", "actions is missing"},
    {"actions: [{key: a}]", "action is missing"},
    {"actions: [{key: a, action: remove}]", "found \"remove\""},
    {"actions: [{action: insert, value: 1}]", "key is missing"},
    {"actions: [{key: a, action: insert}]", "exactly one of value"},
    {"actions: [{key: a, action: insert, value: 1, from_attribute: b}]", "found 2"},
    {"actions: [{key: a, action: delete, value: 1}]", "takes no value"},
    {"actions: [{action: delete}]", "key or pattern is missing"},
    {"actions: [{key: a, action: insert, value: 1, pattern: x}]", "take a pattern"},
    {"actions: [{key: a, action: insert, value: 1, converted_type: int}]",
     "only the action convert"},
    {"actions: [{key: a, action: convert}]", "needs converted_type"},
    {"actions: [{key: a, action: convert, converted_type: bool}]", "bool"},
    {"actions: [{key: a, action: extract}]", "needs a pattern"},
    {"actions: [{key: a, action: extract, pattern: 'x(y)'}]", "every group must have a name"},
    {"actions: [{key: a, action: extract, pattern: '('}]", "no regular expression"},
    {"actions: [{key: a, action: extract, pattern: '(?P<half>\\C)'}]", "single byte"},
    {"actions: [{key: a, action: insert, from_context: auth.sub}]", "no authenticators"},
    {"actions: [{key: a, action: insert, from_context: tenant}]", "metadata.<name>"},
    {"actions: [{key: a, action: insert, valu: 1}]", "value"},
    {"actions: [{key: a, action: delete}]\ninclude: {services: [a]}", "match_type is missing"},
    {"actions: [{key: a, action: delete}]\ninclude: {match_type: strict}", "names nothing"},
    {"actions: [{key: a, action: delete}]\ninclude: {match_type: glob, services: [a]}", "glob"},
    {"actions: [{key: a, action: delete}]\n"
     "include: {match_type: strict, log_severity_number: {min: LOUD}}",
     "LOUD"},
    {"actions: [{key: a, action: delete}]\ninclude: {match_type: regexp, services: ['*']}",
     "no regular expression"},
};

TEST(OptionsTest, EachMistakeIsNamedWithItsPlace) {
  for (const WrongCase& c : kWrong) {
    const std::string found = diagnose(c.yaml);
    EXPECT_NE(found.find(c.said), std::string::npos) << c.yaml << "\n" << found;
    EXPECT_NE(found.find("a.yaml"), std::string::npos) << c.yaml;
  }
}

TEST(OptionsTest, CacheOfPatternsIsAcceptedWithoutEffect) {
  const std::string found = diagnose(
      "actions: [{key: a, action: delete}]\n"
      "exclude: {match_type: regexp, services: [a], regexp: {cacheenabled: true}}");
  EXPECT_NE(found.find("warning"), std::string::npos);
  EXPECT_EQ(found.find("error"), std::string::npos) << found;
}

TEST(OptionsTest, PropertiesOfAnotherSignalAreRefused) {
  Options options;
  options.include.emplace().log_bodies.push_back({"text", nullptr});
  EXPECT_TRUE(check_signal(options, Signal::kLogs));
  const Status refused = check_signal(options, Signal::kTraces);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("include::log_bodies"), std::string::npos);
}

TEST(SeverityTest, NamesAndNumbers) {
  EXPECT_EQ(parse_severity("TRACE"), 1);
  EXPECT_EQ(parse_severity("info"), 9);
  EXPECT_EQ(parse_severity("Warn3"), 15);
  EXPECT_EQ(parse_severity("FATAL4"), 24);
  EXPECT_EQ(parse_severity("17"), 17);
  for (const char* wrong : {"", "0", "25", "INFO5", "INFO1", "INFORM"}) {
    EXPECT_EQ(parse_severity(wrong), std::nullopt) << wrong;
  }
}

}  // namespace
}  // namespace millrace::processors::attributes
