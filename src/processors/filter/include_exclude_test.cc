#include "processors/filter/include_exclude.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/log.h"
#include "processors/filter/filter_processor.h"
#include "rules/testing/process.h"

namespace millrace::processors::filter {
namespace {

using millrace::testing::request_of_json;
using ::testing::HasSubstr;

std::string errors_of(std::string_view yaml) {
  Options options;
  return rules::testing::read_yaml(yaml, read_options, &options);
}

// The values of `member` that are left, in order: "a b".
std::string left(Signal signal, std::string_view yaml, std::string_view json,
                 std::string_view member) {
  auto options = std::make_shared<Options>();
  EXPECT_EQ(rules::testing::read_yaml(yaml, read_options, options.get()), "") << yaml;
  Logger log({}, {}, [] { return 0; });
  metrics::Registry registry;
  const auto processor = make_filter_processor(
      {.name = "filter",
       .signal = signal,
       .options = options,
       .tally = std::make_shared<rules::Tally>(
           rules::TallyOptions{.rules = options->signals[index_of(signal)].texts}, registry, log),
       .metrics = registry});
  const std::string kept =
      rules::testing::process(*processor, signal, Rope(request_of_json(signal, json))).json;
  std::string found;
  const std::string begin = std::string(member) + ":\"";
  for (size_t at = kept.find(begin); at != std::string::npos; at = kept.find(begin, at + 1)) {
    const size_t from = at + begin.size();
    found += (found.empty() ? "" : " ") + kept.substr(from, kept.find('"', from) - from);
  }
  return found;
}

const char kSpans[] = R"({"resourceSpans":[
  {"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},
   "scopeSpans":[{"scope":{"version":"1"},"spans":[
      {"name":"a","kind":2,"attributes":[{"key":"n","value":{"intValue":"7"}}]},{"name":"b"}]}]},
  {"scopeSpans":[{"spans":[{"name":"c"},{"name":"ab"}]}]}]})";

TEST(IncludeExcludeTest, ChoosesSpans) {
  const auto spans = [](std::string_view yaml) {
    return left(Signal::kTraces, yaml, kSpans, "name");
  };
  EXPECT_EQ(spans("spans: {include: {match_type: strict, span_names: [a, c]}}"), "a c");
  EXPECT_EQ(spans("spans: {exclude: {match_type: regexp, span_names: [a]}}"), "b c");
  EXPECT_EQ(spans("spans: {include: {match_type: strict, services: [shop]}}"), "a b");
  EXPECT_EQ(spans("spans: {include: {match_type: regexp, span_names: [a]},"
                  "        exclude: {match_type: strict, services: [shop]}}"),
            "ab");
  EXPECT_EQ(spans("spans: {exclude: {match_type: strict, attributes: [{key: n, value: 7}]}}"),
            "b c ab");
  EXPECT_EQ(spans("spans: {include: {match_type: strict, span_kinds: [SPAN_KIND_SERVER]}}"), "a");
  // The new conditions win.
  EXPECT_EQ(spans("trace_conditions: ['span.name == \"a\"']\n"
                  "spans: {exclude: {match_type: strict, span_names: [b]}}"),
            "b c ab");
}

const char kLogs[] = R"({"resourceLogs":[
  {"resource":{"attributes":[{"key":"env","value":{"stringValue":"test"}}]},
   "scopeLogs":[{"logRecords":[{"severityNumber":9,"severityText":"i","body":{"stringValue":"one"}},
                               {"severityNumber":17,"severityText":"e",
                                "attributes":[{"key":"k","value":{"boolValue":true}}]}]}]},
  {"scopeLogs":[{"logRecords":[{"severityText":"u","body":{"intValue":"12"}}]}]}]})";

TEST(IncludeExcludeTest, ChoosesLogRecords) {
  const auto logs = [](std::string_view yaml) {
    return left(Signal::kLogs, yaml, kLogs, "severityText");
  };
  EXPECT_EQ(logs("logs: {include: {severity_number: {min: warn}}}"), "e");
  EXPECT_EQ(logs("logs: {include: {severity_number: {min: INFO, match_undefined: true}}}"),
            "i e u");
  EXPECT_EQ(logs("logs: {exclude: {match_type: regexp, bodies: ['^1', 'n']}}"), "e");
  EXPECT_EQ(logs("logs: {include: {match_type: strict, severity_texts: [i, u]}}"), "i u");
  EXPECT_EQ(logs("logs: {include: {match_type: strict, record_attributes: [{key: k}]}}"), "e");
  EXPECT_EQ(logs("logs: {exclude: {match_type: regexp,"
                 "       resource_attributes: [{key: env, value: t}]}}"),
            "u");
  // Without a property it is as if it were not there.
  EXPECT_EQ(logs("logs: {include: {match_type: strict}}"), "i e u");
}

const char kMetrics[] = R"({"resourceMetrics":[
  {"resource":{"attributes":[{"key":"env","value":{"stringValue":"test"}}]},
   "scopeMetrics":[{"metrics":[{"name":"cpu.time","sum":{"dataPoints":[{"asInt":"1"}]}},
                               {"name":"cpu","gauge":{"dataPoints":[{"asInt":"1"}]}}]}]},
  {"scopeMetrics":[{"metrics":[{"name":"mem","gauge":{"dataPoints":[{"asInt":"1"}]}}]}]}]})";

TEST(IncludeExcludeTest, ChoosesMetrics) {
  const auto metrics = [](std::string_view yaml) {
    return left(Signal::kMetrics, yaml, kMetrics, "name");
  };
  EXPECT_EQ(metrics("metrics: {include: {match_type: strict, metric_names: [cpu, mem]}}"),
            "cpu mem");
  EXPECT_EQ(metrics("metrics: {exclude: {match_type: regexp, metric_names: ['^cpu'],"
                    "          regexp: {cacheenabled: true}}}"),
            "mem");
  // Names and resources are compared each by itself.
  EXPECT_EQ(metrics("metrics: {include: {match_type: strict, metric_names: [cpu, mem],"
                    "          resource_attributes: [{key: env, value: test}]}}"),
            "cpu");
  EXPECT_EQ(metrics("metrics: {exclude: {match_type: strict, metric_names: [mem],"
                    "          resource_attributes: [{key: env}]}}"),
            "");
}

TEST(IncludeExcludeTest, RefusesWhatOtelcolRefuses) {
  const std::pair<std::string_view, std::string_view> kCases[] = {
      {"metrics: {include: {metric_names: [a]}}", "match_type is missing"},
      {"logs: {include: {match_type: strict, severity_number: {min: LOUD}}}", "found \"LOUD\""},
      {"metrics: {metric: ['true'], include: {match_type: strict, metric_names: [a]}}",
       "cannot be used at the same time"},
      {"log_conditions: ['log.body == nil']\nlogs: {include: {match_type: strict, bodies: [a]}}",
       "cannot be used at the same time"},
      {"spans: {include: {match_type: strict, span_names: [a]}}\ntraces: {span: []}",
       "cannot be used at the same time"},
      {"logs: {include: {match_type: regexp, bodies: ['(']}}", "("},
  };
  for (const auto& [yaml, expected] : kCases) {
    EXPECT_THAT(errors_of(yaml), HasSubstr(expected)) << yaml;
  }
}

TEST(IncludeExcludeTest, ShowsTheOttlOfAnExpression) {
  EXPECT_THAT(errors_of("metrics: {exclude: {match_type: expr, expressions: "
                        "['MetricName == \"a\" && HasLabel(\"k\")', 'Label(\"k\") == \"v\"']}}"),
              HasSubstr("metrics: {metric: ['name == \"a\" and HasAttrKeyOnDatapoint(\"k\")', "
                        "'HasAttrOnDatapoint(\"k\", \"v\")']}"));
}

}  // namespace
}  // namespace millrace::processors::filter
