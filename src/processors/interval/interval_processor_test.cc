#include "processors/interval/interval_processor.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "io/sim/world.h"
#include "memory/testing/test_work.h"
#include "metric_streams/testing/run_points.h"

namespace millrace::processors::interval {
namespace {

class Outlet final : public pipeline::Outlet {
 public:
  Status emit(pipeline::Payload payload) override {
    const Bytes bytes = payload.bytes.to_bytes();
    const auto admitted = otlp::admit(Signal::kMetrics, bytes.view());
    EXPECT_TRUE(admitted);
    if (admitted) EXPECT_EQ(admitted->item_count, payload.item_count);
    requests.push_back(testing::json_of_request(Signal::kMetrics, Rope(bytes)));
    left += payload.item_count;
    return {};
  }
  void filter(uint32_t count) override { left += count; }
  void sample_out(uint32_t count) override { left += count; }
  std::vector<std::string> requests;
  uint64_t left = 0;
};

std::string point(int64_t value, uint64_t time, int label = 0) {
  return R"({"timeUnixNano":")" + std::to_string(time) + R"(","asInt":")" + std::to_string(value) +
         R"(","attributes":[{"key":"k","value":{"intValue":")" + std::to_string(label) + R"("}}]})";
}
std::string metric(const std::string& name, const std::string& data, const std::string& points,
                   const std::string& rest = "") {
  return R"({"name":")" + name + R"(","unit":"s",")" + data + R"(":{"dataPoints":[)" + points +
         "]" + rest + "}}";
}
constexpr const char* kCumulative = R"(,"aggregationTemporality":2,"isMonotonic":true)";
std::string request(const std::string& metrics) {
  return R"({"resourceMetrics":[{"resource":{"attributes":[{"key":"r","value":{"intValue":"1"}}]},)"
         R"("scopeMetrics":[{"scope":{"name":"s"},"metrics":[)" +
         metrics + R"(],"schemaUrl":"of scope"}],"schemaUrl":"of resource"}]})";
}
std::string counter(const std::string& points) {
  return request(metric("a", "sum", points, kCumulative));
}

class IntervalTest : public ::testing::Test {
 protected:
  std::unique_ptr<pipeline::Processor> make(const Options& options = {}) {
    return make_interval_processor(
        options, {.loop = *loop_, .pool = own_.pool, .long_work = long_work_, .outlet = outlet_});
  }
  testing::RunPoints run(pipeline::Processor& processor, const std::string& json) {
    return testing::run_points(processor, json, own_.work);
  }

  io::sim::World world_{1};
  std::unique_ptr<io::Loop> loop_ = world_.make_loop("collector");
  testing::TestWork own_;
  io::LongWork long_work_{*loop_, own_.pool};
  Outlet outlet_;
};

TEST_F(IntervalTest, TheLatestPointGoesOnWhenTheIntervalEnds) {
  const auto processor = make();
  const auto first = run(*processor, counter(point(1, 10) + "," + point(5, 10, 1)));
  EXPECT_TRUE(first.values.empty());
  EXPECT_EQ(first.filtered, 0u);
  EXPECT_EQ(processor->held_count(), 2u);
  EXPECT_EQ(run(*processor, counter(point(3, 30))).filtered, 1u) << "one of the two";
  EXPECT_EQ(run(*processor, counter(point(2, 20))).filtered, 1u) << "an older one";
  EXPECT_EQ(run(*processor, counter(point(4, 30))).filtered, 1u) << "no newer one";
  world_.run_for(59s);
  EXPECT_TRUE(outlet_.requests.empty());
  world_.run_for(2s);
  ASSERT_EQ(outlet_.requests.size(), 1u);
  const std::string& json = outlet_.requests[0];
  EXPECT_NE(json.find(R"("timeUnixNano":"30","asInt":"3")"), std::string::npos) << json;
  EXPECT_NE(json.find(R"("asInt":"5")"), std::string::npos) << json;
  for (const char* kept : {R"("name":"a")", R"("unit":"s")", R"("aggregationTemporality":2)",
                           R"("isMonotonic":true)", R"("schemaUrl":"of scope")",
                           R"("schemaUrl":"of resource")", R"({"key":"r")", R"("name":"s")"}) {
    EXPECT_NE(json.find(kept), std::string::npos) << kept << "\n" << json;
  }
  EXPECT_EQ(processor->held_count(), 0u);
  world_.run_for(200s);
  EXPECT_EQ(outlet_.requests.size(), 1u) << "nothing came since";
}

TEST_F(IntervalTest, DeltasAndOtherSumsPassAtOnce) {
  const auto processor = make();
  const auto passed = run(
      *processor, request(metric("d", "sum", point(1, 10),
                                 R"(,"aggregationTemporality":1,"isMonotonic":true)") +
                          "," + metric("n", "sum", point(2, 10), R"(,"aggregationTemporality":2)") +
                          "," + metric("g", "gauge", point(3, 10)) + "," +
                          metric("c", "sum", point(4, 10), kCumulative)));
  EXPECT_EQ(passed.values, (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(processor->held_count(), 2u);
}

TEST_F(IntervalTest, GaugesAndSummariesPassWhereTheOptionsSaySo) {
  const auto processor = make({.pass_gauges = true, .pass_summaries = true});
  EXPECT_EQ(run(*processor, request(metric("g", "gauge", point(3, 10)))).values,
            std::vector<int64_t>{3});
  EXPECT_EQ(processor->held_count(), 0u);
}

TEST_F(IntervalTest, HistogramsAndSummariesAreHeld) {
  const auto processor = make();
  const std::string histogram =
      R"({"name":"h","histogram":{"aggregationTemporality":2,"dataPoints":[)"
      R"({"timeUnixNano":"1","count":"1"},{"timeUnixNano":"2","count":"2"}]}})";
  const std::string exponential =
      R"({"name":"e","exponentialHistogram":{"aggregationTemporality":2,"dataPoints":[)"
      R"({"timeUnixNano":"1","count":"7"}]}})";
  const std::string summary =
      R"({"name":"y","summary":{"dataPoints":[{"timeUnixNano":"1","count":"9"}]}})";
  run(*processor, request(histogram + "," + exponential + "," + summary));
  EXPECT_EQ(processor->held_count(), 3u);
  processor->flush();
  ASSERT_EQ(outlet_.requests.size(), 1u);
  for (const char* kept : {R"("count":"2")", R"("count":"7")", R"("count":"9")"}) {
    EXPECT_NE(outlet_.requests[0].find(kept), std::string::npos) << outlet_.requests[0];
  }
}

TEST_F(IntervalTest, ADrainEmitsWhatIsHeld) {
  const auto processor = make();
  run(*processor, counter(point(1, 10)));
  processor->flush();
  EXPECT_EQ(outlet_.left, 1u);
  EXPECT_EQ(processor->held_count(), 0u);
}

TEST_F(IntervalTest, ManyPointsLeaveInSeveralRequests) {
  const auto processor = make();
  std::string points;
  for (int label = 0; label < 2500; ++label) {
    points += (label == 0 ? "" : ",") + point(label, 10, label);
  }
  run(*processor, counter(points));
  world_.run_for(61s);
  EXPECT_EQ(outlet_.requests.size(), 3u);
  EXPECT_EQ(outlet_.left, 2500u);
}

TEST_F(IntervalTest, AFullBudgetRefusesTheRequestAndEmitsEarly) {
  const auto processor = make();
  run(*processor, counter(point(1, 10)));
  Reservation all = Reservation::try_make(own_.budget, MemoryTerm::kMessages,
                                          own_.budget.limit() - own_.budget.used());
  ASSERT_TRUE(all);
  pipeline::Payload payload;
  payload.signal = Signal::kMetrics;
  payload.bytes = Rope(testing::request_of_json(Signal::kMetrics, counter(point(2, 20))));
  payload.item_count = 1;
  const auto refused = processor->process(payload, own_.work);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kUnavailable);
  EXPECT_EQ(processor->held_count(), 1u) << "nothing of the refused request is held";
  world_.run_for(1s);
  EXPECT_EQ(outlet_.left, 1u);
}

}  // namespace
}  // namespace millrace::processors::interval
