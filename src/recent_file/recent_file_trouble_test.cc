// Disks that are full, slow, removed, or fail at any call.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "recent_file/recent_file_fixture.h"

namespace millrace::recent_file {
namespace {

using ::testing::HasSubstr;

TEST(RecentFileTroubleTest, AFullDiskIsSaidOnceAndNothingIsLostThatTheStoreStillHas) {
  io::sim::SimDisk disk(1);
  disk.set_capacity(1000);
  Life run(disk, {});
  ASSERT_EQ(run.error, "");
  run.keep(50);
  for (int i = 0; i < 20; ++i) run.round();
  EXPECT_THAT(run.file->trouble(), HasSubstr("space"));
  EXPECT_EQ(run.lines.size(), 1u);
  EXPECT_EQ(run.file->numbers().written_requests, 0u);
  disk.set_capacity(0);
  for (int i = 0; i < 6; ++i) run.round();
  EXPECT_EQ(run.file->trouble(), "");
  EXPECT_EQ(run.file->numbers().written_requests, 1u);
  EXPECT_EQ(run.file->numbers().lost_requests, 0u);
  EXPECT_THAT(run.lines.back(), HasSubstr("again"));
}

TEST(RecentFileTroubleTest, WhatLeavesTheStoreWhileTheDiskIsSlowIsCounted) {
  io::sim::SimDisk disk(1);
  Life run(disk, {.store_bytes = 1 << 20, .bytes_max = 4 << 20});
  for (int i = 0; i < 100; ++i) {
    run.keep(100);
    run.loop.advance(1s);  // the lane does not come to its round
  }
  EXPECT_LE(run.lane->waiting_count(), 1u);
  EXPECT_LE(run.budget.used(), 1u << 20);
  run.lane->run_all();
  const RecentFile::Numbers numbers = run.file->numbers();
  EXPECT_EQ(numbers.written_requests, run.store.numbers().requests);
  EXPECT_EQ(numbers.written_requests + numbers.lost_requests, 100u);
}

TEST(RecentFileTroubleTest, ARemovedDirectoryIsMadeAgain) {
  io::sim::SimDisk disk(1);
  Life run(disk, {});
  run.keep();
  run.round();
  disk.remove_directory(std::string(kDirectory));
  run.keep(2);
  run.round();
  EXPECT_EQ(run.file->trouble(), "");
  run.file.reset();
  disk.restart();
  Life second(disk, {});
  ASSERT_EQ(second.store.numbers().requests, 1u);
  EXPECT_EQ(second.store.newer_than(0, 1)[0]->item_count, 2u);
}

TEST(RecentFileTroubleTest, TwoProcessesDoNotShareADirectory) {
  io::sim::SimDisk disk(1);
  Life first(disk, {});
  Life second(disk, {});
  EXPECT_THAT(second.error, HasSubstr("in use by another process"));
}

// What is read after a failure at the n-th call is a part of what was kept, each request once.
TEST(RecentFileTroubleTest, AFailureOfAnyCallLeavesWholeRequests) {
  for (uint64_t call = 1; call < 80; ++call) {
    io::sim::SimDisk disk(call);
    {
      Life run(disk, {.bytes_max = 4 << 20});
      disk.fail_call(call, io::sim::SimDisk::Failure::kNoSpace);
      for (uint32_t items = 1; items <= 10; ++items) {
        run.keep(items);
        for (int i = 0; i < 7; ++i) run.round();
      }
      EXPECT_EQ(run.file->trouble(), "") << call;
      const RecentFile::Numbers numbers = run.file->numbers();
      EXPECT_EQ(numbers.written_requests + numbers.lost_requests, 10u) << call;
      EXPECT_LE(numbers.lost_requests, 1u) << call;
    }
    disk.heal();  // where the run made fewer calls
    disk.restart();
    Life second(disk, {});
    ASSERT_EQ(second.error, "");
    uint32_t last = 0;
    for (const auto& record : second.store.newer_than(0, 100)) {
      EXPECT_GT(record->item_count, last);
      last = record->item_count;
    }
    EXPECT_GE(second.store.numbers().requests, 9u) << call;
  }
}

TEST(RecentFileTroubleTest, APowerFailureAtAnyCallLeavesWholeRequests) {
  for (uint64_t call = 1; call < 60; ++call) {
    io::sim::SimDisk disk(call);
    uint64_t synced = 0;
    {
      Life run(disk, {.bytes_max = 4 << 20});
      disk.halt_at_call(call);
      for (int i = 0; i < 5; ++i) {
        run.keep(300);
        run.round();
      }
      synced = run.file->numbers().written_requests;
    }
    Random random(call);
    disk.crash(random);
    Life second(disk, {});
    ASSERT_EQ(second.error, "") << call;
    EXPECT_GE(second.store.numbers().requests, synced) << call;
  }
}

}  // namespace
}  // namespace millrace::recent_file
