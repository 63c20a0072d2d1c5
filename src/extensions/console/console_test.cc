#include "extensions/console/console.h"

#include <gtest/gtest.h>

#include <limits>

#include <algorithm>

#include "base/json_string.h"
#include "extensions/console/mcp/tools.h"
#include "otlp/example_requests.h"
#include "pipeline/testing/manual_loop.h"

namespace millrace::extensions::console {
namespace {

struct FixedSource final : Source {
  const Facts& facts() const override { return facts_; }
  State state() const override { return state_; }
  State state_{.now = WallTime(5s), .is_accepting = true};
  std::optional<std::string> send_test_trace() override { return test_trace; }
  Facts facts_{.version = "1"};
  std::optional<std::string> test_trace = "00000000000000000000000000000001";
};

struct Served {
  pipeline::testing::ManualLoop loop;
  Budget budget{256 << 20};
  recent::Store store{budget, 64 << 20, {"traces", "logs"}};
  recent::SenderTable senders;
  recent::RefusalList refusals;
  FixedSource source;
  recent::EdgeTaps taps{budget, 2};
  recent::EdgeFlow flow{{1, 1}};
  RulesOfPipelines rules{2};
  ChunkPool pool{budget, 1};
  Console console{{.loop = &loop,
                   .source = &source,
                   .store = &store,
                   .senders = &senders,
                   .refusals = &refusals,
                   .taps = &taps,
                   .flow = &flow,
                   .rules = &rules,
                   .pool = &pool,
                   .token = ""}};

  void keep(Signal signal, Bytes bytes, size_t pipeline = 0) {
    store.add({.signal = signal,
               .item_count = 1,
               .pipeline = pipeline,
               .received_at = WallTime(5s),
               .now = loop.now(),
               .bytes = Rope(std::move(bytes))});
  }
  transport::PageReply get(const std::string& target, const std::string& method = "GET") {
    const size_t mark = std::min(target.find('?'), target.size());
    const transport::PageRequest request{.method = method,
                                         .path = target.substr(0, mark),
                                         .query = target.substr(std::min(mark + 1, target.size())),
                                         .host = "localhost:8888"};
    const auto routes = console.routes();
    for (const auto& route : routes) {
      if (request.path.starts_with(route.path.substr(0, route.path.size() - 1))) {
        return route.handler(request);
      }
    }
    return {.status = 0};
  }
  // The answer to a tool's call, and the route by which it came.
  transport::PageReply call_tool(std::string_view name, std::string_view arguments,
                                 const std::string& host = "localhost:8888") {
    const transport::PageRequest request{
        .method = "POST",
        .path = "/mcp",
        .host = host,
        .fields = {{"content-type", "application/json"}},
        .body = R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":")" +
                std::string(name) + R"(","arguments":)" + std::string(arguments) + "}}"};
    const auto routes = console.routes();
    return std::ranges::find(routes, request.path, &transport::PageRoute::path)->handler(request);
  }
};

size_t count_of(std::string_view text, std::string_view part) {
  size_t count = 0;
  for (size_t at = 0; (at = text.find(part, at)) != std::string_view::npos; at += part.size()) {
    ++count;
  }
  return count;
}

TEST(ConsoleTest, TracesAreListedAndShown) {
  Served served;
  served.keep(Signal::kTraces, otlp::example_request_with_everything(Signal::kTraces));
  const auto list = served.get("/api/v1/traces");
  EXPECT_EQ(list.status, 200) << list.body;
  const size_t at = list.body.find("\"trace_id\":\"");
  ASSERT_NE(at, std::string::npos) << list.body;
  const std::string id = list.body.substr(at + 12, 32);
  const auto trace = served.get("/api/v1/traces/" + id);
  EXPECT_EQ(trace.status, 200);
  EXPECT_GE(count_of(trace.body, "\"span_id\""), 1u);
  const auto otlp = served.get("/api/v1/traces/" + id + "/otlp");
  EXPECT_TRUE(otlp.body.starts_with("{\"resourceSpans\":[{\"resource\":")) << otlp.body;
  EXPECT_EQ(served.get("/api/v1/traces/00000000000000000000000000000009").status, 404);
  EXPECT_EQ(served.get("/api/v1/traces/xyz").status, 400);
}

// One span of the trace whose id ends in `last`.
Bytes span_of_trace(char last) {
  return Bytes::copy_of("\x0a\x16\x12\x14\x12\x12\x0a\x10" + std::string(15, '\1') + last);
}

TEST(ConsoleTest, ATraceSaysWhichRunReceivedIt) {
  Served served;
  const size_t run = served.store.add_run({.id = "before", .started_at = WallTime(3s)});
  served.keep(Signal::kTraces, span_of_trace(1));
  served.store.add({.signal = Signal::kTraces,
                    .item_count = 1,
                    .run = run,
                    .received_at = WallTime(4s),
                    .bytes = Rope(span_of_trace(2))});
  constexpr std::string_view kBefore =
      R"("run":{"instance_id":"before","started_at_ms":3000,"is_current":false})";
  const std::string all = served.get("/api/v1/traces").body;
  EXPECT_EQ(count_of(all, kBefore), 1u) << all;
  EXPECT_EQ(count_of(all, "\"is_current\":true"), 1u);
  for (const std::string wanted : {"earlier", "before"}) {
    const std::string earlier = served.get("/api/v1/traces?run=" + wanted).body;
    EXPECT_EQ(count_of(earlier, "trace_id"), 1u) << earlier;
    EXPECT_EQ(count_of(earlier, kBefore), 1u);
    const std::string id = earlier.substr(earlier.find("\"trace_id\":\"") + 12, 32);
    EXPECT_EQ(count_of(served.get("/api/v1/traces/" + id).body, kBefore), 1u);
  }
  EXPECT_EQ(count_of(served.get("/api/v1/traces?run=current").body, "\"is_current\":true"), 1u);
  EXPECT_EQ(count_of(served.get("/api/v1/status").body, "\"is_current\""), 2u);
}

// Keeps a request of this run and one of an earlier run.
void keep_in_two_runs(Served& served, Signal signal) {
  const Bytes request = otlp::example_request(signal, {.items = 1, .points = 1});
  const size_t run = served.store.add_run({.id = "before", .started_at = WallTime(3s)});
  served.store.add({.signal = signal,
                    .item_count = 1,
                    .run = run,
                    .received_at = WallTime(4s),
                    .bytes = Rope(request)});
  served.keep(signal, request);
}

constexpr std::string_view kInstance = "\"instance_id\":";
constexpr std::string_view kInstanceBefore = "\"instance_id\":\"before\"";

TEST(ConsoleTest, ALogRecordSaysWhichRunReceivedIt) {
  Served served;
  keep_in_two_runs(served, Signal::kLogs);
  const std::string all = served.get("/api/v1/logs").body;
  EXPECT_EQ(count_of(all, kInstance), 2u) << all;
  EXPECT_EQ(count_of(all, kInstanceBefore), 1u);
  for (const std::string wanted : {"earlier", "before"}) {
    const std::string earlier = served.get("/api/v1/logs?run=" + wanted).body;
    EXPECT_EQ(count_of(earlier, kInstance), 1u) << earlier;
    EXPECT_EQ(count_of(earlier, kInstanceBefore), 1u);
  }
  EXPECT_EQ(count_of(served.get("/api/v1/logs?run=current").body, kInstanceBefore), 0u);
  EXPECT_EQ(count_of(served.get("/api/v1/logs?run=current").body, kInstance), 1u);
}

TEST(ConsoleTest, PointsOfTwoRunsAreTwoSeries) {
  Served served;
  keep_in_two_runs(served, Signal::kMetrics);
  const std::string list = served.get("/api/v1/metrics").body;
  // The newest run that reports the metric, and its line alone.
  EXPECT_EQ(count_of(list, kInstanceBefore), 0u) << list;
  EXPECT_EQ(count_of(served.get("/api/v1/metrics?run=earlier").body, kInstanceBefore), 1u);
  const size_t at = list.find("{\"name\":\"") + 9;
  const std::string path = "/api/v1/series?metric=" + list.substr(at, list.find('"', at) - at);
  const std::string both = served.get(path).body;
  EXPECT_EQ(count_of(both, kInstance), 2u) << both;
  EXPECT_EQ(count_of(both, "\"points\":[{"), 2u);
  EXPECT_EQ(count_of(served.get(path + "&run=before").body, kInstance), 1u);
  EXPECT_EQ(count_of(served.get(path + "&run=current").body, kInstanceBefore), 0u);
}

TEST(ConsoleTest, WhoAsksForThePipelinesMeasuresTheirPoints) {
  Served served;
  served.source.facts_.pipelines = {
      {.signal = Signal::kTraces, .id = "traces", .processors = {"batch"}, .steps = {0, 0}}};
  EXPECT_EQ(served.taps.watched_points(0).load(), 0u);
  const std::string first = served.get("/api/v1/pipelines").body;
  EXPECT_EQ(count_of(first, R"("batch_items":null,"latency_ms":null)"), 2u) << first;
  EXPECT_NE(served.taps.watched_points(0).load(), 0u);
  pipeline::Trail trail;
  trail.points.push_back({.position = 0, .item_count = 7});
  served.flow.record(0, trail);
  const std::string second = served.get("/api/v1/pipelines").body;
  // `batch` does not work on requests itself: behind it they are as in front.
  EXPECT_EQ(count_of(second, R"("batch_items":{"p50":7,"p99":7},"latency_ms":null)"), 2u);
}

TEST(ConsoleTest, ARequestOfTwoPipelinesIsShownOnce) {
  Served served;
  const Bytes request = otlp::example_request(Signal::kTraces, {.items = 3});
  served.keep(Signal::kTraces, request, 0);
  served.keep(Signal::kTraces, request, 1);
  const auto list = served.get("/api/v1/traces?limit=1");
  const std::string id = list.body.substr(list.body.find("\"trace_id\":\"") + 12, 32);
  const auto trace = served.get("/api/v1/traces/" + id);
  EXPECT_EQ(count_of(list.body,
                     "\"span_count\":" + std::to_string(count_of(trace.body, "\"offset_ns\""))),
            1u);
}

TEST(ConsoleTest, TracesThatLeaveTheStoreLeaveTheList) {
  Served served;
  served.keep(Signal::kTraces, otlp::example_request(Signal::kTraces, {.items = 3}));
  EXPECT_GE(count_of(served.get("/api/v1/traces").body, "trace_id"), 1u);
  EXPECT_TRUE(served.store.give_back());
  EXPECT_EQ(count_of(served.get("/api/v1/traces").body, "trace_id"), 0u);
}

TEST(ConsoleTest, LogsArePagedAndFollowed) {
  Served served;
  served.keep(Signal::kLogs, otlp::example_request(Signal::kLogs, {.items = 5}), 1);
  const auto first = served.get("/api/v1/logs?limit=3");
  EXPECT_EQ(count_of(first.body, "\"cursor\":"), 3u) << first.body;
  EXPECT_TRUE(first.body.contains("\"next_cursor\":\"1.2\"")) << first.body;
  const auto second = served.get("/api/v1/logs?limit=3&before=1.2");
  EXPECT_EQ(count_of(second.body, "\"cursor\":"), 2u);
  EXPECT_TRUE(second.body.contains("\"next_cursor\":null"));
  served.keep(Signal::kLogs, otlp::example_request(Signal::kLogs, {.items = 2}), 1);
  const auto tail = served.get("/api/v1/logs?after=1.4294967295");
  EXPECT_EQ(count_of(tail.body, "\"cursor\":"), 2u);
  EXPECT_TRUE(tail.body.contains("\"newest_cursor\":\"2."));
  EXPECT_EQ(served.get("/api/v1/logs?before=x").status, 400);
  EXPECT_EQ(count_of(served.get("/api/v1/logs?attribute=none").body, "\"cursor\":"), 0u);
}

TEST(ConsoleTest, MetricsAreListedWithTheirSeries) {
  Served served;
  served.keep(Signal::kMetrics, otlp::example_request_with_everything(Signal::kMetrics));
  served.keep(Signal::kMetrics, otlp::example_request(Signal::kMetrics, {.items = 2, .points = 3}));
  const auto list = served.get("/api/v1/metrics");
  EXPECT_EQ(list.status, 200);
  EXPECT_GE(count_of(list.body, "\"sparkline\":["), 5u) << list.body;
  for (const char* type : {"gauge", "sum", "histogram", "exponential_histogram", "summary"}) {
    EXPECT_TRUE(list.body.contains("\"type\":\"" + std::string(type))) << type;
  }
  size_t shown_metrics = 0;
  for (size_t at = 0; (at = list.body.find("{\"name\":\"", at)) != std::string::npos; ++at) {
    const size_t from = at + 9;
    const std::string name = list.body.substr(from, list.body.find('"', from) - from);
    const auto series = served.get("/api/v1/series?metric=" + name);
    EXPECT_EQ(series.status, 200) << name;
    EXPECT_GE(count_of(series.body, "\"points\":[{"), 1u) << series.body;
    ++shown_metrics;
  }
  EXPECT_GE(shown_metrics, 5u);
  EXPECT_EQ(served.get("/api/v1/series?metric=none").status, 404);
  EXPECT_EQ(served.get("/api/v1/series").status, 400);
}

TEST(ConsoleTest, KeysAndServicesAreSurveyed) {
  Served served;
  served.keep(Signal::kTraces, otlp::example_request(Signal::kTraces, {.items = 5}));
  const auto keys = served.get("/api/v1/attributes?signal=traces");
  EXPECT_GE(count_of(keys.body, "\"distinct_values\":"), 10u) << keys.body;
  EXPECT_EQ(served.get("/api/v1/attributes?signal=x").status, 400);
  const auto map = served.get("/api/v1/service-map");
  EXPECT_TRUE(map.body.contains("\"span_count\":5")) << map.body;
}

TEST(ConsoleTest, TheHistoryGrowsWithTime) {
  Served served;
  served.loop.advance(21s);
  const auto history = served.get("/api/v1/history");
  EXPECT_EQ(history.status, 200);
  EXPECT_TRUE(history.body.contains("\"traces.accepted\":[0,0,0,0]")) << history.body;
}

TEST(ConsoleTest, ADestinationHasItsAgeItsFlowAndThePlaceOfItsDeadLetters) {
  Served served;
  DestinationState destination{.name = "otlp"};
  destination.oldest_age = 2500ms;
  destination.dead_letter_path = "/var/dead.jsonl";
  LogHistogram batches;
  LogHistogram latencies;
  batches.record(7);
  latencies.record(15'000'000);
  destination.batch_items = batches.counts();
  destination.latency_ns = latencies.counts();
  served.source.state_.destinations = {destination};
  const std::string text = served.get("/api/v1/pipelines").body;
  EXPECT_TRUE(text.contains("\"oldest_age_s\":2.5")) << text;
  EXPECT_TRUE(text.contains("\"batch_items\":{\"p50\":7,\"p99\":7}")) << text;
  EXPECT_TRUE(text.contains("\"latency_ms\":{\"p50\":15")) << text;
  EXPECT_TRUE(text.contains("\"dead_letter_path\":\"/var/dead.jsonl\"")) << text;
  served.source.state_.destinations = {{.name = "otlp"}};
  EXPECT_TRUE(served.get("/api/v1/pipelines").body.contains("\"oldest_age_s\":null"));
}

TEST(ConsoleTest, ALossHasItsReasonAndItsTimes) {
  Served served;
  AccountState account{.pipeline = "traces", .destination = "otlp"};
  account.counts.rejected_by_peer.items = 4;
  served.source.state_.accounts = {account};
  const std::string text = served.get("/api/v1/ledger").body;
  EXPECT_TRUE(text.contains(R"("losses":[{"reason":"rejected_by_peer","items":4,)"
                            R"("first_at_ms":5000,"last_at_ms":5000}])"))
      << text;
}

TEST(ConsoleTest, ACertificateNearItsEndIsAnAlert) {
  Served served;
  constexpr Duration kDay = 24h;
  served.source.state_.certificates = {
      {.owner = "receiver otlp", .protocol = "grpc", .expires_at = WallTime(5s) + 3 * kDay},
      {.owner = "exporter main", .protocol = {}, .expires_at = WallTime(5s) + 60 * kDay},
      {.owner = "exporter old", .protocol = {}, .expires_at = WallTime(4s)}};
  const std::string text = served.get("/api/v1/status").body;
  EXPECT_TRUE(text.contains("the certificate of receiver otlp (grpc) expires in 3 days")) << text;
  EXPECT_TRUE(text.contains("the certificate of exporter old has expired")) << text;
  EXPECT_FALSE(text.contains("exporter main")) << text;
  EXPECT_TRUE(served.get("/api/v1/pipelines").body.contains("\"expires_at_ms\":259205000"));
}

TEST(JsonWriterTest, WholeNumbersHaveNoExponent) {
  const auto written = [](double value) { return JsonWriter().real(value).take(); };
  EXPECT_EQ(written(120'000'000), "120000000");
  EXPECT_EQ(written(-3), "-3");
  EXPECT_EQ(written(0.25), "0.25");
  EXPECT_EQ(written(1e300), "1e+300");
  EXPECT_EQ(written(std::numeric_limits<double>::infinity()), "null");
}

TEST(ConsoleTest, MethodsPathsAndHostsAreChecked) {
  Served served;
  EXPECT_EQ(served.get("/api/v1/status").status, 200);
  EXPECT_EQ(served.get("/api/v1/status", "POST").status, 405);
  EXPECT_EQ(served.get("/api/v1/test-trace").status, 405);
  EXPECT_EQ(served.get("/api/v1/test-trace", "POST").status, 202);
  served.source.test_trace.reset();
  EXPECT_EQ(served.get("/api/v1/test-trace", "POST").status, 503);
  EXPECT_EQ(served.get("/api/v1/none").status, 404);
  EXPECT_EQ(served.get("/api/v1/traces?limit=0").status, 400);
  EXPECT_EQ(served.get("/").status, 200);
  EXPECT_TRUE(served.get("/api/v1/openapi.json").body.contains("\"openapi\""));
}

TEST(ConsoleTest, EveryToolIsAnsweredByTheApi) {
  Served served;
  served.keep(Signal::kTraces, otlp::example_request(Signal::kTraces, {.items = 5}));
  served.keep(Signal::kMetrics, otlp::example_request_with_everything(Signal::kMetrics));
  const auto list = served.get("/api/v1/traces");
  const std::string id = list.body.substr(list.body.find("\"trace_id\":\"") + 12, 32);
  const auto metrics = served.get("/api/v1/metrics");
  const size_t at = metrics.body.find("{\"name\":\"") + 9;
  const std::string metric = metrics.body.substr(at, metrics.body.find('"', at) - at);
  for (const mcp::Tool& tool : mcp::all_tools()) {
    std::string arguments = "{";
    const auto add = [&arguments](std::string_view name, const std::string& value) {
      if (arguments.size() > 1) arguments += ',';
      arguments += json_string(name) + ":" + value;
    };
    for (const mcp::Parameter& parameter : tool.parameters) {
      if (parameter.name == "trace_id" && parameter.is_required) add("trace_id", json_string(id));
      if (parameter.name == "metric") add("metric", json_string(metric));
      if (parameter.name == "limit") add("limit", std::to_string(parameter.most));
    }
    const auto reply = served.call_tool(tool.name, arguments + "}");
    EXPECT_TRUE(reply.body.ends_with("\"isError\":false}}")) << reply.body;
  }
  EXPECT_TRUE(served.call_tool("get_trace", R"({"trace_id":"x"})").body.contains("bad_request"));
}

TEST(ConsoleTest, TheGuardIsAskedBeforeTools) {
  Served served;
  EXPECT_EQ(served.call_tool("get_status", "{}").status, 200);
  EXPECT_EQ(served.call_tool("get_status", "{}", "evil.example").status, 403);
}

TEST(ConsoleTest, EventsBeginWithCountersAndHaveABoundedNumberOfClients) {
  Served served;
  std::vector<std::unique_ptr<transport::PageStream>> streams;
  for (size_t i = 0; i < EventStream::kClientsMax; ++i) {
    auto reply = served.get("/api/v1/events");
    EXPECT_EQ(reply.status, 200);
    EXPECT_TRUE(reply.body.contains("event: counters\ndata: {"));
    streams.push_back(std::move(reply.stream));
  }
  EXPECT_EQ(served.get("/api/v1/events").status, 503);
  std::string received;
  streams.front()->next([&](transport::PageStream::Piece piece) { received = piece.bytes; });
  served.loop.advance(2s);
  EXPECT_TRUE(received.starts_with("event: counters\ndata: {")) << received;
  // A client that does not read is broken off when it reads again.
  served.loop.advance(3600s);
  transport::PageStream::Piece last;
  streams.back()->next([&](transport::PageStream::Piece piece) { last = std::move(piece); });
  served.loop.advance(2s);
  EXPECT_EQ(last.end, transport::PageStream::End::kBrokenOff);
  EXPECT_LE(last.bytes.size(), transport::PageStream::kPieceBytesMax);
  streams.clear();
  EXPECT_EQ(served.get("/api/v1/events").status, 200);
}

TEST(ConsoleTest, AHundredThousandSpansAreReadInPages) {
  Served served;
  for (int i = 0; i < 10; ++i) {
    served.keep(Signal::kTraces, otlp::example_request(Signal::kTraces, {.items = 10'000}, 1));
  }
  const auto list = served.get("/api/v1/traces?limit=1");
  const std::string id = list.body.substr(list.body.find("\"trace_id\":\"") + 12, 32);
  const auto page = served.get("/api/v1/traces/" + id + "?limit=10000");
  EXPECT_EQ(page.status, 200);
  EXPECT_LT(page.body.size(), size_t{8} << 20);
}

}  // namespace
}  // namespace millrace::extensions::console
