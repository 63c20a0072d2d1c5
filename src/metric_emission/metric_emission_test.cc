#include "metric_emission/metric_emission.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "io/sim/world.h"
#include "memory/testing/test_work.h"
#include "pipeline/intake.h"

namespace millrace::metric_emission {
namespace {

// Each emission is `requests` requests of one point.
class Source final : public MetricSource {
 public:
  explicit Source(io::Loop& loop) : loop_(loop) {}
  void collect(std::function<void(bool)> ready) override {
    ++collections;
    left_ = requests;
    loop_.post([this, ready = std::move(ready)] { ready(std::exchange(has_news, false)); });
  }
  Written write_some(Occasion occasion, uint64_t, otlp::RopeWriter& out) override {
    occasions.push_back(occasion);
    if (lacks_memory) {
      out.refuse_memory();
      return {};
    }
    const auto resource = out.open(1, 8);
    out.close(resource);
    return {.point_count = 1, .is_last = --left_ == 0};
  }
  void end_emission() override { ++ends; }

  int requests = 1;
  bool has_news = true;
  bool lacks_memory = false;
  int collections = 0;
  int ends = 0;
  std::vector<Occasion> occasions;

 private:
  io::Loop& loop_;
  int left_ = 0;
};

// Refuses, too, once it has had so many requests.
class Intake final : public pipeline::Intake {
 public:
  explicit Intake(io::Loop& loop) : loop_(loop) {}
  std::optional<pipeline::Verdict> submit(pipeline::Payload payload, pipeline::Policy,
                                          MonotonicTime, pipeline::VerdictCallback&&) override {
    if (refuses || payloads.size() >= refuses_from) {
      return pipeline::Verdict{.code = Code::kUnavailable, .message = "full", .retry_after = 1s};
    }
    payloads.push_back(std::move(payload));
    return pipeline::Verdict{};
  }
  void stop() override {}
  void abandon_waiting() override {}
  io::Loop& loop() override { return loop_; }

  std::vector<pipeline::Payload> payloads;
  bool refuses = false;
  size_t refuses_from = SIZE_MAX;

 private:
  io::Loop& loop_;
};

class MetricEmissionTest : public ::testing::Test {
 protected:
  void make(EmissionOptions options) {
    auto made = std::make_unique<Intake>(*loop_);
    intake_ = made.get();
    outputs_.of_signal[index_of(Signal::kMetrics)] = std::move(made);
    emission_ = std::make_unique<MetricEmission>(std::move(options), source_,
                                                 EmissionParts{.loop = *loop_,
                                                               .long_work = long_work_,
                                                               .log = log_,
                                                               .wall_clock = wall_clock_,
                                                               .outputs = outputs_});
  }
  bool flush() {
    return emission_->flush([this] { ++flushed_; });
  }
  size_t arrived() const { return intake_->payloads.size(); }

  io::sim::World world_{1};
  std::unique_ptr<io::Loop> loop_ = world_.make_loop("worker");
  testing::TestWork own_;
  io::LongWork long_work_{*loop_, own_.pool};
  Logger log_{{}, nullptr, nullptr};
  const std::function<WallTime()> wall_clock_ = [] { return WallTime(); };
  pipeline::ConnectorOutputs outputs_;
  Intake* intake_ = nullptr;
  Source source_{*loop_};
  std::unique_ptr<MetricEmission> emission_;
  int flushed_ = 0;
};

TEST_F(MetricEmissionTest, EachIntervalHasAnEmission) {
  make({.name = "c", .interval = 10s});
  source_.requests = 3;
  world_.run_for(25s);
  EXPECT_EQ(arrived(), 6u);
  EXPECT_EQ(source_.ends, 2);
}

TEST_F(MetricEmissionTest, AFlushEmitsWhatIsNewAndThenReports) {
  make({.name = "c", .interval = 10s});
  world_.run_for(12s);
  source_.has_news = true;
  EXPECT_TRUE(flush());
  EXPECT_EQ(flushed_, 0) << "in a later turn";
  world_.run_for(30s);
  EXPECT_EQ(flushed_, 1);
  EXPECT_EQ(source_.occasions, (std::vector{Occasion::kInterval, Occasion::kEnd}));
  EXPECT_EQ(arrived(), 2u) << "no interval follows";
  EXPECT_TRUE(flush());
  world_.run_for(1s);
  EXPECT_EQ(flushed_, 2);
  EXPECT_EQ(arrived(), 2u) << "nothing is new";
}

TEST_F(MetricEmissionTest, AFlushFollowsTheEmissionUnderWay) {
  make({.name = "c", .interval = 0s});
  source_.requests = 2;
  emission_->emit_now();
  source_.has_news = true;
  EXPECT_TRUE(flush());
  world_.run_for(1s);
  EXPECT_EQ(flushed_, 1);
  EXPECT_EQ(source_.collections, 2);
  EXPECT_EQ(source_.occasions.back(), Occasion::kInterval) << "the first took the news along";
}

TEST_F(MetricEmissionTest, AFlushWaitsForRefusedRequests) {
  make({.name = "c", .interval = 10s});
  intake_->refuses = true;
  EXPECT_TRUE(flush());
  world_.run_for(5s);
  EXPECT_EQ(flushed_, 0);
  intake_->refuses = false;
  world_.run_for(2s);
  EXPECT_EQ(flushed_, 1);
  EXPECT_EQ(arrived(), 1u);
}

TEST_F(MetricEmissionTest, AFlushWithoutNewsKeepsWhatWasRefused) {
  make({.name = "c", .interval = 10s});
  intake_->refuses = true;
  world_.run_for(10500ms);
  EXPECT_TRUE(flush());
  world_.run_for(5s);
  EXPECT_EQ(flushed_, 0) << "the last interval's request is on its way";
  intake_->refuses = false;
  world_.run_for(2s);
  EXPECT_EQ(flushed_, 1);
  EXPECT_EQ(arrived(), 1u);
}

TEST_F(MetricEmissionTest, WithoutMemoryAnEmissionEndsAndTheNextIntervalHasOne) {
  make({.name = "c", .interval = 10s});
  source_.lacks_memory = true;
  world_.run_for(15s);
  EXPECT_EQ(source_.occasions.size(), 1u) << "not tried again and again";
  EXPECT_EQ(source_.ends, 1);
  source_.lacks_memory = false;
  world_.run_for(10s);
  EXPECT_EQ(arrived(), 1u);
}

TEST_F(MetricEmissionTest, AFlushEmitsWhatFoundNoMemory) {
  make({.name = "c", .interval = 10s});
  source_.lacks_memory = true;
  world_.run_for(15s);
  EXPECT_TRUE(flush());
  world_.run_for(5s);
  EXPECT_EQ(flushed_, 0);
  EXPECT_LE(source_.occasions.size(), 8u) << "tried once a second";
  source_.lacks_memory = false;
  world_.run_for(2s);
  EXPECT_EQ(flushed_, 1);
  EXPECT_EQ(arrived(), 1u);
}

TEST_F(MetricEmissionTest, AFlushReportsBehindTheLastRefusedRequest) {
  make({.name = "c", .interval = 10s});
  source_.requests = 3;
  intake_->refuses = true;
  EXPECT_TRUE(flush());
  world_.run_for(500ms);
  intake_->refuses = false;
  intake_->refuses_from = 1;
  world_.run_for(5s);
  EXPECT_EQ(arrived(), 1u);
  EXPECT_EQ(flushed_, 0);
  intake_->refuses_from = SIZE_MAX;
  world_.run_for(2s);
  EXPECT_EQ(arrived(), 3u);
  EXPECT_EQ(flushed_, 1);
}

TEST_F(MetricEmissionTest, ClosingReportsAFlush) {
  make({.name = "c", .interval = 10s});
  intake_->refuses = true;
  EXPECT_TRUE(flush());
  world_.run_for(5s);
  emission_->close();
  EXPECT_EQ(flushed_, 1);
  EXPECT_FALSE(flush());
}

TEST_F(MetricEmissionTest, RefusedDeltasAreKeptWhereCumulativeValuesAreReplaced) {
  make({.name = "c", .interval = 10s, .is_cumulative = false});
  intake_->refuses = true;
  world_.run_for(25s);
  intake_->refuses = false;
  world_.run_for(2s);
  EXPECT_EQ(arrived(), 2u);
  make({.name = "c", .interval = 10s, .is_cumulative = true});
  intake_->refuses = true;
  world_.run_for(25s);
  intake_->refuses = false;
  world_.run_for(2s);
  EXPECT_EQ(arrived(), 1u);
}

}  // namespace
}  // namespace millrace::metric_emission
