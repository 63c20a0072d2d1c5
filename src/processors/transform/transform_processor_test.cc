#include "processors/transform/transform_processor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/log.h"
#include "rules/testing/process.h"

namespace millrace::processors::transform {
namespace {

using millrace::testing::request_of_json;
using rules::testing::canonical;
using rules::testing::Processed;
using ::testing::HasSubstr;

// A processor with the things that it shares.
class Transform {
 public:
  Transform(Signal signal, std::string_view yaml) {
    auto options = std::make_shared<Options>();
    const std::string errors = rules::testing::read_yaml(yaml, read_options, options.get());
    EXPECT_EQ(errors, "");
    tally_ = std::make_shared<rules::Tally>(
        rules::TallyOptions{"transform", signal, options->texts[index_of(signal)],
                            options->statement_metrics},
        registry_, log_);
    processor_ = make_transform_processor(options, signal, tally_, {});
    signal_ = signal;
  }
  Processed process(std::string_view json) {
    return rules::testing::process(*processor_, signal_, Rope(request_of_json(signal_, json)));
  }
  std::string metrics() const { return registry_.to_prometheus_text(); }
  const std::string& log() const { return *lines_; }

 private:
  Signal signal_;
  std::shared_ptr<std::string> lines_ = std::make_shared<std::string>();
  Logger log_{{}, [lines = lines_](std::string_view line) { *lines += line; }, [] { return 0; }};
  metrics::Registry registry_;
  std::shared_ptr<rules::Tally> tally_;
  std::unique_ptr<pipeline::Processor> processor_;
};

// Two spans "a" and "b" (with an event) of one scope.
const char kSpans[] = R"({"resourceSpans":[{
  "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},
  "scopeSpans":[{"scope":{"name":"lib"},"spans":[
    {"name":"a","attributes":[{"key":"k","value":{"stringValue":"v"}}]},
    {"name":"b","events":[{"name":"e1"},{"name":"e2"}]}
  ]}]}]})";

void expect(std::string_view yaml, std::string_view input, std::string_view expected,
            Signal signal = Signal::kTraces) {
  Transform transform(signal, yaml);
  const Processed processed = transform.process(input);
  EXPECT_EQ(processed.error, "");
  EXPECT_EQ(processed.json, canonical(expected)) << yaml;
}

TEST(TransformTest, ChangesSpans) {
  expect(R"(trace_statements: ['set(span.attributes["n"], span.name) where span.name == "a"'])",
         kSpans, R"({"resourceSpans":[{
  "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},
  "scopeSpans":[{"scope":{"name":"lib"},"spans":[
    {"name":"a","attributes":[{"key":"k","value":{"stringValue":"v"}},
                              {"key":"n","value":{"stringValue":"a"}}]},
    {"name":"b","events":[{"name":"e1"},{"name":"e2"}]}
  ]}]}]})");
}

TEST(TransformTest, ChangesEachContextInOneWalk) {
  expect(R"(
trace_statements:
- context: resource
  statements: ['set(attributes["r"], "1")', 'set(schema_url, "u")']
- context: scope
  statements: ['set(version, "2")']
- context: span
  statements: ['set(kind, 2)', 'set(status.code, 1) where name == "b"']
- context: spanevent
  statements: ['set(attributes["s"], span.kind.string)', 'set(attributes["i"], event_index)']
)",
         kSpans, R"({"resourceSpans":[{"schemaUrl":"u",
  "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}},
                            {"key":"r","value":{"stringValue":"1"}}]},
  "scopeSpans":[{"scope":{"name":"lib","version":"2"},"spans":[
    {"name":"a","kind":2,"attributes":[{"key":"k","value":{"stringValue":"v"}}]},
    {"name":"b","kind":2,"status":{"code":1},"events":[
      {"name":"e1","attributes":[{"key":"s","value":{"stringValue":"Server"}},
                                 {"key":"i","value":{"intValue":"0"}}]},
      {"name":"e2","attributes":[{"key":"s","value":{"stringValue":"Server"}},
                                 {"key":"i","value":{"intValue":"1"}}]}]}
  ]}]}]})");
}

// Later items see what earlier ones wrote to their resource, their scope and their span.
TEST(TransformTest, ALowerContextChangesTheMessagesAroundIt) {
  expect(R"(
trace_statements:
- context: spanevent
  statements:
  - 'set(resource.attributes["last"], Concat([resource.attributes["last"], name], "/"))'
  - 'set(scope.name, "changed")'
  - 'set(span.attributes["e"], name)'
  - 'set(attributes["seen"], resource.attributes["last"])'
)",
         kSpans, R"({"resourceSpans":[{
  "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}},
                            {"key":"last","value":{"stringValue":"<nil>/e1/e2"}}]},
  "scopeSpans":[{"scope":{"name":"changed"},"spans":[
    {"name":"a","attributes":[{"key":"k","value":{"stringValue":"v"}}]},
    {"name":"b","attributes":[{"key":"e","value":{"stringValue":"e2"}}],"events":[
      {"name":"e1","attributes":[{"key":"seen","value":{"stringValue":"<nil>/e1"}}]},
      {"name":"e2","attributes":[{"key":"seen","value":{"stringValue":"<nil>/e1/e2"}}]}]}
  ]}]}]})");
}

// The second group must see what the first wrote while it was at the last span.
TEST(TransformTest, GroupsRunOneAfterTheOther) {
  expect(R"(
trace_statements:
- statements: ['set(resource.attributes["service.name"], span.name)']
- statements: ['set(span.attributes["k"], resource.attributes["service.name"])']
)",
         kSpans, R"({"resourceSpans":[{
  "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"b"}}]},
  "scopeSpans":[{"scope":{"name":"lib"},"spans":[
    {"name":"a","attributes":[{"key":"k","value":{"stringValue":"b"}}]},
    {"name":"b","attributes":[{"key":"k","value":{"stringValue":"b"}}],
     "events":[{"name":"e1"},{"name":"e2"}]}
  ]}]}]})");
}

TEST(TransformTest, ConditionsChooseTheItemsOfAGroup) {
  expect(R"(
trace_statements:
- conditions: ['span.name == "x"', 'span.name == "b"']
  statements: ['set(span.name, "B")']
)",
         kSpans, R"({"resourceSpans":[{
  "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},
  "scopeSpans":[{"scope":{"name":"lib"},"spans":[
    {"name":"a","attributes":[{"key":"k","value":{"stringValue":"v"}}]},
    {"name":"B","events":[{"name":"e1"},{"name":"e2"}]}
  ]}]}]})");
}

TEST(TransformTest, TheCacheIsTheItemsUnlessItIsShared) {
  const std::string yaml = R"(
trace_statements:
- context: span
  shared_cache: SHARED
  statements:
  - 'set(attributes["k"], cache["before"])'
  - 'set(cache["before"], name)'
)";
  const auto with = [&](const char* shared) {
    std::string text = yaml;
    text.replace(text.find("SHARED"), 6, shared);
    Transform transform(Signal::kTraces, text);
    return transform.process(kSpans).json;
  };
  EXPECT_THAT(with("false"), Not(HasSubstr("stringValue:\"a\"")));
  EXPECT_THAT(with("true"), HasSubstr("stringValue:\"a\""));
}

TEST(TransformTest, ARequestWithoutAChangeKeepsItsBytes) {
  Transform transform(Signal::kTraces, R"(
trace_statements:
- 'set(span.name, "x") where span.name == "no"'
- 'delete_key(span.attributes, "no")'
- 'set(resource.attributes["x"], 1) where span.name == "no"'
)");
  const Bytes request = request_of_json(Signal::kTraces, kSpans);
  const Processed processed = transform.process(kSpans);
  EXPECT_EQ(processed.request.to_bytes().text(), request.text());
}

TEST(TransformTest, ErrorModesDecideWhatAFailureDoes) {
  const std::string statements =
      R"(trace_statements: ['set(span.name, 1) where span.name == "a"', 'set(span.kind, 3)'])";
  for (const std::string mode : {"", "error_mode: ignore\n", "error_mode: Silent\n"}) {
    Transform transform(Signal::kTraces, mode + statements);
    const Processed processed = transform.process(kSpans);
    EXPECT_EQ(processed.error, "");
    EXPECT_THAT(processed.json, HasSubstr("kind:3"));
    if (mode.contains("Silent")) {
      EXPECT_EQ(transform.log(), "");
    } else {
      EXPECT_THAT(transform.log(), HasSubstr("expected string, found int"));
    }
  }
  Transform transform(Signal::kTraces, "error_mode: propagate\n" + statements);
  EXPECT_THAT(transform.process(kSpans).error,
              HasSubstr("the statement \"set(span.name, 1) where span.name == \"a\"\" failed"));
}

TEST(TransformTest, CountsMatchesChangesAndErrors) {
  Transform transform(Signal::kTraces, R"(
trace_statements:
- 'delete_key(span.attributes, "k")'
- 'set(span.name, 1) where span.name == "a"'
)");
  transform.process(kSpans);
  const std::string metrics = transform.metrics();
  const std::string first =
      R"x({number="1",processor="transform",signal="traces",statement="delete_key(span.attributes, \"k\")"})x";
  EXPECT_THAT(metrics, HasSubstr("millrace_ottl_matches" + first + " 2"));
  EXPECT_THAT(metrics, HasSubstr("millrace_ottl_changes" + first + " 1"));
  EXPECT_THAT(metrics, HasSubstr("\\\"a\\\"\"} 1"));
}

TEST(TransformTest, MetricsMayBeAddedAndDataPointsJoined) {
  const char kMetrics[] = R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[
    {"name":"m","sum":{"dataPoints":[{"asInt":"1","attributes":[{"key":"a","value":{"stringValue":"x"}}]},
                                     {"asInt":"2"}],"aggregationTemporality":1}}]}]}]})";
  Transform copies(Signal::kMetrics,
                   R"(metric_statements: ['copy_metric(name="n") where metric.name == "m"'])");
  EXPECT_THAT(copies.process(kMetrics).json, HasSubstr("name:\"n\""));
  Transform joins(
      Signal::kMetrics,
      R"(metric_statements: ['aggregate_on_attributes("sum", []) where metric.name == "m"'])");
  const Processed joined = joins.process(kMetrics);
  EXPECT_THAT(joined.json, HasSubstr("asInt:\"3\""));
  EXPECT_EQ(joined.filtered_count, 1u);
}

TEST(TransformTest, ChangesLogsAndDataPoints) {
  expect(R"(log_statements: ['set(log.body, "B") where log.severity_number >= 9'])",
         R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[
            {"severityNumber":9,"body":{"stringValue":"b"}},
            {"severityNumber":8,"body":{"stringValue":"b"}}]}]}]})",
         R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[
            {"severityNumber":9,"body":{"stringValue":"B"}},
            {"severityNumber":8,"body":{"stringValue":"b"}}]}]}]})",
         Signal::kLogs);
}

}  // namespace
}  // namespace millrace::processors::transform
