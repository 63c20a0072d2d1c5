#include "processors/filter/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "rules/testing/process.h"

namespace millrace::processors::filter {
namespace {

using ::testing::HasSubstr;

std::string errors_of(std::string_view yaml) {
  Options options;
  return rules::testing::read_yaml(yaml, read_options, &options);
}

TEST(FilterOptionsTest, AcceptsWhatOtelcolAccepts) {
  for (const std::string_view yaml : {
           "",
           "error_mode: silent",
           "traces:",
           "traces: {span: []}",
           "traces: {span: ['name == \"a\"', 'resource.attributes[\"a\"] == nil']}",
           "traces: {span: 'name == \"a\"'}",
           "logs: {log_record: ['severity_number < SEVERITY_NUMBER_WARN']}",
           "metrics: {metric: ['type == METRIC_DATA_TYPE_SUM'], datapoint: ['flags == 0']}",
           "trace_conditions: ['span.name == \"a\"', 'resource.attributes[\"a\"] == nil']",
           "log_conditions: [{context: log, conditions: ['body == nil'], error_mode: ignore}]",
           "trace_conditions: [{conditions: ['span.name == \"a\"']}]",
       }) {
    EXPECT_EQ(errors_of(yaml), "") << yaml;
  }
}

TEST(FilterOptionsTest, RefusesWhatOtelcolRefuses) {
  const std::pair<std::string_view, std::string_view> kCases[] = {
      {"traces: {span: ['nme == \"a\"']}", "did you mean \"name\"?"},
      {"traces: {span: ['name']}", "error"},
      {"trace_conditions: ['name == \"a\"']", "cannot be inferred"},
      {"trace_conditions: ['span.name == \"a\"', {context: span}]", "only texts, or only mappings"},
      {"trace_conditions: [{context: span}, 'span.name == \"a\"']", "only texts, or only mappings"},
      {"trace_conditions: ['span.name == \"a\"']\ntraces: {span: ['true']}",
       "trace_conditions and traces cannot be used at the same time"},
      {"traces: {spn: []}", "spn"},
  };
  for (const auto& [yaml, expected] : kCases) EXPECT_THAT(errors_of(yaml), HasSubstr(expected));
}

}  // namespace
}  // namespace millrace::processors::filter
