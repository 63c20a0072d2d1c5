#include "connectors/servicegraph/service_graph.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "io/sim/world.h"
#include "memory/testing/test_work.h"
#include "otlp/admit.h"
#include "otlp/example_requests.h"
#include "otlp/json/testing/json_request.h"
#include "pipeline/testing/recording_intake.h"

namespace millrace::connectors::servicegraph {
namespace {

struct SpanOf {
  std::string service;
  int kind = 2;  // 2 server, 3 client, 4 producer, 5 consumer
  std::string id = "0000000000000007";
  std::string parent = "";
  int milliseconds = 500;
  int status = 0;
  std::string attributes = "";
};
std::string attribute(const std::string& key, const std::string& value) {
  return R"({"key":")" + key + R"(","value":{"stringValue":")" + value + R"("}})";
}
Bytes request(const SpanOf& of) {
  return millrace::testing::request_of_json(
      Signal::kTraces,
      R"({"resourceSpans":[{"resource":{"attributes":[)" + attribute("service.name", of.service) +
          R"(]},"scopeSpans":[{"spans":[{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":")" +
          of.id + R"(","parentSpanId":")" + of.parent + R"(","kind":)" + std::to_string(of.kind) +
          R"(,"startTimeUnixNano":"1000000000","endTimeUnixNano":")" +
          std::to_string(1'000'000'000 + of.milliseconds * int64_t{1'000'000}) +
          R"(","status":{"code":)" + std::to_string(of.status) + R"(},"attributes":[)" +
          of.attributes + "]}]}]}]}");
}
SpanOf client(const std::string& service) {
  return {.service = service, .kind = 3, .milliseconds = 1000};
}
SpanOf server(const std::string& service) {
  return {.service = service, .kind = 2, .id = "0000000000000009", .parent = "0000000000000007"};
}

class ServiceGraphTest : public ::testing::Test {
 protected:
  void make(Options options = {}) {
    if (options.bounds.size() > 3) options.bounds = {0.6, 2};
    const auto shared_options = std::make_shared<const Options>(std::move(options));
    for (int i = 0; i < 2; ++i) {
      sides_.push_back(std::make_unique<Side>(world_, own_.budget, i));
      Side& side = *sides_.back();
      auto intake = std::make_unique<pipeline::testing::RecordingIntake>(*side.loop);
      side.intake = intake.get();
      side.outputs.of_signal[index_of(Signal::kMetrics)] = std::move(intake);
      const Parts parts{.name = name_,
                        .loop = *side.loop,
                        .long_work = side.long_work,
                        .budget = own_.budget,
                        .log = log_,
                        .metrics = metrics_,
                        .wall_clock = wall_clock_,
                        .outputs = side.outputs};
      if (shared_ == nullptr) shared_ = make_shared(shared_options, parts);
      side.exporter = make_service_graph(shared_, parts);
    }
  }
  void send(size_t worker, const Bytes& bytes) {
    sides_[worker]->exporter->send_batch(
        {.signal = Signal::kTraces, .item_count = 1, .bytes = Rope(bytes), .metadata = nullptr},
        kNever, [this](const pipeline::Outcome& outcome) {
          delivered_ += outcome.kind == pipeline::Outcome::Kind::kDelivered;
        });
  }
  // All that was emitted since the last call.
  std::string emitted() {
    std::string json;
    EXPECT_TRUE(sides_[1]->intake->payloads.empty()) << "each series has one writer";
    for (const pipeline::Payload& payload : sides_[0]->intake->payloads) {
      const Bytes bytes = payload.bytes.to_bytes();
      const auto admitted = otlp::admit(Signal::kMetrics, bytes.view());
      EXPECT_TRUE(admitted);
      if (admitted) EXPECT_EQ(admitted->item_count, payload.item_count);
      json += millrace::testing::json_of_request(Signal::kMetrics, Rope(bytes)) + "\n";
    }
    sides_[0]->intake->payloads.clear();
    return json;
  }
  std::string next_interval() {
    world_.run_for(61s);
    return emitted();
  }
  bool flush() {
    size_t pending = 0;
    for (const auto& side : sides_) pending += side->exporter->flush([&pending] { --pending; });
    world_.run_for(5s);
    return pending == 0;
  }
  bool counted(const std::string& line) {
    return metrics_.to_prometheus_text().find(line) != std::string::npos;
  }
  static bool has(const std::string& json, const std::string& text) {
    if (json.find(text) != std::string::npos) return true;
    ADD_FAILURE() << text << " is not in\n" << json;
    return false;
  }

  struct Side {
    Side(io::sim::World& world, Budget& budget, int index)
        : loop(world.make_loop("worker" + std::to_string(index))),
          pool(budget, 0),
          long_work(*loop, pool) {}
    std::unique_ptr<io::Loop> loop;
    ChunkPool pool;
    io::LongWork long_work;
    pipeline::ConnectorOutputs outputs;
    pipeline::testing::RecordingIntake* intake = nullptr;
    std::unique_ptr<pipeline::Exporter> exporter;
  };

  io::sim::World world_{1};
  millrace::testing::TestWork own_;
  Logger log_{{}, nullptr, nullptr};
  metrics::Registry metrics_;
  const std::string name_ = "service_graph";
  std::function<WallTime()> wall_clock_ = [this] {
    return WallTime(std::chrono::seconds(1'700'000'000) +
                    sides_.front()->loop->now().time_since_epoch());
  };
  int delivered_ = 0;
  std::vector<std::unique_ptr<Side>> sides_;
  std::shared_ptr<Shared> shared_;
};

// Vector 30 of the reference; the halves come to two workers.
TEST_F(ServiceGraphTest, TwoHalvesAreOneRequest) {
  make();
  send(0, request(client("a")));
  send(1, request(server("b")));
  const std::string json = next_interval();
  EXPECT_EQ(delivered_, 2);
  has(json, R"("scope":{"name":"traces_service_graph"})");
  has(json, R"("name":"traces_service_graph_request_total")");
  has(json, attribute("client", "a") + "," + attribute("server", "b") + "," +
                attribute("connection_type", "") +
                R"(,{"key":"failed","value":{"boolValue":false}})");
  has(json, R"("asInt":"1")");
  has(json, R"("name":"traces_service_graph_request_server","unit":"s")");
  has(json, R"("sum":0.5,"bucketCounts":["1","0","0"],"explicitBounds":[0.6,2])");
  has(json, R"("name":"traces_service_graph_request_client","unit":"s")");
  has(json, R"("sum":1,"bucketCounts":["0","1","0"],"explicitBounds":[0.6,2])");
  has(json, R"("aggregationTemporality":2,"isMonotonic":true)");
  EXPECT_EQ(json.find("failed_total"), std::string::npos);
  EXPECT_TRUE(counted("otelcol_connector_servicegraph_total_edges{connector=\"service_graph\"} 1"));
}

TEST_F(ServiceGraphTest, FailuresAreASeriesOfTheirOwn) {
  make();
  send(0, request(server("b")));
  send(0, request(client("a")));
  SpanOf failed = client("a");
  failed.status = 2;
  send(0, request(failed));
  send(0, request(server("b")));
  const std::string json = next_interval();
  has(json, R"("name":"traces_service_graph_request_failed_total")");
  has(json, R"({"key":"failed","value":{"boolValue":true}})");
}

TEST_F(ServiceGraphTest, ADatabaseHasOneSpanAndMessagesAProducer) {
  make();
  SpanOf query = client("a");
  query.attributes = attribute("db.name", "orders");
  send(0, request(query));
  const std::string json = next_interval();
  has(json, attribute("server", "orders") + "," + attribute("connection_type", "database"));
  SpanOf producer = client("a");
  producer.kind = 4;
  SpanOf consumer = server("b");
  consumer.kind = 5;
  send(0, request(producer));
  send(1, request(consumer));
  has(next_interval(), attribute("connection_type", "messaging_system"));
}

TEST_F(ServiceGraphTest, LonelyHalvesBecomeVirtualNodesWhereTheyCan) {
  make({.has_virtual_node_label = true});
  SpanOf root = server("front");
  root.parent = "";
  send(0, request(root));
  SpanOf to_peer = client("a");
  to_peer.attributes = attribute("peer.service", "bank");
  send(0, request(to_peer));
  SpanOf to_unknown = client("b");
  to_unknown.id = "0000000000000011";
  send(1, request(to_unknown));
  SpanOf orphan = server("c");
  orphan.parent = "0000000000000013";
  send(1, request(orphan));
  const std::string json = next_interval();
  has(json, attribute("client", "user") + "," + attribute("server", "front") + "," +
                attribute("connection_type", "virtual_node"));
  has(json, attribute("client", "a") + "," + attribute("server", "bank"));
  has(json, attribute("client", "b") + "," + attribute("server", "unknown"));
  has(json, attribute("virtual_node", "client"));
  has(json, attribute("virtual_node", "server"));
  EXPECT_EQ(json.find(attribute("server", "c")), std::string::npos);
  EXPECT_TRUE(
      counted("otelcol_connector_servicegraph_expired_edges{connector=\"service_graph\"} 4"));
  EXPECT_TRUE(counted("millrace_service_graph_unpaired_spans{connector=\"service_graph\"} 1"));
}

TEST_F(ServiceGraphTest, DimensionsAreOfBothSides) {
  make({.dimensions = {"zone"}});
  SpanOf one = client("a");
  one.attributes = attribute("zone", "east");
  SpanOf other = server("b");
  other.attributes = attribute("zone", "west");
  send(0, request(one));
  send(0, request(other));
  send(0, request(client("a")));
  send(0, request(server("b")));
  const std::string json = next_interval();
  has(json, attribute("client_zone", "east") + "," + attribute("server_zone", "west"));
  EXPECT_EQ(json.find(R"("asInt":"2")"), std::string::npos) << json;
}

TEST_F(ServiceGraphTest, HalvesBeyondTheLimitAreDroppedAndCounted) {
  make({.edges_max = 1});
  send(0, request(client("a")));
  SpanOf second = client("a");
  second.id = "0000000000000021";
  send(0, request(second));
  world_.run_for(1s);
  EXPECT_TRUE(
      counted("otelcol_connector_servicegraph_dropped_spans{connector=\"service_graph\"} 1"));
}

TEST_F(ServiceGraphTest, ADrainEmitsWhatWasCounted) {
  make();
  send(1, request(client("a")));
  send(1, request(server("b")));
  world_.run_for(1s);
  EXPECT_TRUE(flush());
  has(emitted(), R"("asInt":"1")");
  EXPECT_TRUE(flush());
  EXPECT_EQ(emitted(), "");
}

TEST_F(ServiceGraphTest, WithoutAnIntervalEachBatchIsFollowedByMetrics) {
  make({.flush_interval = 0s});
  send(1, request(client("a")));
  send(1, request(server("b")));
  world_.run_for(1s);
  has(emitted(), R"("asInt":"1")");
}

// A series that was forgotten begins anew, with a start of its own.
TEST_F(ServiceGraphTest, SilentSeriesAreForgotten) {
  make();
  const auto start_of = [](const std::string& json) {
    const size_t at = json.find(R"("startTimeUnixNano":")");
    return at == std::string::npos ? "" : json.substr(at, 45);
  };
  const auto send_both = [&] {
    send(0, request(client("a")));
    send(0, request(server("b")));
  };
  send_both();
  const std::string first = next_interval();
  EXPECT_NE(next_interval(), "") << "cumulative";
  world_.run_for(18min);
  emitted();
  EXPECT_EQ(next_interval(), "");
  send_both();
  const std::string later = next_interval();
  has(later, R"("asInt":"1")");
  EXPECT_NE(start_of(later), start_of(first));
  EXPECT_EQ(own_.budget.used(MemoryTerm::kKeyedState) > 0, true);
}

TEST_F(ServiceGraphTest, EverythingInASpanIsRead) {
  make();
  send(0, otlp::example_request_with_everything(Signal::kTraces));
  next_interval();
  EXPECT_EQ(delivered_, 1);
}

}  // namespace
}  // namespace millrace::connectors::servicegraph
