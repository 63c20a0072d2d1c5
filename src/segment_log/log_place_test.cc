// A log whose directory is removed, moved or replaced while it runs: the open segment can still be
// written and synced, and the next start would not find it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "segment_log/log.h"
#include "segment_log/log_fixture.h"

namespace millrace::segment_log {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class LogPlaceTest : public ::testing::Test {
 protected:
  void tick_after(Duration wait) {
    clock_ += wait;
    run_.log->tick();
    run_.run();
  }
  bool append(const std::string& text) {
    const Result<RecordId> id = run_.append(text, {{target_, false}});
    run_.run();
    return id && run_.answers.at(*id);
  }

  io::sim::SimDisk disk_{1};
  WallTime clock_ = kTestStart;
  TestLog run_{disk_, {}, &clock_};
  const TargetId target_ = run_.target("a");
};

TEST_F(LogPlaceTest, WhatIsWrittenAfterTheDirectoryWasRemovedIsNotDurable) {
  ASSERT_TRUE(append("before"));
  disk_.remove_directory("d");
  EXPECT_FALSE(append("after"));
  EXPECT_EQ(run_.losses.by_loss.at(Loss::kStorageFailed).records, 1u);
  EXPECT_THAT(run_.log->trouble(), HasSubstr("can't be written"));
  const Result<RecordId> refused = run_.append("later", {{target_, false}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kUnavailable);
}

TEST_F(LogPlaceTest, ARemovedDirectoryIsNoticedWithinASecondWithoutTraffic) {
  ASSERT_TRUE(append("before"));
  tick_after(1s);
  EXPECT_EQ(run_.log->trouble(), "");
  disk_.remove_directory("d");
  tick_after(1s);
  EXPECT_THAT(run_.log->trouble(), HasSubstr("d/"));
  EXPECT_FALSE(run_.append("after", {{target_, false}}));
}

TEST_F(LogPlaceTest, ARemovedDirectoryIsNoticedBeforeAnythingWasWritten) {
  disk_.remove_directory("d");
  tick_after(1s);
  EXPECT_THAT(run_.log->trouble(), HasSubstr("d/"));
}

TEST_F(LogPlaceTest, ADirectoryThatIsThereAgainIsLockedAndWritten) {
  ASSERT_TRUE(append("before"));
  disk_.remove_directory("d");
  tick_after(1s);
  tick_after(2s);
  EXPECT_NE(run_.log->trouble(), "") << "nothing makes the directory but the operator";
  ASSERT_TRUE(disk_.create_directories("d", 0750));
  tick_after(2s);
  EXPECT_EQ(run_.log->trouble(), "");
  EXPECT_EQ(run_.losses.rooms, 1);
  EXPECT_FALSE(disk_.lock_directory("d")) << "the log has it";
  ASSERT_TRUE(append("after"));
  run_.kill();
  TestLog next(disk_);
  EXPECT_THAT(next.take_texts(next.target("a")), ElementsAre("after"));
}

TEST_F(LogPlaceTest, ADirectoryThatAnotherProcessTookIsNotWritten) {
  ASSERT_TRUE(append("before"));
  disk_.remove_directory("d");
  ASSERT_TRUE(disk_.create_directories("d", 0750));
  const auto other = disk_.lock_directory("d").value();
  tick_after(1s);
  EXPECT_THAT(run_.log->trouble(), HasSubstr("another process"));
  EXPECT_FALSE(append("after"));
  EXPECT_TRUE(segments_on(disk_).empty());
}

TEST_F(LogPlaceTest, ARemovedSegmentIsLeftForANewOne) {
  ASSERT_TRUE(append("before"));
  ASSERT_TRUE(disk_.remove(segments_on(disk_).front()));
  EXPECT_FALSE(append("during"));
  EXPECT_EQ(run_.log->trouble(), "") << "the directory itself can be written";
  EXPECT_TRUE(append("after"));
  EXPECT_EQ(run_.log->numbers().commit_failures, 1u);
}

}  // namespace
}  // namespace millrace::segment_log
