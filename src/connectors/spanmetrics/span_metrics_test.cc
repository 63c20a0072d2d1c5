#include "connectors/spanmetrics/span_metrics.h"

#include <gtest/gtest.h>

#include <string>

#include "connectors/spanmetrics/testing/workers.h"
#include "otlp/example_requests.h"
#include "otlp/json/testing/json_request.h"

namespace millrace::connectors::spanmetrics {
namespace {

using testing::Workers;

std::string span(const std::string& name, int milliseconds, const std::string& more = "") {
  return R"({"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708","name":")" +
         name + R"(","kind":2,"startTimeUnixNano":"1000000000","endTimeUnixNano":")" +
         std::to_string(1'000'000'000 + milliseconds * int64_t{1'000'000}) + "\"" + more + "}";
}
Bytes request(const std::string& spans, const std::string& service = "a") {
  return millrace::testing::request_of_json(
      Signal::kTraces,
      R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":")" +
          service + R"("}}]},"scopeSpans":[{"spans":[)" + spans + "]}]}]}");
}
// All that was emitted since the last call.
std::string emitted(Workers& workers) {
  std::string json;
  for (const pipeline::Payload& payload : workers.intake().payloads) {
    const Bytes bytes = payload.bytes.to_bytes();
    const auto admitted = otlp::admit(Signal::kMetrics, bytes.view());
    EXPECT_TRUE(admitted);
    if (admitted) EXPECT_EQ(admitted->item_count, payload.item_count);
    json += millrace::testing::json_of_request(Signal::kMetrics, Rope(bytes)) + "\n";
  }
  workers.intake().payloads.clear();
  return json;
}
std::string next_interval(Workers& workers) {
  workers.world.run_for(61s);
  return emitted(workers);
}
bool has(const std::string& json, const std::string& text) {
  if (json.find(text) != std::string::npos) return true;
  ADD_FAILURE() << text << " is not in\n" << json;
  return false;
}
size_t count(const std::string& json, const std::string& text) {
  size_t found = 0;
  for (size_t at = 0; (at = json.find(text, at)) != std::string::npos; at += text.size()) ++found;
  return found;
}

// Vector 29 of the reference.
TEST(SpanMetricsTest, CallsBeginWithZeroAndDurationsAreAHistogram) {
  Workers workers({});
  workers.send(0, request(span("GET /x", 3) + "," + span("GET /x", 120)));
  const std::string first = next_interval(workers);
  EXPECT_EQ(workers.delivered, 1);
  has(first, R"("name":"traces.span.metrics.calls")");
  has(first, R"("asInt":"0")");
  has(first, R"("name":"traces.span.metrics.duration")");
  has(first, R"("unit":"ms")");
  has(first, R"("bucketCounts":["1","1","0"])");
  has(first, R"("explicitBounds":[4,200])");
  has(first, R"("sum":123)");
  has(first, R"({"key":"service.name","value":{"stringValue":"a"}})");
  has(first, R"({"key":"span.name","value":{"stringValue":"GET /x"}})");
  has(first, R"({"key":"span.kind","value":{"stringValue":"SPAN_KIND_SERVER"}})");
  has(first, R"({"key":"status.code","value":{"stringValue":"STATUS_CODE_UNSET"}})");
  has(first, R"({"key":"collector.instance.id","value":{"stringValue":"instance"}})");
  has(first, R"("scope":{"name":"spanmetricsconnector"})");
  const std::string second = next_interval(workers);
  has(second, R"("asInt":"2")");
  has(second, R"("bucketCounts":["1","1","0"])");
}

TEST(SpanMetricsTest, WorkersAreAddedUp) {
  Workers workers({});
  workers.send(0, request(span("x", 3)));
  workers.send(1, request(span("x", 3) + "," + span("y", 3)));
  next_interval(workers);
  workers.send(1, request(span("x", 300)));
  const std::string json = next_interval(workers);
  has(json, R"("asInt":"3")");
  has(json, R"("bucketCounts":["2","0","1"])");
  EXPECT_EQ(count(json, "asInt"), 2u);
  EXPECT_TRUE(workers.other_intake().payloads.empty()) << "each series has one writer";
}

TEST(SpanMetricsTest, DeltasHaveNoGapWhileASeriesLives) {
  Workers workers({.is_delta = true});
  workers.send(0, request(span("x", 3)));
  const std::string first = next_interval(workers);
  has(first, R"("asInt":"1")");
  has(first, R"("aggregationTemporality":1)");
  const auto time = first.substr(first.find(R"("timeUnixNano":")") + 16, 19);
  workers.send(1, request(span("x", 3) + "," + span("x", 5)));
  const std::string second = next_interval(workers);
  has(second, R"("asInt":"2")");
  has(second, R"("startTimeUnixNano":")" + time);
  has(second, R"("bucketCounts":["1","1","0"])");
  EXPECT_EQ(next_interval(workers), "");
}

TEST(SpanMetricsTest, DimensionsComeFromSpansThenResourcesThenDefaults) {
  Options options;
  options.dimensions.names = {{.name = "http.method", .default_value = std::nullopt},
                              {.name = "service.name.2", .default_value = "\x0a\x01z"}};
  options.excluded = {"span.kind", "collector.instance.id"};
  Workers workers(options);
  const std::string attributes =
      R"(,"attributes":[{"key":"http.method","value":{"stringValue":"GET"}}])";
  workers.send(0, request(span("x", 3, attributes) + "," + span("x", 3)));
  const std::string json = next_interval(workers);
  EXPECT_EQ(count(json, R"({"key":"http.method","value":{"stringValue":"GET"}})"), 2u);
  EXPECT_EQ(count(json, R"({"key":"service.name.2","value":{"stringValue":"z"}})"), 4u);
  EXPECT_EQ(count(json, "span.kind"), 0u);
  EXPECT_EQ(count(json, "collector.instance.id"), 0u);
}

TEST(SpanMetricsTest, SeriesBeyondTheLimitAreOne) {
  Workers workers({.cardinality_limit = 2});
  workers.send(
      0, request(span("a", 3) + "," + span("b", 3) + "," + span("c", 3) + "," + span("d", 3)));
  next_interval(workers);
  const std::string json = next_interval(workers);
  EXPECT_EQ(count(json, R"({"key":"otel.metric.overflow","value":{"boolValue":true}})"), 2u);
  EXPECT_EQ(count(json, R"("asInt":"1")"), 2u);
  EXPECT_EQ(count(json, R"("asInt":"2")"), 1u);
}

TEST(SpanMetricsTest, ExemplarsAreOfOneInterval) {
  Workers workers({.has_exemplars = true, .exemplars_max = 1});
  workers.send(0, request(span("x", 3) + "," + span("x", 4)));
  const std::string json = next_interval(workers);
  EXPECT_EQ(count(json, R"("traceId":"0102030405060708090a0b0c0d0e0f10")"), 2u) << json;
  has(json, R"("asDouble":3)");
  EXPECT_EQ(count(next_interval(workers), "traceId"), 0u);
}

TEST(SpanMetricsTest, ExponentialHistogramsFitTheirSize) {
  Workers workers({.is_exponential = true, .buckets_max = 4});
  workers.send(0, request(span("x", 1) + "," + span("x", 0)));
  workers.send(1, request(span("x", 1000)));
  const std::string json = next_interval(workers);
  has(json, R"("exponentialHistogram")");
  has(json, R"("zeroCount":"1")");
  has(json, R"("min":0)");
  has(json, R"("max":1000)");
  has(json, R"("count":"3")");
}

TEST(SpanMetricsTest, EventsHaveDimensionsOfTheirOwn) {
  Options options{.has_events = true};
  options.event_dimensions.names = {{.name = "exception.type", .default_value = std::nullopt}};
  Workers workers(options);
  workers.send(
      0, request(span("x", 3,
                      R"(,"events":[{"name":"e","attributes":[{"key":"exception.type","value":)"
                      R"({"stringValue":"A"}}]},{"name":"e"}])")));
  next_interval(workers);
  const std::string json = next_interval(workers);
  has(json, R"("name":"traces.span.metrics.events")");
  EXPECT_EQ(count(json, R"({"key":"exception.type","value":{"stringValue":"A"}})"), 1u);
  EXPECT_EQ(count(json, R"("asInt":"1")"), 3u) << json;
}

TEST(SpanMetricsTest, SilentResourcesAndSeriesExpire) {
  Workers workers({.metrics_expiration = 100s, .series_expiration = 70s});
  workers.send(0, request(span("x", 3)));
  next_interval(workers);
  workers.send(0, request(span("y", 3)));
  EXPECT_EQ(count(next_interval(workers), R"("stringValue":"x")"), 2u);
  EXPECT_EQ(count(next_interval(workers), R"("stringValue":"x")"), 0u);
  next_interval(workers);
  EXPECT_EQ(next_interval(workers), "");
}

TEST(SpanMetricsTest, AResourceWithoutAServiceIsSkipped) {
  Workers workers({});
  workers.send(0, millrace::testing::request_of_json(
                      Signal::kTraces,
                      R"({"resourceSpans":[{"scopeSpans":[{"spans":[)" + span("x", 3) + "]}]}]}"));
  EXPECT_EQ(next_interval(workers), "");
  EXPECT_EQ(workers.delivered, 1);
}

TEST(SpanMetricsTest, RefusedMetricsAreOfferedAgain) {
  Workers workers({.is_delta = true});
  workers.send(0, request(span("x", 3)));
  workers.intake().refuses = true;
  EXPECT_EQ(next_interval(workers), "");
  workers.intake().refuses = false;
  workers.world.run_for(2s);
  has(emitted(workers), R"("asInt":"1")");
}

TEST(SpanMetricsTest, ADrainEmitsWhatWasCountedSinceTheLastInterval) {
  Workers workers({});
  workers.send(0, request(span("x", 3)));
  next_interval(workers);
  workers.send(1, request(span("x", 3) + "," + span("y", 3)));
  EXPECT_TRUE(workers.flush());
  const std::string json = emitted(workers);
  has(json, R"("asInt":"2")");
  has(json, R"("asInt":"1")");
  EXPECT_EQ(count(json, R"("asInt":"0")"), 0u) << "nothing follows in which it could rise";
  EXPECT_TRUE(workers.flush());
  EXPECT_EQ(emitted(workers), "") << "nothing was counted since";
}

// The last interval emitted the 0 of a series, and the drain left out its count.
TEST(SpanMetricsTest, ADrainEmitsTheCountBehindAFirstZero) {
  Workers workers({});
  workers.send(0, request(span("x", 3)));
  has(next_interval(workers), R"("asInt":"0")");
  EXPECT_TRUE(workers.flush());
  has(emitted(workers), R"("asInt":"1")");
}

TEST(SpanMetricsTest, ASeriesExpiresOnlyBehindItsCount) {
  Workers workers({.metrics_expiration = 1s, .series_expiration = 1s});
  workers.send(0, request(span("x", 3)));
  has(next_interval(workers), R"("asInt":"0")");
  has(next_interval(workers), R"("asInt":"1")");
  EXPECT_EQ(next_interval(workers), "");
}

TEST(SpanMetricsTest, SampledSpansStandForOthers) {
  Workers workers({.has_sampling_method = true});
  workers.send(0, request(span("x", 3, R"(,"traceState":"ot=th:c")")));
  next_interval(workers);
  const std::string json = next_interval(workers);
  has(json, R"("asInt":"4")");
  has(json, R"({"key":"sampling.method","value":{"stringValue":"extrapolated"}})");
}

TEST(SpanMetricsTest, SeriesAreReservedInTheBudget) {
  Workers workers({});
  workers.send(0, request(span("x", 3)));
  EXPECT_GT(workers.own.budget.used(MemoryTerm::kKeyedState), 0u);
  std::string spans;
  for (int i = 0; i < 3000; ++i) {
    spans += (i == 0 ? "" : ",") + span("name " + std::to_string(i), 3);
  }
  workers.send(1, request(spans));
  EXPECT_GT(workers.own.budget.used(MemoryTerm::kKeyedState), 3000u * 200);
}

TEST(SpanMetricsTest, EverythingInASpanIsRead) {
  Workers workers({});
  workers.send(0, otlp::example_request_with_everything(Signal::kTraces));
  next_interval(workers);
  EXPECT_EQ(workers.delivered, 1);
}

}  // namespace
}  // namespace millrace::connectors::spanmetrics
