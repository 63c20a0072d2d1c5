#include "processors/attributes/options.h"
#include "config/testing/read_section.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::processors::attributes {
namespace {

std::string diagnose(std::string_view yaml) {
  Options options;
  return testing::read_section(
             yaml, "processors::attributes",
             [&](config::Section& section) { read_attributes_options(section, &options); })
      .to_text();
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
    {"actions: [{key: a, action: insert, from_context: auth.sub}]", "not supported"},
    {"actions: [{key: a, action: insert, value: ~}]", "exactly one of value"},
    {"actions: [{key: a, action: delete, value: 1}]", "takes no value"},
    {"actions: [{key: a, action: hash, from_attribute: b}]", "takes no value"},
    {"actions: [{key: a, action: convert, converted_type: int, from_context: b}]",
     "takes no value"},
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
    {"actions: [{key: a, action: insert, valu: 1}]", "value"},
};

TEST(OptionsTest, EachMistakeIsNamedWithItsPlace) {
  for (const WrongCase& c : kWrong) {
    const std::string found = diagnose(c.yaml);
    EXPECT_NE(found.find(c.said), std::string::npos) << c.yaml << "\n" << found;
    EXPECT_NE(found.find("a.yaml"), std::string::npos) << c.yaml;
  }
}

// otelcol reads these and leaves something out.
TEST(OptionsTest, WhatHasNoEffectIsAWarning) {
  for (const char* yaml : {"actions: [{key: a, action: delete, from_context: b}]",
                           "actions: [{key: a, action: hash, default_value: 1}]"}) {
    const std::string found = diagnose(yaml);
    EXPECT_NE(found.find("warning"), std::string::npos) << yaml << found;
    EXPECT_EQ(found.find("error"), std::string::npos) << yaml << found;
  }
  EXPECT_EQ(diagnose("actions: [{key: a, action: insert, value: 1, default_value: 2}]"), "");
  EXPECT_EQ(diagnose("actions: [{key: a, action: insert, default_value: 2}]"), "");
}

}  // namespace
}  // namespace millrace::processors::attributes
