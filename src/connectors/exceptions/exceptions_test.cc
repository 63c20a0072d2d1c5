#include "connectors/exceptions/exceptions.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "io/sim/world.h"
#include "memory/testing/test_work.h"
#include "otlp/admit.h"
#include "otlp/attribute_list.h"
#include "otlp/example_requests.h"
#include "otlp/json/testing/json_request.h"
#include "pipeline/testing/recording_intake.h"

namespace millrace::connectors::exceptions {
namespace {

std::string attribute(const std::string& key, const std::string& value) {
  return R"({"key":")" + key + R"(","value":{"stringValue":")" + value + R"("}})";
}
std::string exception(const std::string& type, const std::string& more = "") {
  return R"({"timeUnixNano":"77","name":"exception","attributes":[)" +
         attribute("exception.type", type) + "," + attribute("exception.message", "lost") + "," +
         attribute("exception.stacktrace", "at x") + more + "]}";
}
Bytes request(const std::string& events,
              const std::string& resource = attribute("service.name", "shop")) {
  return millrace::testing::request_of_json(
      Signal::kTraces,
      R"({"resourceSpans":[{"resource":{"attributes":[)" + resource +
          R"(]},"scopeSpans":[{"scope":{"name":"lib"},"spans":[{"traceId":)"
          R"("0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708","name":"buy","kind":2,)"
          R"("status":{"code":2},"attributes":[)" +
          attribute("user", "eva") + "," + attribute("span.name", "own") + R"(],"events":[)" +
          events + "]}]}]}]}");
}

class ExceptionsTest : public ::testing::Test {
 protected:
  void make(bool with_logs, bool with_metrics, Options options = {}) {
    const auto given = std::make_shared<const Options>(std::move(options));
    for (int i = 0; i < 2; ++i) {
      sides_.push_back(std::make_unique<Side>(world_, own_.budget, i));
      Side& side = *sides_.back();
      if (with_logs) side.add(Signal::kLogs);
      if (with_metrics) side.add(Signal::kMetrics);
      const Parts parts{.name = name_,
                        .loop = *side.loop,
                        .long_work = side.long_work,
                        .budget = own_.budget,
                        .log = log_,
                        .wall_clock = wall_clock_,
                        .outputs = side.outputs};
      if (shared_ == nullptr) shared_ = make_shared(given, parts);
      side.exporter = make_exceptions(shared_, parts);
    }
  }
  void send(size_t worker, const Bytes& bytes) {
    sides_[worker]->exporter->send_batch(
        {.signal = Signal::kTraces, .item_count = 1, .bytes = Rope(bytes), .metadata = nullptr},
        kNever, [this](const pipeline::Outcome& outcome) { outcomes_.push_back(outcome.kind); });
    world_.run_for(100ms);
  }
  pipeline::testing::RecordingIntake& intake(Signal signal, size_t worker = 0) {
    return *sides_[worker]->intakes[index_of(signal)];
  }
  std::string arrived(Signal signal, size_t worker = 0) {
    std::string json;
    for (const pipeline::Payload& payload : intake(signal, worker).payloads) {
      const Bytes bytes = payload.bytes.to_bytes();
      const auto admitted = otlp::admit(signal, bytes.view());
      EXPECT_TRUE(admitted);
      if (admitted) EXPECT_EQ(admitted->item_count, payload.item_count);
      json += millrace::testing::json_of_request(signal, Rope(bytes)) + "\n";
    }
    intake(signal, worker).payloads.clear();
    return json;
  }
  std::string next_interval() {
    world_.run_for(kEmissionInterval + 1s);
    return arrived(Signal::kMetrics);
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
    void add(Signal signal) {
      auto made = std::make_unique<pipeline::testing::RecordingIntake>(*loop);
      intakes[index_of(signal)] = made.get();
      outputs.of_signal[index_of(signal)] = std::move(made);
    }
    std::unique_ptr<io::Loop> loop;
    ChunkPool pool;
    io::LongWork long_work;
    pipeline::ConnectorOutputs outputs;
    std::array<pipeline::testing::RecordingIntake*, kSignalCount> intakes{};
    std::unique_ptr<pipeline::Exporter> exporter;
  };
  using Kind = pipeline::Outcome::Kind;

  io::sim::World world_{1};
  millrace::testing::TestWork own_;
  Logger log_{{}, nullptr, nullptr};
  const std::string name_ = "exceptions";
  std::function<WallTime()> wall_clock_ = [this] {
    return WallTime(std::chrono::seconds(1'700'000'000) +
                    sides_.front()->loop->now().time_since_epoch());
  };
  std::vector<Kind> outcomes_;
  std::vector<std::unique_ptr<Side>> sides_;
  std::shared_ptr<Shared> shared_;
};

TEST_F(ExceptionsTest, AnExceptionIsALogRecord) {
  make(true, false);
  send(0, request(exception("IOError") + R"(,{"name":"other"})"));
  EXPECT_EQ(outcomes_, std::vector{Kind::kDelivered});
  const std::string json = arrived(Signal::kLogs);
  has(json, R"("timeUnixNano":"77","severityNumber":17,"severityText":"ERROR")");
  has(json, R"("traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708")");
  has(json, R"("scope":{"name":"lib"})");
  for (const auto& [key, value] :
       std::vector<std::pair<std::string, std::string>>{{"user", "eva"},
                                                        {"span.name", "buy"},
                                                        {"span.kind", "SPAN_KIND_SERVER"},
                                                        {"status.code", "STATUS_CODE_ERROR"},
                                                        {"service.name", "shop"},
                                                        {"exception.type", "IOError"},
                                                        {"exception.message", "lost"},
                                                        {"exception.stacktrace", "at x"}}) {
    has(json, attribute(key, value));
  }
  EXPECT_EQ(json.find(attribute("span.name", "own")), std::string::npos) << "taken over once";
  EXPECT_EQ(json.find("other"), std::string::npos);
}

TEST_F(ExceptionsTest, ExceptionsOfAllWorkersAreCounted) {
  make(false, true);
  send(0, request(exception("IOError") + "," + exception("IOError")));
  send(1, request(exception("IOError") + "," + exception("Other")));
  const std::string json = next_interval();
  has(json, R"("scope":{"name":"exceptionsconnector"})");
  has(json, R"("name":"exceptions")");
  has(json, R"("asInt":"3")");
  has(json, R"("asInt":"1")");
  has(json, R"("aggregationTemporality":2,"isMonotonic":true)");
  has(json, attribute("service.name", "shop") + "," + attribute("span.name", "buy"));
  has(json, attribute("exception.type", "Other"));
  EXPECT_EQ(json.find("stacktrace"), std::string::npos);
  EXPECT_TRUE(intake(Signal::kMetrics, 1).payloads.empty()) << "each series has one writer";
  has(next_interval(), R"("asInt":"3")");
}

TEST_F(ExceptionsTest, ABatchThatComesAgainIsCountedOnce) {
  make(true, true);
  intake(Signal::kLogs).refuses = true;
  send(0, request(exception("IOError")));
  intake(Signal::kLogs).refuses = false;
  send(0, request(exception("IOError")));
  EXPECT_EQ(outcomes_, (std::vector{Kind::kRetry, Kind::kDelivered}));
  has(arrived(Signal::kLogs), "IOError");
  has(next_interval(), R"("asInt":"1")");
}

TEST_F(ExceptionsTest, DimensionsComeFromSpanEventResourceAndDefault) {
  Options options;
  options.dimensions = {{.name = "user", .default_value = {}},
                        {.name = "exception.type", .default_value = {}},
                        {.name = "zone", .default_value = {}},
                        {.name = "tier", .default_value = otlp::encode_string_value("none")},
                        {.name = "absent", .default_value = {}}};
  make(false, true, options);
  send(0, request(exception("IOError"),
                  attribute("service.name", "shop") + "," + attribute("zone", "east")));
  const std::string json = next_interval();
  has(json, attribute("user", "eva"));
  has(json, attribute("exception.type", "IOError"));
  has(json, attribute("zone", "east"));
  has(json, attribute("tier", "none"));
  EXPECT_EQ(json.find("absent"), std::string::npos);
}

TEST_F(ExceptionsTest, ExemplarsAreOfOneInterval) {
  make(false, true, {.has_exemplars = true});
  send(0, request(exception("IOError") + "," + exception("IOError")));
  const std::string json = next_interval();
  has(json, R"("traceId":"0102030405060708090a0b0c0d0e0f10")");
  has(json, R"("asDouble":2)");
  EXPECT_EQ(next_interval().find("traceId"), std::string::npos);
}

TEST_F(ExceptionsTest, ADrainEmitsWhatWasCounted) {
  make(false, true);
  send(1, request(exception("IOError")));
  size_t pending = 0;
  for (const auto& side : sides_) pending += side->exporter->flush([&pending] { --pending; });
  world_.run_for(1s);
  EXPECT_EQ(pending, 0u);
  has(arrived(Signal::kMetrics), R"("asInt":"1")");
}

TEST_F(ExceptionsTest, AResourceWithoutAServiceIsSkipped) {
  make(true, true);
  send(0, request(exception("IOError"), attribute("a", "b")));
  EXPECT_EQ(outcomes_, std::vector{Kind::kDelivered});
  EXPECT_EQ(arrived(Signal::kLogs), "");
  EXPECT_EQ(next_interval(), "");
}

TEST_F(ExceptionsTest, EverythingInASpanIsRead) {
  make(true, true);
  send(0, otlp::example_request_with_everything(Signal::kTraces));
  EXPECT_EQ(outcomes_, std::vector{Kind::kDelivered});
}

}  // namespace
}  // namespace millrace::connectors::exceptions
