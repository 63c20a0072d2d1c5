#include "processors/transform/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "rules/testing/process.h"

namespace millrace::processors::transform {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string errors_of(std::string_view yaml) {
  Options options;
  return rules::testing::read_yaml(yaml, read_options, &options);
}

TEST(TransformOptionsTest, AcceptsWhatOtelcolAccepts) {
  for (const std::string_view yaml : {
           "",
           "error_mode: Propagate",
           "trace_statements: []",
           "log_statements: ['set(log.body, \"a\")']",
           "log_statements: [{context: LOG, statements: ['set(body, \"a\")']}]",
           "log_statements: [{statements: ['set(log.body, \"a\")'], error_mode: silent}]",
           // Mappings in front of texts.
           "log_statements: [{context: log, statements: []}, 'set(log.body, \"a\")']",
           "metric_statements: [{context: metric, conditions: [type == 1], statements: ['set(name, "
           "\"a\")']}]",
           "flatten_data: false",
           "statement_metrics: 5",
       }) {
    EXPECT_EQ(errors_of(yaml), "") << yaml;
  }
}

TEST(TransformOptionsTest, RefusesWhatOtelcolRefuses) {
  const std::pair<std::string_view, std::string_view> kCases[] = {
      {"trace_statements:", "expected a list, found nothing"},
      {"error_mode: ''", "found \"\""},
      {"error_mode: never", "expected ignore, silent or propagate, found \"never\""},
      {"log_statements: ['set(log.body, \"a\")', {context: log}]", "only texts, or only mappings"},
      {"log_statements: [~]", "test.yaml:1:18: error: p::log_statements[0]: the element is empty"},
      {"log_statements: {context: log}", "expected a list"},
      {"log_statements: [{context: span, statements: []}]",
       "unknown context \"span\" for logs: expected one of resource, scope, log"},
      {"log_statements: [{statements: []}]", "the context of these statements cannot be inferred"},
      {"log_statements: ['set(body, \"a\")']",
       "the context of these statements cannot be inferred"},
      {"log_statements: [{context: log, statments: []}]", "statments"},
      {"trace_statements: ['set(log.body, \"a\")']", "does not belong to this signal"},
      {"trace_statements: ['set(instrumentation_scope.name, \"a\")']", "cannot be inferred"},
      {"flatten_data: true", "transform.flatten.logs"},
  };
  for (const auto& [yaml, expected] : kCases) EXPECT_THAT(errors_of(yaml), HasSubstr(expected));
}

TEST(TransformOptionsTest, AnErrorShowsThePlaceAndACaret) {
  EXPECT_THAT(errors_of("log_statements:\n"
                        "- context: log\n"
                        "  statements:\n"
                        "  - set(body, \"a\")\n"
                        "  - set(body, Cncat([\"a\"], \"\"))\n"),
              StartsWith("test.yaml:5:5: error: p::log_statements[0]::statements[1]: 1:11: unknown "
                         "converter \"Cncat\"; did you mean \"Concat\"?\n"
                         "  set(body, Cncat([\"a\"], \"\"))\n"
                         "            ^"));
}

}  // namespace
}  // namespace millrace::processors::transform
