#include "processors/metricstarttime/metric_start_time.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "io/sim/world.h"
#include "memory/testing/test_work.h"
#include "metric_streams/testing/run_points.h"

namespace millrace::processors::metricstarttime {
namespace {

constexpr uint64_t kMadeAt = 1'700'000'000;  // seconds

std::string point(int64_t value, uint64_t time_ms, uint64_t start_ms = 0) {
  const std::string start =
      start_ms == 0 ? "" : R"("startTimeUnixNano":")" + std::to_string(start_ms) + R"(000000",)";
  return "{" + start + R"("timeUnixNano":")" + std::to_string(time_ms) + R"(000000","asInt":")" +
         std::to_string(value) + R"("})";
}
std::string sum(const std::string& points, int temporality = 2) {
  return R"({"name":"a","sum":{"dataPoints":[)" + points + R"(],"aggregationTemporality":)" +
         std::to_string(temporality) + R"(,"isMonotonic":true}})";
}
std::string request(const std::string& metrics) {
  return R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[)" + metrics + "]}]}]}";
}
std::string gauge(const std::string& name, const std::string& value) {
  return R"({"name":")" + name + R"(","gauge":{"dataPoints":[{"asDouble":)" + value + "}]}}";
}

class MetricStartTimeTest : public ::testing::Test {
 protected:
  std::unique_ptr<pipeline::Processor> make(const Options& options) {
    const Parts parts{.name = name_,
                      .loop = *loop_,
                      .budget = own_.budget,
                      .log = log_,
                      .wall_clock = wall_clock_};
    if (streams_ == nullptr) streams_ = make_streams(options, parts);
    return make_metric_start_time_processor(options, streams_, parts);
  }
  std::string run(pipeline::Processor& processor, const std::string& metrics) {
    pipeline::Payload payload;
    payload.signal = Signal::kMetrics;
    payload.bytes = Rope(testing::request_of_json(Signal::kMetrics, request(metrics)));
    payload.item_count = otlp::admit(Signal::kMetrics, payload.bytes.to_bytes().view())->item_count;
    const uint32_t before = payload.item_count;
    const auto result = processor.process(payload, own_.work);
    if (!result) return result.error().message;
    EXPECT_EQ(payload.item_count + result->filtered_count, before);
    const auto admitted = otlp::admit(Signal::kMetrics, payload.bytes.to_bytes().view());
    EXPECT_TRUE(admitted);
    if (admitted) EXPECT_EQ(admitted->item_count, payload.item_count);
    return testing::json_of_request(Signal::kMetrics, payload.bytes);
  }
  static bool has(const std::string& json, const std::string& text) {
    return json.find(text) != std::string::npos;
  }

  io::sim::World world_{1};
  std::unique_ptr<io::Loop> loop_ = world_.make_loop("collector");
  testing::TestWork own_;
  Logger log_{{}, nullptr, nullptr};
  const std::function<WallTime()> wall_clock_ = [] {
    return WallTime(std::chrono::seconds(kMadeAt) + 5ms);
  };
  const std::string name_ = "metric_start_time";
  std::shared_ptr<Streams> streams_;
};

TEST_F(MetricStartTimeTest, PointsWithoutAStartGetOne) {
  const auto processor = make({});
  const std::string first = run(*processor, sum(point(3, 10)));
  EXPECT_TRUE(has(first, R"("startTimeUnixNano":"10000000")")) << first;
  const std::string later = run(*processor, sum(point(5, 20)));
  EXPECT_TRUE(has(later, R"("startTimeUnixNano":"10000000")")) << later;
  EXPECT_TRUE(has(later, R"("aggregationTemporality":2)")) << later;
  const std::string reset = run(*processor, sum(point(1, 30)));
  EXPECT_TRUE(has(reset, R"("startTimeUnixNano":"29000000")")) << reset;
}

TEST_F(MetricStartTimeTest, WhatHasAStartOrIsADeltaStays) {
  const auto processor = make({});
  EXPECT_EQ(run(*processor, sum(point(3, 10, 4))), run(*processor, sum(point(3, 10, 4))));
  EXPECT_TRUE(has(run(*processor, sum(point(3, 10, 4))), R"("startTimeUnixNano":"4000000")"));
  EXPECT_FALSE(has(run(*processor, sum(point(3, 10), 1)), "startTimeUnixNano"));
  EXPECT_FALSE(has(run(*processor, gauge("g", "1.5")), "startTimeUnixNano"));
  EXPECT_TRUE(has(run(*processor, sum(point(3, 50, 50))), R"("startTimeUnixNano":"50000000")"))
      << "a start that is the time is none";
}

TEST_F(MetricStartTimeTest, TheInitialPointIsSubtractedByAllWorkers) {
  const Options options{.strategy = Strategy::kSubtractInitialPoint};
  const auto one = make(options);
  const auto other = make(options);
  EXPECT_EQ(run(*one, sum(point(3, 10))), "{}");
  const std::string later = run(*other, sum(point(5, 20)));
  EXPECT_TRUE(has(later, R"("startTimeUnixNano":"10000000")")) << later;
  EXPECT_TRUE(has(later, R"("asInt":"2")")) << later;
}

TEST_F(MetricStartTimeTest, SummariesKeepTheirQuantiles) {
  const auto processor = make({.strategy = Strategy::kSubtractInitialPoint});
  const auto summary = [](int count, double sum, int time) {
    return R"({"name":"y","summary":{"dataPoints":[{"timeUnixNano":")" + std::to_string(time) +
           R"(","count":")" + std::to_string(count) + R"(","sum":)" + std::to_string(sum) +
           R"(,"quantileValues":[{"quantile":0.5,"value":7}]}]}})";
  };
  EXPECT_EQ(run(*processor, summary(3, 4, 10)), "{}");
  const std::string json = run(*processor, summary(5, 10, 20));
  EXPECT_TRUE(has(json, R"("count":"2","sum":6)")) << json;
  EXPECT_TRUE(has(json, R"("quantile":0.5,"value":7)")) << json;
  EXPECT_TRUE(has(json, R"("startTimeUnixNano":"10")")) << json;
}

TEST_F(MetricStartTimeTest, AMetricOfTheRequestGivesTheStart) {
  const auto processor = make({.strategy = Strategy::kStartTimeMetric});
  const std::string json =
      run(*processor, sum(point(3, 10)) + "," + gauge("process_start_time_seconds", "1234.5"));
  EXPECT_TRUE(has(json, R"("startTimeUnixNano":"1234500000000")")) << json;
  EXPECT_TRUE(has(run(*processor, sum(point(4, 20))), R"("startTimeUnixNano":"1234500000000")"))
      << "the stream keeps it";
}

TEST_F(MetricStartTimeTest, WithoutTheMetricTheStreamsStartWithTheProcess) {
  const auto processor = make({.strategy = Strategy::kStartTimeMetric});
  for (const char* value : {"-1", "1e300", "\"NaN\""}) {
    const std::string json =
        run(*processor, sum(point(3, 10)) + "," + gauge("process_start_time_seconds", value));
    EXPECT_TRUE(has(json, R"("startTimeUnixNano":")" + std::to_string(kMadeAt) + "000000000"))
        << json;
  }
}

TEST_F(MetricStartTimeTest, StreamsThatWereSilentBeginAnew) {
  const auto processor = make({.gc_interval = 10s});
  run(*processor, sum(point(3, 10)));
  world_.run_for(100s);
  EXPECT_TRUE(has(run(*processor, sum(point(5, 20))), R"("startTimeUnixNano":"20000000")"));
}

}  // namespace
}  // namespace millrace::processors::metricstarttime
