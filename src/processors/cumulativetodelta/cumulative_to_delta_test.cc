#include "processors/cumulativetodelta/cumulative_to_delta.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "io/sim/world.h"
#include "memory/testing/test_work.h"
#include "metric_streams/testing/run_points.h"

namespace millrace::processors::cumulativetodelta {
namespace {

// Otherwise the first point is not sent on: it began to count later than the processor.
constexpr uint64_t kStart = 2'000'000'000'000'000'000;

std::string point(int64_t value, uint64_t time, uint64_t start = kStart) {
  return R"({"startTimeUnixNano":")" + std::to_string(start) + R"(","timeUnixNano":")" +
         std::to_string(kStart + time) + R"(","asInt":")" + std::to_string(value) + R"("})";
}
std::string request(const std::string& points) {
  return R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"a","sum":{"dataPoints":[)" +
         points + R"(],"aggregationTemporality":2,"isMonotonic":true}}]}]}]})";
}

class CumulativeToDeltaTest : public ::testing::Test {
 protected:
  using Done = testing::RunPoints;

  // Each worker has an instance; they share the streams.
  std::unique_ptr<pipeline::Processor> make(Options options = {}) {
    const Parts parts{.name = name_,
                      .loop = *loop_,
                      .budget = own_.budget,
                      .log = log_,
                      .metrics = metrics_,
                      .wall_clock = wall_clock_};
    if (streams_ == nullptr) streams_ = make_streams(options, parts);
    return make_cumulative_to_delta_processor(std::make_shared<Options>(options), streams_, parts);
  }
  Done run(pipeline::Processor& processor, const std::string& json) {
    return testing::run_points(processor, json, own_.work);
  }

  io::sim::World world_{1};
  std::unique_ptr<io::Loop> loop_ = world_.make_loop("collector");
  testing::TestWork own_;
  Logger log_{{}, nullptr, nullptr};
  metrics::Registry metrics_;
  std::function<WallTime()> wall_clock_ = [] {
    return WallTime(std::chrono::seconds(1'700'000'000));
  };
  const std::string name_ = "cumulative_to_delta";
  std::shared_ptr<Streams> streams_;
};

// Vector 27 of the reference, with a start before the processor's.
TEST_F(CumulativeToDeltaTest, DifferencesFollowTheFirstPoint) {
  const auto processor = make();
  std::vector<int64_t> values;
  uint64_t time = 1;
  for (const int64_t value : {100, 105, 120, 100, 110}) {
    const Done done = run(*processor, request(point(value, time++, 5)));
    values.insert(values.end(), done.values.begin(), done.values.end());
  }
  EXPECT_EQ(values, (std::vector<int64_t>{5, 15, 10}));
}

TEST_F(CumulativeToDeltaTest, PointsOfOneRequestFollowEachOther) {
  const auto processor = make();
  const Done done = run(*processor, request(point(3, 1) + "," + point(7, 2) + "," + point(7, 3)));
  EXPECT_EQ(done.values, (std::vector<int64_t>{3, 4, 0}));
  EXPECT_NE(done.json.find(R"("aggregationTemporality":1)"), std::string::npos);
  EXPECT_NE(done.json.find(R"("startTimeUnixNano":"2000000000000000001")"), std::string::npos);
}

TEST_F(CumulativeToDeltaTest, WorkersShareTheStreams) {
  const auto one = make();
  const auto other = make();
  EXPECT_EQ(run(*one, request(point(3, 1))).values, std::vector<int64_t>{3});
  EXPECT_EQ(run(*other, request(point(5, 2))).values, std::vector<int64_t>{2});
  EXPECT_EQ(run(*one, request(point(9, 3))).values, std::vector<int64_t>{4});
}

// Behind the processor a queue was full: the sender repeats its request.
TEST_F(CumulativeToDeltaTest, ARequestThatComesAgainGivesTheSameAgain) {
  const auto processor = make();
  run(*processor, request(point(3, 1)));
  EXPECT_EQ(run(*processor, request(point(3, 1))).values, std::vector<int64_t>{3});
  EXPECT_EQ(run(*processor, request(point(10, 2))).values, std::vector<int64_t>{7});
  EXPECT_EQ(run(*processor, request(point(10, 2))).values, std::vector<int64_t>{7});
  EXPECT_EQ(run(*processor, request(point(12, 3))).values, std::vector<int64_t>{2});
}

TEST_F(CumulativeToDeltaTest, InitialValues) {
  EXPECT_EQ(run(*make({.initial_value = InitialValue::kKeep}), request(point(3, 1, 5))).values,
            std::vector<int64_t>{3});
  streams_ = nullptr;
  const Done dropped =
      run(*make({.initial_value = InitialValue::kDrop}), request(point(3, 1) + "," + point(4, 2)));
  EXPECT_EQ(dropped.values, std::vector<int64_t>{1});
  EXPECT_EQ(dropped.filtered, 1u);
}

TEST_F(CumulativeToDeltaTest, StaleStreamsBeginAnew) {
  const auto processor = make({.max_staleness = 10s});
  run(*processor, request(point(3, 1)));
  world_.run_for(100s);
  EXPECT_EQ(run(*processor, request(point(5, 2))).values, std::vector<int64_t>{5});
  EXPECT_NE(metrics_.to_prometheus_text().find("otelcol_cumulativetodelta_streams_tracked{"
                                               "processor=\"cumulative_to_delta\"} 1"),
            std::string::npos);
}

TEST_F(CumulativeToDeltaTest, WhatItDropsItCounts) {
  const auto processor = make();
  const Done done = run(*processor, request(point(9, 1) + "," + point(8, 2)));
  EXPECT_EQ(done.filtered, 1u);
  const std::string text = metrics_.to_prometheus_text();
  EXPECT_NE(text.find("otelcol_cumulativetodelta_datapoints_dropped{metric_type=\"sum\","
                      "processor=\"cumulative_to_delta\",reason=\"reset\"} 1"),
            std::string::npos)
      << text;
}

TEST_F(CumulativeToDeltaTest, OtherMetricsKeepTheirBytes) {
  const auto processor = make();
  std::string json = request(point(3, 1));
  json.replace(json.find("\"isMonotonic\":true"), 18, "\"isMonotonic\":false");
  const Done done = run(*processor, json);
  EXPECT_EQ(done.values, std::vector<int64_t>{3});
  EXPECT_NE(done.json.find(R"("aggregationTemporality":2)"), std::string::npos);
}

}  // namespace
}  // namespace millrace::processors::cumulativetodelta
