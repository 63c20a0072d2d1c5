// A log whose disk refuses: full, failing, or read-only.
#include "segment_log/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "segment_log/log_fixture.h"
#include "segment_log/segment.h"

namespace millrace::segment_log {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(LogDiskTest, AfterAFailedSyncOnlyThatCommitFails) {
  io::sim::SimDisk disk(1);
  Random random(5);
  std::vector<std::string> durable;
  {
    TestLog run(disk);
    const TargetId target = run.target("a");
    ASSERT_TRUE(run.append("before", {{target, false}}));
    run.run();
    const RecordId failed = run.append("failed", {{target, false}}).value();
    disk.fail_call(2, io::sim::SimDisk::Failure::kInputOutput);  // after the write
    run.run();
    EXPECT_FALSE(run.answers.at(failed));
    EXPECT_EQ(run.losses.by_loss.at(Loss::kStorageFailed).records, 1u);
    EXPECT_EQ(run.log->trouble(), "");
    const RecordId after = run.append("after", {{target, false}}).value();
    run.run();
    EXPECT_TRUE(run.answers.at(after));
    EXPECT_EQ(segments_on(disk).size(), 2u);
    EXPECT_THAT(run.take_texts(target), ElementsAre("before", "after"));
    run.kill();
  }
  disk.crash(random);
  TestLog run(disk);
  EXPECT_THAT(run.take_texts(run.target("a")), ::testing::IsSupersetOf({"before", "after"}));
}

TEST(LogDiskTest, AFooterIsSyncedUnlessSyncsAreOff) {
  for (const uint64_t syncs : {1, 0}) {
    io::sim::SimDisk disk(1);
    uint64_t calls_when_cut = 0;
    uint64_t calls_when_sealed = 0;
    TestLog run(disk, {.fsync = syncs == 1}, nullptr, [&](std::string_view point) {
      if (point == "footer_cut") calls_when_cut = disk.call_count();
      if (point == "sealed") calls_when_sealed = disk.call_count();
    });
    ASSERT_TRUE(run.append("one", {{run.target("a"), false}}));
    ASSERT_TRUE(run.close());
    ASSERT_GT(calls_when_cut, 0u);
    EXPECT_EQ(calls_when_sealed - calls_when_cut, syncs);
  }
}

TEST(LogDiskTest, AFullDiskIsProbedUntilItHasRoom) {
  io::sim::SimDisk disk(1);
  WallTime clock = kTestStart;
  TestLog run(disk, {}, &clock);
  const TargetId target = run.target("a");
  disk.fail_changes(io::sim::SimDisk::Failure::kNoSpace);
  const RecordId failed = run.append("one", {{target, true}}).value();
  run.run();
  EXPECT_FALSE(run.answers.at(failed));
  EXPECT_THAT(run.log->trouble(), HasSubstr("No space left"));
  const Result<RecordId> refused = run.append("two", {{target, true}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kUnavailable);
  run.run();
  disk.heal();
  clock += 2s;
  run.log->tick();
  run.run();
  EXPECT_EQ(run.losses.rooms, 1);
  EXPECT_EQ(run.log->trouble(), "");
  const RecordId third = run.append("three", {{target, true}}).value();
  run.run();
  EXPECT_TRUE(run.answers.at(third));
  run.log->untake(target, failed, {1, 1, 3, 3});
  EXPECT_EQ(run.losses.by_loss.at(Loss::kStorageFailed).records, 1u);
}

TEST(LogDiskTest, AFullDiskDropsTheOldestWhereThatIsConfigured) {
  io::sim::SimDisk disk(1);
  disk.set_capacity(100'000);
  TestLog run(disk, {.segment_bytes = 16 * 1024, .on_full = OnFull::kDropOldest});
  const TargetId target = run.target("a");
  for (size_t i = 0; i < 300; ++i) {
    const RecordId id = run.append(payload_of(i, 1000), {{target, false}}).value();
    run.run();
    ASSERT_TRUE(run.answers.at(id)) << i;
  }
  const Amount lost = run.losses.by_loss.at(Loss::kDropOldest);
  EXPECT_GT(lost.records, 150u);
  EXPECT_EQ(run.take_texts(target).size(), 300 - lost.records);
}

TEST(LogDiskTest, ADiskThatCannotBeReadIsAskedAgainLater) {
  io::sim::SimDisk disk(1);
  WallTime clock = kTestStart;
  TestLog run(disk, {}, &clock);
  const TargetId target = run.target("a");
  ASSERT_TRUE(run.append("one", {{target, false}}));
  run.run();
  disk.fail_call(1, io::sim::SimDisk::Failure::kInputOutput);
  EXPECT_THAT(run.take_texts(target), IsEmpty());
  EXPECT_EQ(run.log->untaken(target).records, 1u);
  EXPECT_THAT(run.log->trouble(), HasSubstr("can't be read"));
  EXPECT_THAT(run.take_texts(target), IsEmpty());
  clock += 2s;
  run.log->tick();
  EXPECT_EQ(run.losses.rooms, 1);
  EXPECT_THAT(run.take_texts(target), ElementsAre("one"));
  EXPECT_EQ(run.log->trouble(), "");
}

std::vector<std::string> append_small(TestLog& run, TargetId target, int count) {
  std::vector<std::string> texts;
  for (int i = 0; i < count; ++i) {
    texts.push_back("payload " + std::to_string(i));
    EXPECT_TRUE(run.append(texts.back(), {{target, false}}));
  }
  run.run();
  return texts;
}

TEST(LogDiskTest, NeighboursAreReadByOneCall) {
  for (const Order order : {Order::kOldestFirst, Order::kNewestFirst}) {
    io::sim::SimDisk disk(1);
    TestLog run(disk);
    const TargetId target = run.target("a");
    std::vector<std::string> expected = append_small(run, target, 40);
    if (order == Order::kNewestFirst) std::ranges::reverse(expected);
    const uint64_t before = disk.call_count();
    EXPECT_EQ(run.take_texts(target, 1 << 20, order), expected);
    EXPECT_EQ(disk.call_count(), before + 2) << "opened, and read";
  }
}

TEST(LogDiskTest, WhatCannotBeReadTogetherIsReadOneByOne) {
  io::sim::SimDisk disk(1);
  TestLog run(disk);
  const TargetId target = run.target("a");
  const std::vector<std::string> expected = append_small(run, target, 40);
  disk.fail_call(2, io::sim::SimDisk::Failure::kInputOutput);  // after the open
  EXPECT_EQ(run.take_texts(target), expected);
  EXPECT_EQ(disk.failure_count(), 1u);
  EXPECT_EQ(run.log->trouble(), "");
}

TEST(LogDiskTest, AReadOnlyDiskGivesWhatItHasAndRefusesTheRestUntilItIsWritable) {
  io::sim::SimDisk disk(1);
  {
    TestLog earlier(disk);
    ASSERT_TRUE(earlier.append("one", {{earlier.target("a"), false}}));
    earlier.run();
    earlier.kill();
  }
  disk.restart();
  disk.fail_changes(io::sim::SimDisk::Failure::kReadOnly);
  WallTime clock = kTestStart;
  TestLog run(disk, {}, &clock);
  ASSERT_NE(run.log, nullptr);
  const TargetId target = run.target("a");
  EXPECT_THAT(run.log->trouble(), HasSubstr("Read-only file system"));
  EXPECT_EQ(run.append("two", {{target, false}}).error().code, Code::kUnavailable);
  EXPECT_THAT(run.take_texts(target), ElementsAre("one"));
  disk.heal();
  clock += 2s;
  run.log->tick();
  run.run();
  EXPECT_EQ(run.log->trouble(), "");
  EXPECT_TRUE(run.append("three", {{target, false}}));
}

TEST(LogDiskTest, OfTwoSegmentsWithOneNumberTheSecondIsLeftAlone) {
  io::sim::SimDisk disk(1);
  {
    TestLog run(disk);
    static_cast<void>(run.append("record", {{run.target("a"), false}}));
    ASSERT_TRUE(run.close());
    run.kill();
  }
  const std::string path = segments_on(disk).front();
  std::string copy = path;
  copy.replace(copy.find('-') + 1, 16, "ffffffffffffffff");
  disk.put(copy, *disk.content(path));
  disk.restart();
  TestLog run(disk);
  ASSERT_NE(run.log, nullptr) << run.open_error.message;
  EXPECT_EQ(run.log->numbers().segments_refused, 1u);
  EXPECT_EQ(run.take_texts(run.target("a")), std::vector<std::string>{"record"});
  EXPECT_NE(disk.content(copy), nullptr);
}

// The index of a segment is in memory while it is written: 32 bytes for each record, however small.
TEST(LogDiskTest, ASegmentHoldsABoundedNumberOfRecords) {
  io::sim::SimDisk disk(1);
  TestLog run(disk);
  run.log.reset();
  run.log = Log::open({.directory = "d", .segment_bytes = 32 << 20},
                      {.disk = disk,
                       .writes = run.writes,
                       .reads = run.reads,
                       .wall_clock = [] { return kTestStart; }})
                .value();
  const NewRecord::Want want{run.target("a"), true};
  size_t answers = 0;
  for (uint64_t i = 0; i <= kSegmentRecordsMax; ++i) {
    const NewRecord record{.item_count = 1, .wants = {&want, 1}};
    ASSERT_TRUE(run.log->append(
        record, [&answers](const Status& status) { answers += status.has_value(); }));
  }
  run.run();
  EXPECT_EQ(answers, kSegmentRecordsMax + 1);
  EXPECT_EQ(run.log->numbers().segments, 2u);
}

}  // namespace
}  // namespace millrace::segment_log
