#include "connectors/sum/sum.h"

#include <gtest/gtest.h>

#include <string>

#include "io/sim/world.h"
#include "memory/testing/test_work.h"
#include "otlp/admit.h"
#include "otlp/json/testing/json_request.h"
#include "yaml/parse.h"

namespace millrace::connectors::sum {
namespace {

std::string sums(std::string_view text, Signal signal, std::string_view json) {
  const auto root = yaml::parse(text, "test.yaml");
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "connectors::sum");
  Options options;
  read_options(section, options);
  section.finish();
  EXPECT_FALSE(diagnostics.has_errors()) << diagnostics.to_text();
  testing::TestWork own;
  Random random(1);
  Logger log{{}, nullptr, nullptr};
  const auto summed = item_totals::total_items(
      {.options = options, .rules = rules(), .seed = {1, 2}, .random = random, .log = log}, signal,
      Rope(testing::request_of_json(signal, json)), WallTime(std::chrono::nanoseconds(99)),
      own.work);
  if (!summed) return summed.error().message;
  const Bytes bytes = summed->request.to_bytes();
  const auto admitted = otlp::admit(Signal::kMetrics, bytes.view());
  EXPECT_TRUE(admitted);
  if (admitted) EXPECT_EQ(admitted->item_count, summed->item_count);
  return testing::json_of_request(Signal::kMetrics, Rope(bytes));
}

bool has(const std::string& json, const std::string& text) {
  if (json.find(text) != std::string::npos) return true;
  ADD_FAILURE() << text << " is not in\n" << json;
  return false;
}

constexpr std::string_view kSpans =
    R"({"resourceSpans":[{"resource":{"attributes":[{"key":"env","value":{"stringValue":"prod"}}]},)"
    R"("scopeSpans":[{"spans":[)"
    R"({"name":"a","startTimeUnixNano":"5","attributes":[{"key":"cost","value":{"doubleValue":1.5}},)"
    R"({"key":"kind","value":{"intValue":"7"}}],)"
    R"("events":[{"timeUnixNano":"7","attributes":[{"key":"n","value":{"stringValue":"4"}}]}]},)"
    R"({"name":"b","attributes":[{"key":"cost","value":{"intValue":"2"}},)"
    R"({"key":"kind","value":{"stringValue":"7"}},{"key":"env","value":{"stringValue":"own"}}]},)"
    R"({"name":"c","attributes":[{"key":"cost","value":{"stringValue":"much"}}]}]}]}]})";

TEST(SumTest, ValuesOfAllTypesAreAddedUp) {
  const std::string json =
      sums("spans: {total: {source_attribute: cost, description: d}}", Signal::kTraces, kSpans);
  has(json, R"("name":"total","description":"d")");
  has(json, R"("timeUnixNano":"99","asDouble":3.5)");
  EXPECT_EQ(json.find("startTimeUnixNano"), std::string::npos) << json;
  EXPECT_EQ(json.find("\"scope\""), std::string::npos) << json;
  has(json, R"("aggregationTemporality":1)");
  has(json, R"("isMonotonic":true)");
  has(json, R"({"key":"env","value":{"stringValue":"prod"}})");
}

// Added once for each item, however many attributes there are.
TEST(SumTest, AttributesOfTheItemDivideAsText) {
  const std::string json = sums(
      "spans: {total: {source_attribute: cost, attributes: [{key: kind}, {key: env, "
      "default_value: none}]}}",
      Signal::kTraces, kSpans);
  has(json,
      R"([{"key":"kind","value":{"stringValue":"7"}},{"key":"env","value":{"stringValue":"own"}}])");
  has(json,
      R"([{"key":"kind","value":{"stringValue":"7"}},{"key":"env","value":{"stringValue":"none"}}])");
  has(json, R"("asDouble":1.5)");
  has(json, R"("asDouble":2)");
}

TEST(SumTest, EventsPointsAndLogsAreAddedUp) {
  has(sums("spanevents: {n: {source_attribute: n}}", Signal::kTraces, kSpans), R"("asDouble":4)");
  has(sums("datapoints: {n: {source_attribute: n}}", Signal::kMetrics,
           R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":[)"
           R"({"timeUnixNano":"4","attributes":[{"key":"n","value":{"intValue":"3"}}]}]}}]}]}]})"),
      R"("asDouble":3)");
  has(sums("logs: {n: {source_attribute: n, conditions: ['attributes[\"n\"] > 3']}}", Signal::kLogs,
           R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[)"
           R"({"attributes":[{"key":"n","value":{"intValue":"3"}}]},)"
           R"({"attributes":[{"key":"n","value":{"intValue":"5"}}]}]}]}]})"),
      R"("asDouble":5)");
}

TEST(SumTest, WithoutAMatchNothingIsMade) {
  EXPECT_EQ(sums("logs: {n: {source_attribute: n}}", Signal::kTraces, kSpans), "{}");
  EXPECT_EQ(sums("spans: {n: {source_attribute: cost, conditions: ['name == \"z\"']}}",
                 Signal::kTraces, kSpans),
            "{}");
}

}  // namespace
}  // namespace millrace::connectors::sum
