// The library as a program uses it, with exporters of the test and a back end on loopback.
#include "millrace/collector.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "library/testing/recorder.h"

namespace millrace::v1 {
namespace {

using library::testing::BackEnd;
using library::testing::config_with;
using library::testing::Recorder;
using namespace std::chrono_literals;

Span full_span() {
  Span span = Span::make("checkout");
  span.parent_span_id = random_span_id();
  span.trace_state = "a=1";
  span.flags = 1;
  span.kind = SpanKind::kServer;
  span.set("text", "shop")
      .set("long text", std::string(300, 'x'))
      .set("umlaut", "Größe")
      .set("flag", true)
      .set("negative", -7)
      .set("number", 42.5)
      .set("empty", Value())
      .set("bytes", Value::Bytes{0, 255, 128})
      .set("list", Value::Array{1, "two", 3.0})
      .set("map", Value::Map{{"a", 1}, {"b", Value::Map{{"c", false}}}});
  span.dropped_attributes_count = 2;
  span.add_event("exception", {{"exception.type", "E"}});
  span.links.push_back({.trace_id = random_trace_id(),
                        .span_id = random_span_id(),
                        .trace_state = "b=2",
                        .attributes = {{"k", "v"}},
                        .dropped_attributes_count = 1,
                        .flags = 1});
  span.dropped_events_count = 3;
  span.dropped_links_count = 4;
  span.status = {StatusCode::kError, "card refused"};
  return span.finish();
}

TEST(CollectorTest, CollectedItemsAreExported) {
  auto recorder = std::make_shared<Recorder>();
  auto collector = Collector::create(config_with(recorder));
  ASSERT_TRUE(collector.ok()) << collector.error().message;
  const Span span = full_span();
  EXPECT_TRUE(collector->collect(span).ok());
  EXPECT_TRUE(collector->flush(10s).ok());
  EXPECT_EQ(recorder->spans(), std::vector<Span>{span});
  EXPECT_TRUE(collector->shutdown(10s).ok());
  const Statistics statistics = collector->statistics();
  EXPECT_EQ(statistics.collected(), 1U);
  EXPECT_EQ(statistics.exported(), 1U);
  EXPECT_TRUE(statistics.balances());
}

TEST(CollectorTest, APointWithoutATimeGetsTheCurrentOne) {
  auto recorder = std::make_shared<Recorder>();
  auto collector = Collector::create(config_with(recorder));
  ASSERT_TRUE(collector.ok()) << collector.error().message;
  const uint64_t before = now_unix_nano();
  MetricPoint point;
  point.name = "queue.size";
  point.data = Gauge{1.5};
  EXPECT_TRUE(collector->collect(point).ok());
  point.time_unix_nano = 12345;
  EXPECT_TRUE(collector->collect(point).ok());
  EXPECT_TRUE(collector->shutdown(10s).ok());
  const std::vector<MetricPoint> points = recorder->metric_points();
  ASSERT_EQ(points.size(), 2U);
  EXPECT_GE(points[0].time_unix_nano, before);
  EXPECT_LE(points[0].time_unix_nano, now_unix_nano());
  EXPECT_EQ(points[1].time_unix_nano, 12345U);
}

// A directory for one test, removed by the destructor.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "millrace-XXXXXX").string();
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  std::string path() const { return path_; }

 private:
  std::string path_;
};

TEST(CollectorTest, ItemsOnDiskAreSentByTheNextCollector) {
  const TemporaryDirectory directory;
  Config config;
  config.endpoint = "http://127.0.0.1:1";  // no server listens
  config.endpoint_options.protocol = Protocol::kGrpc;
  config.storage_directory = directory.path() + "/queue";
  {
    auto collector = Collector::create(config);
    ASSERT_TRUE(collector.ok()) << collector.error().message;
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(collector->collect(full_span()).ok());
    EXPECT_TRUE(collector->flush(10s).ok()) << "it is on disk";
    EXPECT_TRUE(collector->shutdown(10s).ok()) << "nothing is lost by ending";
    const Statistics statistics = collector->statistics();
    EXPECT_EQ(statistics.queued(), 100U);
    EXPECT_TRUE(statistics.balances());
  }
  BackEnd back_end;
  config.endpoint = back_end.grpc_url();
  auto collector = Collector::create(config);
  ASSERT_TRUE(collector.ok()) << collector.error().message;
  EXPECT_TRUE(collector->collect(full_span()).ok());
  while (back_end.recorder().item_count() < 101) std::this_thread::sleep_for(1ms);
  EXPECT_TRUE(collector->shutdown(10s).ok());
  const Statistics statistics = collector->statistics();
  EXPECT_EQ(statistics.destinations.front().recovered, 100U);
  EXPECT_EQ(statistics.exported(), 101U);
  EXPECT_TRUE(statistics.balances());
}

TEST(CollectorTest, ADirectoryThatAnotherCollectorHasIsRefused) {
  const TemporaryDirectory directory;
  Config config;
  config.storage_directory = directory.path();
  auto first = Collector::create(config);
  ASSERT_TRUE(first.ok()) << first.error().message;
  const auto second = Collector::create(config);
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().message.find(directory.path()), std::string::npos);
}

class WireTest : public ::testing::TestWithParam<Protocol> {};
INSTANTIATE_TEST_SUITE_P(Protocols, WireTest,
                         ::testing::Values(Protocol::kGrpc, Protocol::kHttp, Protocol::kHttpJson));

TEST_P(WireTest, SpansArriveAtABackEnd) {
  BackEnd back_end;
  Config config;
  config.endpoint = GetParam() == Protocol::kGrpc ? back_end.grpc_url() : back_end.http_url();
  config.endpoint_options.protocol = GetParam();
  config.service_name = "shop";
  auto collector = Collector::create(config);
  ASSERT_TRUE(collector.ok()) << collector.error().message;
  std::vector<Span> sent;
  for (int i = 0; i < 2500; ++i) {
    sent.push_back(full_span());
    EXPECT_TRUE(collector->collect(sent.back()).ok());
  }
  EXPECT_TRUE(collector->shutdown(20s).ok());
  EXPECT_TRUE(collector->statistics().balances());
  // Ten connections race, so the order is not defined.
  std::vector<Span> received = back_end.recorder().spans();
  const auto by_id = [](const Span& a, const Span& b) { return a.span_id < b.span_id; };
  std::sort(sent.begin(), sent.end(), by_id);
  std::sort(received.begin(), received.end(), by_id);
  EXPECT_EQ(received, sent);
  const std::string bytes = back_end.recorder().batches().front()->to_bytes();
  EXPECT_NE(bytes.find("service.name"), std::string::npos);
  EXPECT_NE(bytes.find("shop"), std::string::npos);
}

// With ten attributes each, about 370 bytes, and the default capacity. Counts chunks,
// because a sanitizer's memory would be resident too (bench/library_bench.cc measures
// resident memory).
TEST(CollectorTest, AHundredThousandQueuedSpansTakeLessThanSixtyMegabytes) {
  auto collector = Collector::create({.endpoint = "http://127.0.0.1:1"});  // refuses
  ASSERT_TRUE(collector.ok());
  SpanBuilder span("GET /api/cart/{id}");
  for (int i = 0; i < 100'000; ++i) {
    span.reset("GET /api/cart/{id}");
    span.set_parent(SpanId{1}).set_kind(SpanKind::kServer);
    for (const char* key : {"http.request.method", "url.path", "http.response.status_code",
                            "server.address", "network.protocol.version", "client.address",
                            "url.scheme", "http.route", "app.total", "server.port"}) {
      span.set(key, "10.2.33.44");
    }
    ASSERT_TRUE(collector->collect(span).ok());
  }
  const Statistics statistics = collector->statistics();
  EXPECT_EQ(statistics.queued(), 100'000U);
  EXPECT_GT(statistics.buffer_bytes, 30'000'000U);
  EXPECT_LT(statistics.buffer_bytes, 60'000'000U);
}

}  // namespace
}  // namespace millrace::v1
