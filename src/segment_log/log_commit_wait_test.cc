// A commit that waits for company (commit_wait.h), in the life of a log.
#include <gtest/gtest.h>

#include "segment_log/commit_wait.h"
#include "segment_log/log_fixture.h"

namespace millrace::segment_log {
namespace {

// A log whose next commit waits: it is the first right behind another.
struct WaitingLog {
  io::sim::SimDisk disk{1};
  TestLog run{disk};
  TargetId target = run.target("a");
  RecordId first = 0;

  WaitingLog() {
    static_cast<void>(run.append("earlier", {{target, true}}));
    run.run();
    first = run.append("first", {{target, true}}).value();
    while (run.writes.delays.empty() && run.writes.run_one()) {
    }
  }
};

TEST(LogCommitWaitTest, WhoComesWhileACommitWaitsSharesItsSync) {
  WaitingLog log;
  ASSERT_EQ(log.run.writes.delays, std::vector<Duration>{CommitWait::kWait});
  EXPECT_FALSE(log.run.answers.contains(log.first));
  const RecordId second = log.run.append("second", {{log.target, true}}).value();
  log.run.run();
  EXPECT_TRUE(log.run.answers.at(log.first));
  EXPECT_TRUE(log.run.answers.at(second));
  EXPECT_EQ(log.run.log->numbers().commits, 2u);
  EXPECT_EQ(log.run.writes.delays.size(), 1u);
}

TEST(LogCommitWaitTest, ClosingWaitsForACommitThatWaits) {
  WaitingLog log;
  bool closed = false;
  log.run.log->close([&closed] { closed = true; });
  while (!closed && log.run.reads.run_one()) {
  }
  log.run.run();
  EXPECT_TRUE(closed);
  EXPECT_TRUE(log.run.answers.at(log.first));
  EXPECT_EQ(log.run.writes.waiting_count(), 0u);
}

TEST(LogCommitWaitTest, WhatIsFinishedWhileItsCommitWaitsStaysFinished) {
  WaitingLog log;
  log.run.log->finish(log.target, log.first);
  EXPECT_TRUE(log.run.close());
  log.run.kill();
  log.disk.restart();
  TestLog next(log.disk);
  EXPECT_EQ(next.take_texts(next.target("a")), std::vector<std::string>{"earlier"});
}

TEST(LogCommitWaitTest, ADiskThatRefusesMeanwhileAnswersAll) {
  WaitingLog log;
  const RecordId second = log.run.append("second", {{log.target, true}}).value();
  log.disk.fail_changes(io::sim::SimDisk::Failure::kInputOutput);
  log.run.run();
  EXPECT_FALSE(log.run.answers.at(log.first));
  EXPECT_FALSE(log.run.answers.at(second));
}

}  // namespace
}  // namespace millrace::segment_log
