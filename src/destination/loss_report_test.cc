// The first loss of each reason at once, totals at intervals, and the end of it.
#include "destination/loss_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "io/sim/world.h"

namespace millrace::pipeline {
namespace {

using ledger::DropReason;
using testing::HasSubstr;

class LossReportTest : public testing::Test {
 protected:
  // A second passes.
  void tick() {
    world_.run_for(1s);
    report_.tick(*loop_, &log_);
  }
  void pass(int seconds) {
    for (int i = 0; i < seconds; ++i) tick();
  }
  void drop(uint64_t items) { report_.note(DropReason::kQueueFull, items, *loop_, &log_); }
  std::string take() { return std::exchange(lines_, {}); }

  io::sim::World world_{1};
  std::unique_ptr<io::Loop> loop_ = world_.make_loop("worker");
  std::string lines_;
  Logger log_{{}, [this](std::string_view line) { lines_ += line; }, [] { return int64_t{0}; }};
  LossReport report_{"otlp_http/b", "traces"};
};

TEST_F(LossReportTest, TheFirstLossIsSaidAtOnceAndTheRestInTotals) {
  drop(7);
  EXPECT_THAT(take(), HasSubstr("Data is being dropped. exporter=otlp_http/b signal=traces "
                                "reason=queue_full dropped_items=7"));
  for (int i = 0; i < 10; ++i) {
    drop(100);
    EXPECT_EQ(take(), "");
    tick();
  }
  EXPECT_THAT(take(), HasSubstr("Data is still being dropped. exporter=otlp_http/b signal=traces "
                                "reason=queue_full dropped_items=1007 in_s=10 since=20"));
  for (int i = 0; i < 10; ++i) {
    drop(50);
    tick();
  }
  EXPECT_THAT(take(), HasSubstr("dropped_items=500 in_s=10 since=20"));
}

TEST_F(LossReportTest, TheEndOfItIsSaidOnce) {
  drop(7);
  pass(3);
  drop(5);
  take();
  pass(9);
  EXPECT_THAT(take(), HasSubstr("Data is still being dropped.")) << "the total was due";
  pass(20);
  const std::string lines = take();
  EXPECT_THAT(lines, HasSubstr("No data is dropped any more."));
  EXPECT_THAT(lines, HasSubstr("Z for_s=3"));
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 1);
  drop(1);
  EXPECT_THAT(take(), HasSubstr("Data is being dropped.")) << "anew";
}

TEST_F(LossReportTest, EachReasonSpeaksForItself) {
  drop(1);
  report_.note(DropReason::kDropOldest, 2, *loop_, &log_);
  report_.note(LossReport::Refusal::kQueueFull, 3, *loop_, &log_);
  report_.note(LossReport::Refusal::kStorageFailed, 4, *loop_, &log_);
  const std::string lines = take();
  for (const char* part :
       {"reason=queue_full dropped_items=1", "reason=drop_oldest dropped_items=2",
        "reason=queue_full refused_items=3", "reason=storage_failed refused_items=4"}) {
    EXPECT_THAT(lines, HasSubstr(part));
  }
}

TEST_F(LossReportTest, NothingLostIsNothingSaid) {
  drop(0);
  pass(100);
  report_.note(DropReason::kQueueFull, 5, *loop_, nullptr);
  report_.tick(*loop_, nullptr);
  pass(100);
  EXPECT_EQ(take(), "");
}

}  // namespace
}  // namespace millrace::pipeline
