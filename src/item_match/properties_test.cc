#include "item_match/properties.h"

#include <gtest/gtest.h>

#include <string>

#include "config/testing/read_section.h"
#include "yaml/parse.h"

namespace millrace::item_match {
namespace {

std::string diagnose(std::string_view yaml, MatchConfig* config) {
  return testing::read_section(
             yaml, "processors::span",
             [&](config::Section& section) { read_match_config(section, config); })
      .to_text();
}

struct WrongCase {
  const char* yaml;
  const char* said;
};

const WrongCase kWrong[] = {
    {"include: {services: [a]}", "match_type is missing"},
    {"include: {match_type: strict}", "names nothing"},
    {"include: {match_type: glob, services: [a]}", "glob"},
    {"exclude: {match_type: strict, log_severity_number: {min: LOUD}}", "LOUD"},
    {"exclude: {match_type: strict, log_severity_number: {match_undefined: true}}",
     "min is missing"},
    {"include: {match_type: regexp, services: ['*']}", "no regular expression"},
    {"include: {match_type: regexp, services: ['\\C']}", "single byte"},
    {"include: {match_type: strict, span_kinds: [SERVER]}", "SPAN_KIND_SERVER"},
    {"include: {match_type: strict, span_kinds: [SPAN_KIND_UNSPECIFIED]}", "SPAN_KIND_SERVER"},
    {"include: {match_type: strict, attributes: [{value: 1}]}", "key is missing"},
    {"include: {match_type: regexp, attributes: [{key: a, value: [x]}]}", "must be text"},
    {"include: {match_type: regexp, attributes: [{key: a, value: 80}]}", "must be text"},
    {"include: {match_type: strict, libraries: [{version: '1'}]}", "name is missing"},
    {"include: {match_type: strict, span_name: [a]}", "span_names"},
};

TEST(PropertiesTest, EachMistakeIsNamedWithItsPlace) {
  for (const WrongCase& c : kWrong) {
    MatchConfig config;
    const std::string found = diagnose(c.yaml, &config);
    EXPECT_NE(found.find(c.said), std::string::npos) << c.yaml << "\n" << found;
    EXPECT_NE(found.find("a.yaml"), std::string::npos) << c.yaml;
  }
}

TEST(PropertiesTest, CacheOfPatternsIsAcceptedWithoutEffect) {
  MatchConfig config;
  const std::string found = diagnose(
      "exclude: {match_type: regexp, services: [a], regexp: {cacheenabled: true}}", &config);
  EXPECT_NE(found.find("warning"), std::string::npos);
  EXPECT_EQ(found.find("error"), std::string::npos) << found;
}

struct SignalCase {
  const char* property;
  Signal accepted_by;  // and refused by the others
};

TEST(PropertiesTest, PropertiesOfAnotherSignalAreRefused) {
  const SignalCase cases[] = {
      {"services: [a]", Signal::kTraces},
      {"span_names: [a]", Signal::kTraces},
      {"span_kinds: [SPAN_KIND_SERVER]", Signal::kTraces},
      {"log_bodies: [a]", Signal::kLogs},
      {"log_severity_texts: [a]", Signal::kLogs},
      {"log_severity_number: {min: 1}", Signal::kLogs},
      {"metric_names: [a]", Signal::kMetrics},
  };
  for (const SignalCase& c : cases) {
    MatchConfig config;
    EXPECT_EQ(diagnose("include: {match_type: strict, " + std::string(c.property) + "}", &config),
              "");
    for (const Signal signal : {Signal::kTraces, Signal::kMetrics, Signal::kLogs}) {
      const Status checked = check_signal(config, signal);
      EXPECT_EQ(checked.has_value(), signal == c.accepted_by) << c.property;
      if (checked) continue;
      EXPECT_NE(checked.error().message.find("include::"), std::string::npos);
    }
  }
}

TEST(PropertiesTest, MetricsHaveNoAttributesOrLibraries) {
  for (const char* property : {"attributes: [{key: a}]", "libraries: [{name: a}]"}) {
    MatchConfig config;
    EXPECT_EQ(diagnose("exclude: {match_type: strict, " + std::string(property) + "}", &config),
              "");
    EXPECT_FALSE(check_signal(config, Signal::kMetrics));
    EXPECT_TRUE(check_signal(config, Signal::kTraces));
    EXPECT_TRUE(check_signal(config, Signal::kLogs));
  }
}

// RE2 here knows only the first form of a named group.
TEST(PatternTest, NamedGroupsOfGoAreRead) {
  const std::pair<const char*, const char*> cases[] = {
      {"(?P<a>x)", "x"},        {"(?<a>x)", "x"},        {"\\(?<a", "(<a"},
      {"[(?<a>]", "<"},         {"[]](?<a>x)", "]x"},    {"[^]](?<a>x)", "yx"},
      {"\\Q(?<a>\\E", "(?<a>"}, {"[\\](?<a>]", "(?<a>"},
  };
  for (const auto& [pattern, text] : cases) {
    const auto root = yaml::parse("{}", "a.yaml");
    config::Diagnostics diagnostics;
    config::Section section(*root, diagnostics, "processors::span");
    const Pattern compiled = read_pattern(section, "pattern", pattern);
    ASSERT_NE(compiled, nullptr) << pattern << diagnostics.to_text();
    EXPECT_TRUE(finds(*compiled, text)) << pattern;
  }
}

}  // namespace
}  // namespace millrace::item_match
