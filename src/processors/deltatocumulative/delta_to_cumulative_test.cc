#include "processors/deltatocumulative/delta_to_cumulative.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "io/sim/world.h"
#include "memory/testing/test_work.h"
#include "metric_streams/testing/run_points.h"

namespace millrace::processors::deltatocumulative {
namespace {

std::string point(int64_t value, uint64_t start, uint64_t time, int label = 0) {
  return R"({"startTimeUnixNano":")" + std::to_string(start) + R"(","timeUnixNano":")" +
         std::to_string(time) + R"(","asInt":")" + std::to_string(value) +
         R"(","attributes":[{"key":"k","value":{"intValue":")" + std::to_string(label) + R"("}}]})";
}
std::string request(const std::string& points) {
  return R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"a","sum":{"dataPoints":[)" +
         points + R"(],"aggregationTemporality":1,"isMonotonic":true}}]}]}]})";
}

class DeltaToCumulativeTest : public ::testing::Test {
 protected:
  using Done = testing::RunPoints;

  std::unique_ptr<pipeline::Processor> make(const Options& options = {}) {
    const Parts parts{
        .name = name_, .loop = *loop_, .budget = own_.budget, .log = log_, .metrics = metrics_};
    if (streams_ == nullptr) streams_ = make_streams(options, parts);
    return make_delta_to_cumulative_processor(streams_, parts);
  }
  Done run(pipeline::Processor& processor, const std::string& json) {
    return testing::run_points(processor, json, own_.work);
  }

  io::sim::World world_{1};
  std::unique_ptr<io::Loop> loop_ = world_.make_loop("collector");
  testing::TestWork own_;
  Logger log_{{}, nullptr, nullptr};
  metrics::Registry metrics_;
  const std::string name_ = "delta_to_cumulative";
  std::shared_ptr<Streams> streams_;
};

// Vector 28 of the reference; a start of 0 is an unknown one.
TEST_F(DeltaToCumulativeTest, PointsAreAddedAndOldOnesRemoved) {
  const auto processor = make();
  const Done done = run(*processor, request(point(3, 1, 2) + "," + point(4, 2, 3) + "," +
                                            point(1, 2, 3) + "," + point(2, 6, 7)));
  EXPECT_EQ(done.values, (std::vector<int64_t>{3, 7, 9}));
  EXPECT_EQ(done.filtered, 1u);
  EXPECT_NE(done.json.find(R"("aggregationTemporality":2)"), std::string::npos);
  EXPECT_EQ(done.json.find(R"("startTimeUnixNano":"6")"), std::string::npos) << done.json;
  EXPECT_EQ(run(*processor, request(point(5, 0, 9))).filtered, 1u) << "an older start";
  const std::string text = metrics_.to_prometheus_text();
  for (const char* line :
       {"otelcol_deltatocumulative_datapoints{processor=\"delta_to_cumulative\"} 3",
        "error=\"delta.ErrOlderStart\",processor=\"delta_to_cumulative\"} 1",
        "error=\"delta.ErrOutOfOrder\",processor=\"delta_to_cumulative\"} 1",
        "otelcol_deltatocumulative_streams_tracked{processor=\"delta_to_cumulative\"} 1",
        "otelcol_deltatocumulative_streams_max_stale{processor=\"delta_to_cumulative\"} 300"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
  }
}

TEST_F(DeltaToCumulativeTest, WorkersShareTheStreams) {
  const auto one = make();
  const auto other = make();
  EXPECT_EQ(run(*one, request(point(3, 1, 2))).values, std::vector<int64_t>{3});
  EXPECT_EQ(run(*other, request(point(4, 2, 3))).values, std::vector<int64_t>{7});
}

TEST_F(DeltaToCumulativeTest, StreamsBeyondTheLimitAreRemoved) {
  const auto processor = make({.max_streams = 1});
  const Done done =
      run(*processor, request(point(3, 1, 2) + "," + point(4, 1, 2, 1) + "," + point(5, 2, 3)));
  EXPECT_EQ(done.values, (std::vector<int64_t>{3, 8}));
  EXPECT_EQ(done.filtered, 1u);
}

TEST_F(DeltaToCumulativeTest, StaleStreamsBeginAnew) {
  const auto processor = make({.max_stale = 10s});
  run(*processor, request(point(3, 1, 2)));
  world_.run_for(100s);
  EXPECT_EQ(run(*processor, request(point(4, 2, 3))).values, std::vector<int64_t>{4});
}

}  // namespace
}  // namespace millrace::processors::deltatocumulative
