#include "connectors/count/count.h"

#include <gtest/gtest.h>

#include <string>

#include "io/sim/world.h"
#include "memory/testing/test_work.h"
#include "otlp/admit.h"
#include "otlp/json/testing/json_request.h"
#include "yaml/parse.h"

namespace millrace::connectors::count {
namespace {

Options options_of(std::string_view text) {
  const auto root = yaml::parse(text, "test.yaml");
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "connectors::count");
  Options options;
  read_options(section, options);
  section.finish();
  EXPECT_FALSE(diagnostics.has_errors()) << diagnostics.to_text();
  return options;
}

std::string counts(std::string_view text, Signal signal, std::string_view json) {
  testing::TestWork own;
  Random random(1);
  Logger log{{}, nullptr, nullptr};
  const Options options = options_of(text);
  const auto counted = item_totals::total_items(
      {.options = options, .rules = rules(), .seed = {1, 2}, .random = random, .log = log}, signal,
      Rope(testing::request_of_json(signal, json)), WallTime(std::chrono::nanoseconds(99)),
      own.work);
  if (!counted) return counted.error().message;
  const Bytes bytes = counted->request.to_bytes();
  const auto admitted = otlp::admit(Signal::kMetrics, bytes.view());
  EXPECT_TRUE(admitted);
  if (admitted) EXPECT_EQ(admitted->item_count, counted->item_count);
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
    R"({"name":"a","startTimeUnixNano":"5","endTimeUnixNano":"9","events":[{"timeUnixNano":"7"}]},)"
    R"({"name":"b","startTimeUnixNano":"3","endTimeUnixNano":"4",)"
    R"("attributes":[{"key":"env","value":{"stringValue":"own"}}]}]}]},)"
    R"({"scopeSpans":[{"spans":[{"name":"a"}]}]}]})";

TEST(CountTest, EachResourceHasItsCounts) {
  const std::string json = counts("{}", Signal::kTraces, kSpans);
  has(json, R"("name":"trace.span.count")");
  has(json, R"("asInt":"2")");
  has(json, R"("startTimeUnixNano":"3","timeUnixNano":"9")");
  has(json, R"("name":"trace.span.event.count")");
  has(json, R"("startTimeUnixNano":"7","timeUnixNano":"7")");
  has(json, R"("startTimeUnixNano":"99","timeUnixNano":"99")");
  has(json, R"("aggregationTemporality":1)");
  has(json, R"("isMonotonic":true)");
  has(json, R"({"key":"env","value":{"stringValue":"prod"}})");
}

TEST(CountTest, ConditionsSelectAndAttributesDivide) {
  const std::string json = counts(
      "spans: {n: {conditions: ['name == \"a\"', 'name == \"b\"'], attributes: [{key: env}]}}",
      Signal::kTraces, kSpans);
  has(json, R"([{"key":"env","value":{"stringValue":"own"}}])");
  EXPECT_EQ(json.find(R"("asInt":"2")"), std::string::npos) << json;
  const std::string of_default = counts(
      "spans: {n: {conditions: ['name == \"a\"'], attributes: [{key: env, default_value: none}]}}",
      Signal::kTraces, kSpans);
  has(of_default, R"([{"key":"env","value":{"stringValue":"none"}}])");
  EXPECT_EQ(of_default.find("own"), std::string::npos);
}

TEST(CountTest, PointsMetricsAndLogsAreCounted) {
  const std::string json = counts(
      "{}", Signal::kMetrics,
      R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":[)"
      R"({"timeUnixNano":"4"},{"timeUnixNano":"8"}]}}]}]}]})");
  has(json, R"("name":"metric.count")");
  has(json, R"("name":"metric.datapoint.count")");
  has(json, R"("startTimeUnixNano":"4","timeUnixNano":"8")");
  has(counts("{}", Signal::kLogs,
             R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"4"}]}]}]})"),
      R"("name":"log.record.count")");
}

TEST(CountTest, WithoutACountNothingIsMade) {
  EXPECT_EQ(counts("{spans: {n: {conditions: ['name == \"z\"']}}, spanevents: {e: {conditions: "
                   "['name == \"z\"']}}}",
                   Signal::kTraces, kSpans),
            "{}");
}

// Answers at once, or refuses for now.
class AnsweringIntake final : public pipeline::Intake {
 public:
  explicit AnsweringIntake(io::Loop& loop) : loop_(loop) {}
  std::optional<pipeline::Verdict> submit(pipeline::Payload payload, pipeline::Policy policy,
                                          MonotonicTime, pipeline::VerdictCallback&&) override {
    EXPECT_EQ(policy, pipeline::Policy::kDelivered);
    points += payload.item_count;
    return answer;
  }
  void stop() override {}
  void abandon_waiting() override {}
  io::Loop& loop() override { return loop_; }
  pipeline::Verdict answer;
  uint32_t points = 0;

 private:
  io::Loop& loop_;
};

TEST(CountTest, ABatchEndsAsItsCountsDo) {
  io::sim::World world(1);
  const auto loop = world.make_loop("worker");
  testing::TestWork own;
  io::LongWork long_work(*loop, own.pool);
  Logger log{{}, nullptr, nullptr};
  const std::function<WallTime()> wall_clock = [] { return WallTime(); };
  pipeline::ConnectorOutputs outputs;
  auto made = std::make_unique<AnsweringIntake>(*loop);
  AnsweringIntake& intake = *made;
  outputs.of_signal[index_of(Signal::kMetrics)] = std::move(made);
  const auto connector =
      make_count(std::make_shared<Options>(options_of("{}")), {.loop = *loop,
                                                               .long_work = long_work,
                                                               .log = log,
                                                               .wall_clock = wall_clock,
                                                               .outputs = outputs});
  std::vector<pipeline::Outcome::Kind> kinds;
  const auto send = [&] {
    connector->send_batch({.signal = Signal::kTraces,
                           .item_count = 3,
                           .bytes = Rope(testing::request_of_json(Signal::kTraces, kSpans)),
                           .metadata = nullptr},
                          kNever,
                          [&](const pipeline::Outcome& outcome) { kinds.push_back(outcome.kind); });
    EXPECT_TRUE(kinds.empty() || kinds.size() < 3);
    world.run_for(1s);
  };
  send();
  intake.answer = {.code = Code::kUnavailable, .message = "full", .retry_after = Duration{1s}};
  send();
  connector->close();
  send();
  using Kind = pipeline::Outcome::Kind;
  EXPECT_EQ(kinds, (std::vector{Kind::kDelivered, Kind::kRetry, Kind::kCancelled}));
  EXPECT_EQ(intake.points, 6u);
}

}  // namespace
}  // namespace millrace::connectors::count
