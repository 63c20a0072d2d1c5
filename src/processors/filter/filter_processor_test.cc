#include "processors/filter/filter_processor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/log.h"
#include "rules/testing/process.h"

namespace millrace::processors::filter {
namespace {

using millrace::testing::request_of_json;
using rules::testing::canonical;
using rules::testing::Processed;
using ::testing::HasSubstr;

class Filter {
 public:
  Filter(Signal signal, std::string_view yaml) : signal_(signal) {
    auto options = std::make_shared<Options>();
    const std::string errors = rules::testing::read_yaml(yaml, read_options, options.get());
    EXPECT_EQ(errors, "");
    tally_ = std::make_shared<rules::Tally>(
        rules::TallyOptions{"filter", signal, options->signals[index_of(signal)].texts,
                            options->condition_metrics},
        registry_, log_);
    processor_ = make_filter_processor({.name = "filter",
                                        .signal = signal,
                                        .options = options,
                                        .tally = tally_,
                                        .metrics = registry_});
  }
  Processed process(std::string_view json) {
    return rules::testing::process(*processor_, signal_, Rope(request_of_json(signal_, json)));
  }
  std::string metrics() const { return registry_.to_prometheus_text(); }

 private:
  const Signal signal_;
  Logger log_{{}, {}, [] { return 0; }};
  metrics::Registry registry_;
  std::shared_ptr<rules::Tally> tally_;
  std::unique_ptr<pipeline::Processor> processor_;
};

void expect(Signal signal, std::string_view yaml, std::string_view input, std::string_view expected,
            uint32_t filtered_count) {
  Filter filter(signal, yaml);
  const Processed processed = filter.process(input);
  EXPECT_EQ(processed.error, "");
  EXPECT_EQ(processed.json, expected.empty() ? "" : canonical(expected)) << yaml;
  EXPECT_EQ(processed.filtered_count, filtered_count) << yaml;
}

const char kSpans[] = R"({"resourceSpans":[
  {"resource":{"attributes":[{"key":"env","value":{"stringValue":"test"}}]},
   "scopeSpans":[{"scope":{"name":"s1"},"spans":[{"name":"a"},{"name":"b"}]},
                 {"scope":{"name":"s2"},"spans":[{"name":"a"}]}]},
  {"resource":{},"scopeSpans":[{"scope":{"name":"s3"},"spans":[
     {"name":"c","events":[{"name":"x"},{"name":"y"}]},{"name":"a"}]}]}]})";

TEST(FilterTest, RemovesSpansAndWhatIsLeftEmpty) {
  for (const std::string_view yaml :
       {"traces: {span: ['name == \"a\"']}", "trace_conditions: ['span.name == \"a\"']",
        "trace_conditions: [{context: span, conditions: ['name == \"a\"']}]"}) {
    expect(Signal::kTraces, yaml, kSpans, R"({"resourceSpans":[
      {"resource":{"attributes":[{"key":"env","value":{"stringValue":"test"}}]},
       "scopeSpans":[{"scope":{"name":"s1"},"spans":[{"name":"b"}]}]},
      {"resource":{},"scopeSpans":[{"scope":{"name":"s3"},"spans":[
        {"name":"c","events":[{"name":"x"},{"name":"y"}]}]}]}]})",
           3);
  }
}

TEST(FilterTest, RemovesResourcesScopesAndEvents) {
  expect(Signal::kTraces, "traces: {resource: ['attributes[\"env\"] == \"test\"']}", kSpans,
         R"({"resourceSpans":[{"resource":{},"scopeSpans":[{"scope":{"name":"s3"},"spans":[
     {"name":"c","events":[{"name":"x"},{"name":"y"}]},{"name":"a"}]}]}]})",
         3);
  expect(Signal::kTraces, "trace_conditions: ['scope.name == \"s1\"', 'scope.name == \"s3\"']",
         kSpans,
         R"({"resourceSpans":[
  {"resource":{"attributes":[{"key":"env","value":{"stringValue":"test"}}]},
   "scopeSpans":[{"scope":{"name":"s2"},"spans":[{"name":"a"}]}]}]})",
         4);
  expect(Signal::kTraces,
         R"(trace_conditions: ['spanevent.name == "x"', 'span.name == "a"',
                               'resource.attributes["env"] != nil'])",
         kSpans,
         R"({"resourceSpans":[{"resource":{},"scopeSpans":[{"scope":{"name":"s3"},"spans":[
     {"name":"c","events":[{"name":"y"}]}]}]}]})",
         4);
}

TEST(FilterTest, ASpanStaysWithoutItsEvents) {
  expect(Signal::kTraces, "traces: {spanevent: ['name != \"z\"']}", kSpans, R"({"resourceSpans":[
  {"resource":{"attributes":[{"key":"env","value":{"stringValue":"test"}}]},
   "scopeSpans":[{"scope":{"name":"s1"},"spans":[{"name":"a"},{"name":"b"}]},
                 {"scope":{"name":"s2"},"spans":[{"name":"a"}]}]},
  {"resource":{},"scopeSpans":[{"scope":{"name":"s3"},"spans":[{"name":"c"},{"name":"a"}]}]}]})",
         0);
}

TEST(FilterTest, NothingMayBeLeft) {
  expect(Signal::kTraces, "traces: {span: ['true']}", kSpans, "", 5);
  expect(Signal::kTraces, "traces: {resource: ['true']}", kSpans, "", 5);
  expect(Signal::kTraces, "trace_conditions: ['scope.name != nil']", kSpans, "", 5);
}

// As otelcol does, without a match too.
TEST(FilterTest, RemovesWhatWasEmpty) {
  const char kEmpty[] = R"({"resourceSpans":[{"resource":{}},
    {"resource":{},"scopeSpans":[{"scope":{"name":"s"}}]},
    {"resource":{},"scopeSpans":[{"scope":{"name":"s"},"spans":[{"name":"a"}]},{"scope":{}}]}]})";
  expect(Signal::kTraces, "traces: {resource: []}", kEmpty, R"({"resourceSpans":[
    {"resource":{},"scopeSpans":[{"scope":{"name":"s"}}]},
    {"resource":{},"scopeSpans":[{"scope":{"name":"s"},"spans":[{"name":"a"}]},{"scope":{}}]}]})",
         0);
  expect(Signal::kTraces, "traces: {span: ['false']}", kEmpty, R"({"resourceSpans":[
    {"resource":{},"scopeSpans":[{"scope":{"name":"s"},"spans":[{"name":"a"}]}]}]})",
         0);
}

const char kMetrics[] =
    R"({"resourceMetrics":[{"resource":{},"scopeMetrics":[{"scope":{},"metrics":[
  {"name":"g","gauge":{"dataPoints":[{"asInt":"1"},{"asInt":"2"}]}},
  {"name":"s","sum":{"dataPoints":[{"asInt":"1"}],"isMonotonic":true}},
  {"name":"none"},
  {"name":"h","histogram":{"dataPoints":[]}}]}]}]})";

TEST(FilterTest, RemovesMetricsAndDataPoints) {
  expect(Signal::kMetrics, "metrics: {metric: ['name == \"g\"']}", kMetrics,
         R"({"resourceMetrics":[{"resource":{},"scopeMetrics":[{"scope":{},"metrics":[
  {"name":"s","sum":{"dataPoints":[{"asInt":"1"}],"isMonotonic":true}},
  {"name":"none"},
  {"name":"h","histogram":{}}]}]}]})",
         2);
  // A metric without a data point goes, unless it has no type.
  expect(Signal::kMetrics, "metrics: {datapoint: ['value_int == 1']}", kMetrics,
         R"({"resourceMetrics":[{"resource":{},"scopeMetrics":[{"scope":{},"metrics":[
  {"name":"g","gauge":{"dataPoints":[{"asInt":"2"}]}},
  {"name":"none"}]}]}]})",
         2);
}

TEST(FilterTest, RemovesLogRecords) {
  expect(Signal::kLogs, "logs: {log_record: ['IsMatch(body, \"^a\")']}",
         R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[
            {"body":{"stringValue":"ab"}},{"body":{"stringValue":"ba"}}]}]}]})",
         R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"ba"}}]}]}]})", 1);
}

TEST(FilterTest, AFailedConditionKeepsTheItemOrRefusesTheRequest) {
  Filter lenient(Signal::kTraces, R"(traces: {span: ['ParseJSON(name)["a"] == 1']})");
  EXPECT_EQ(lenient.process(kSpans).filtered_count, 0u);
  EXPECT_THAT(lenient.metrics(), HasSubstr("millrace_ottl_errors"));
  Filter strict(Signal::kTraces,
                "error_mode: propagate\ntraces: {span: ['ParseJSON(name)[\"a\"] == 1']}");
  EXPECT_THAT(strict.process(kSpans).error, HasSubstr("the condition \"ParseJSON(name)"));
}

TEST(FilterTest, CountsWhatItRemoves) {
  Filter filter(Signal::kTraces, "traces: {span: ['name == \"a\"']}");
  filter.process(kSpans);
  EXPECT_THAT(filter.metrics(),
              HasSubstr("otelcol_processor_filter_spans_filtered{filter=\"filter\"} 3"));
  EXPECT_THAT(filter.metrics(), HasSubstr("statement=\"name == \\\"a\\\"\"} 3"));
}

TEST(FilterTest, WithoutConditionsNothingIsTouched) {
  Filter filter(Signal::kTraces, "logs: {log_record: ['true']}");
  EXPECT_EQ(filter.process(kSpans).request.to_bytes().text(),
            request_of_json(Signal::kTraces, kSpans).text());
}

}  // namespace
}  // namespace millrace::processors::filter
