#include "item_match/matcher.h"

#include <gtest/gtest.h>

#include <string>

#include "config/testing/read_section.h"
#include "otlp/json/testing/json_request.h"

namespace millrace::item_match {
namespace {

constexpr std::string_view kTraces = R"({"resourceSpans":[{"resource":{"attributes":[
 {"key":"service.name","value":{"stringValue":"checkout"}},
 {"key":"replicas","value":{"intValue":"3"}}]},
 "scopeSpans":[{"scope":{"name":"io.http","version":"2.1.0"},"spans":[{"name":"GET /cart","kind":2,
 "attributes":[{"key":"port","value":{"intValue":"8080"}},{"key":"ok","value":{"boolValue":true}},
 {"key":"ratio","value":{"doubleValue":1e-7}},{"key":"user","value":{"stringValue":"ann"}},
 {"key":"list","value":{"arrayValue":{"values":[{"stringValue":"x"}]}}}]}]}]}]})";

constexpr std::string_view kNameless =
    R"({"resourceSpans":[{"resource":{},"scopeSpans":[{"spans":[{"kind":7}]}]}]})";

constexpr std::string_view kLogs = R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[
 {"severityText":"warning","severityNumber":13,"body":{"stringValue":"order 7 is late"},
  "attributes":[{"key":"user","value":{"stringValue":"ann"}}]}]}]}]})";

constexpr std::string_view kBareLogs = R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[
 {"body":{"kvlistValue":{"values":[{"key":"a","value":{"intValue":"1"}}]}}}]}]}]})";

constexpr std::string_view kMetrics = R"({"resourceMetrics":[{"resource":{"attributes":[
 {"key":"host","value":{"stringValue":"h"}}]},"scopeMetrics":[{"metrics":[
 {"name":"cpu.time","gauge":{"dataPoints":[{"asInt":"1"}]}}]}]}]})";

MatchConfig read(const std::string& yaml) {
  return testing::read_options_of<MatchConfig>(
      yaml, "processors::span",
      [](config::Section& section, MatchConfig& config) { read_match_config(section, &config); });
}

// One letter for each item: 1 selected, 0 not.
std::string selected(Signal signal, std::string_view json, const std::string& yaml) {
  testing::TestWork own;
  const MatchConfig config = read(yaml);
  Selector selector(config, signal, own.work);
  std::string found;
  const auto look = [&](const otlp::EditContext& context, otlp::AttributeList&) {
    const auto is_selected = selector.selects(context);
    found += !is_selected ? 'E' : *is_selected ? '1' : '0';
  };
  const Rope request(testing::request_of_json(signal, json));
  EXPECT_TRUE(otlp::edit_item_attributes(signal, request, look, own.work));
  return found;
}

struct Case {
  Signal signal;
  std::string_view request;
  const char* properties;
  bool matches;
};

const Case kCases[] = {
    {Signal::kTraces, kTraces, "match_type: strict, services: [checkout]", true},
    {Signal::kTraces, kTraces, "match_type: strict, services: [check]", false},
    {Signal::kTraces, kTraces, "match_type: regexp, services: [check]", true},
    {Signal::kTraces, kNameless, "match_type: regexp, services: ['^<nil-service-name>$']", true},
    {Signal::kTraces, kNameless, "match_type: regexp, services: [checkout]", false},
    {Signal::kTraces, kTraces, "match_type: strict, services: [a, checkout], span_names: [no]",
     false},
    {Signal::kTraces, kTraces, "match_type: regexp, span_names: ['^POST ', '^GET ']", true},
    {Signal::kTraces, kTraces, "match_type: strict, span_kinds: [SPAN_KIND_SERVER]", true},
    {Signal::kTraces, kTraces, "match_type: strict, span_kinds: [SPAN_KIND_CLIENT]", false},
    {Signal::kTraces, kTraces, "match_type: regexp, span_kinds: [CLIENT, SERVER]", true},
    {Signal::kTraces, kNameless, "match_type: regexp, span_kinds: ['^$']", true},
    {Signal::kTraces, kTraces, "match_type: strict, attributes: [{key: port, value: 8080}]", true},
    {Signal::kTraces, kTraces, "match_type: strict, attributes: [{key: port, value: '8080'}]",
     false},
    {Signal::kTraces, kTraces, "match_type: regexp, attributes: [{key: port, value: '^80'}]", true},
    {Signal::kTraces, kTraces, "match_type: regexp, attributes: [{key: ok, value: '^true$'}]",
     true},
    {Signal::kTraces, kTraces,
     "match_type: regexp, attributes: [{key: ratio, value: '^0\\.0000001$'}]", true},
    {Signal::kTraces, kTraces, "match_type: regexp, attributes: [{key: list, value: x}]", false},
    {Signal::kTraces, kTraces, "match_type: regexp, attributes: [{key: list}]", true},
    {Signal::kTraces, kTraces, "match_type: strict, attributes: [{key: list, value: [x]}]", true},
    {Signal::kTraces, kTraces, "match_type: strict, attributes: [{key: port}, {key: no}]", false},
    {Signal::kTraces, kTraces, "match_type: strict, resources: [{key: replicas, value: 3}]", true},
    {Signal::kTraces, kTraces, "match_type: strict, resources: [{key: replicas, value: 4}]", false},
    {Signal::kTraces, kTraces, "match_type: strict, libraries: [{name: io.http}]", true},
    {Signal::kTraces, kTraces, "match_type: strict, libraries: [{name: io.http, version: 2.1.0}]",
     true},
    {Signal::kTraces, kTraces, "match_type: strict, libraries: [{name: io.http, version: '1'}]",
     false},
    // Every library of the list must match, as in otelcol.
    {Signal::kTraces, kTraces, "match_type: strict, libraries: [{name: io.http}, {name: other}]",
     false},
    {Signal::kTraces, kTraces, "match_type: regexp, libraries: [{name: http}, {name: '^io'}]",
     true},
    {Signal::kLogs, kLogs, "match_type: regexp, log_bodies: ['order \\d+']", true},
    {Signal::kLogs, kLogs, "match_type: strict, log_bodies: [order]", false},
    {Signal::kLogs, kBareLogs, "match_type: strict, log_bodies: ['{\"a\":1}']", true},
    {Signal::kLogs, kLogs, "match_type: strict, log_severity_texts: [warning]", true},
    {Signal::kLogs, kLogs, "match_type: strict, log_severity_number: {min: WARN}", true},
    {Signal::kLogs, kLogs, "match_type: strict, log_severity_number: {min: 14}", false},
    {Signal::kLogs, kBareLogs, "match_type: strict, log_severity_number: {min: 1}", false},
    {Signal::kLogs, kBareLogs,
     "match_type: strict, log_severity_number: {min: 17, match_undefined: true}", true},
    {Signal::kLogs, kLogs, "match_type: strict, attributes: [{key: user, value: ann}]", true},
    {Signal::kMetrics, kMetrics, "match_type: strict, metric_names: [cpu.time]", true},
    {Signal::kMetrics, kMetrics, "match_type: strict, metric_names: [cpu]", false},
    {Signal::kMetrics, kMetrics, "match_type: regexp, metric_names: ['^cpu']", true},
};

TEST(SelectorTest, IncludeAndExcludeAreOpposites) {
  for (const Case& c : kCases) {
    const std::string properties = c.properties;
    EXPECT_EQ(selected(c.signal, c.request, "include: {" + properties + "}"), c.matches ? "1" : "0")
        << properties;
    EXPECT_EQ(selected(c.signal, c.request, "exclude: {" + properties + "}"), c.matches ? "0" : "1")
        << properties;
  }
}

TEST(SelectorTest, BothMustAgree) {
  const std::string include = "include: {match_type: strict, services: [checkout]}\n";
  EXPECT_EQ(selected(Signal::kTraces, kTraces, include), "1");
  EXPECT_EQ(selected(Signal::kTraces, kTraces,
                     include + "exclude: {match_type: regexp, span_names: [GET]}"),
            "0");
  EXPECT_EQ(selected(Signal::kTraces, kTraces, "{}"), "1");
}

TEST(SelectorTest, ResourcesOfMetricsHaveNoEffect) {
  const std::string properties = "{match_type: strict, resources: [{key: host, value: other}]}";
  EXPECT_EQ(selected(Signal::kMetrics, kMetrics, "include: " + properties), "1");
  EXPECT_EQ(selected(Signal::kMetrics, kMetrics, "exclude: " + properties), "1");
}

TEST(SelectorTest, AnswersChangeWithResourceScopeAndMetric) {
  const std::string_view traces = R"({"resourceSpans":[
    {"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"a"}}]},
     "scopeSpans":[{"scope":{"name":"x"},"spans":[{},{}]},{"scope":{"name":"y"},"spans":[{}]}]},
    {"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"b"}}]},
     "scopeSpans":[{"scope":{"name":"x"},"spans":[{}]}]}]})";
  EXPECT_EQ(selected(Signal::kTraces, traces, "include: {match_type: strict, services: [a]}"),
            "1110");
  EXPECT_EQ(
      selected(Signal::kTraces, traces, "include: {match_type: strict, libraries: [{name: x}]}"),
      "1101");
  const std::string_view metrics = R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[
    {"name":"a","gauge":{"dataPoints":[{},{}]}},{"name":"b","sum":{"dataPoints":[{}]}},
    {"name":"a","sum":{"dataPoints":[{}]}}]}]}]})";
  EXPECT_EQ(selected(Signal::kMetrics, metrics, "exclude: {match_type: strict, metric_names: [a]}"),
            "0010");
}

TEST(SelectorTest, TextOfALargeBodyIsRefusedWithoutMemory) {
  std::string elements;
  for (int i = 0; i < 20'000; i++) elements += R"({"stringValue":"text"},)";
  elements.pop_back();
  const std::string json = R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"arrayValue":
    {"values":[)" + elements +
                           "]}}}]}]}]}";
  const Rope request(testing::request_of_json(Signal::kLogs, json));
  testing::TestWork small(1 << 20);
  const MatchConfig config = read("include: {match_type: regexp, log_bodies: [x]}");
  Selector selector(config, Signal::kLogs, small.work);
  std::string message;
  const auto look = [&](const otlp::EditContext& context, otlp::AttributeList&) {
    const auto is_selected = selector.selects(context);
    if (!is_selected) message = is_selected.error().message;
  };
  EXPECT_TRUE(otlp::edit_item_attributes(Signal::kLogs, request, look, small.work));
  EXPECT_NE(message.find("memory"), std::string::npos) << message;
}

}  // namespace
}  // namespace millrace::item_match
