// What one destination gives up of its own: past its cap, or the oldest on demand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "segment_log/log_fixture.h"

namespace millrace::segment_log {
namespace {

using io::sim::SimDisk;
using ::testing::ElementsAre;

constexpr RecordId kAny = UINT64_MAX;
constexpr size_t kPayload = 1000;

size_t segments_on(SimDisk& disk) {
  size_t count = 0;
  for (const std::string& path : disk.paths()) count += path.ends_with(".segment");
  return count;
}

// `count` records for both targets, in segments of few records each.
std::vector<RecordId> fill(TestLog& run, size_t count, std::vector<NewRecord::Want> wants,
                           size_t first = 0) {
  std::vector<RecordId> ids;
  for (size_t i = 0; i < count; ++i) {
    ids.push_back(run.append(payload_of(first + i, kPayload), wants).value());
    run.run();
  }
  return ids;
}

std::string first_words(const std::string& payload) {
  return payload.substr(0, payload.find(' ', 7));
}

TEST(LogCapTest, TheOldestOfThatTargetGoAndTheOthersStay) {
  SimDisk disk(1);
  TestLog run(disk, {.segment_bytes = 8192});
  const TargetId dead = run.target("dead");
  const TargetId slow = run.target("slow");
  run.log->set_cap(std::vector{dead}, {.payload_bytes_max = 20 * kPayload});
  fill(run, 100, {{dead, false}, {slow, false}});
  EXPECT_EQ(run.log->untaken(dead), (Amount{20, 20, 20 * kPayload, 20 * kPayload}));
  EXPECT_EQ(run.log->untaken(slow).records, 100u);
  EXPECT_EQ(run.losses.by_loss.at(Loss::kDropOldest).records, 80u);
  EXPECT_EQ(run.losses.lost.count(slow), 0u);
  EXPECT_EQ(first_words(run.take_texts(dead).front()), "record 80");
  EXPECT_EQ(run.take(slow).size(), 100u);
}

TEST(LogCapTest, ADeadTargetDoesNotPinWhatTheOthersHaveFinished) {
  SimDisk disk(1);
  TestLog run(disk, {.segment_bytes = 8192});
  const TargetId dead = run.target("dead");
  const TargetId alive = run.target("alive");
  run.log->set_cap(std::vector{dead}, {.payload_bytes_max = 10 * kPayload});
  for (size_t i = 0; i < 200; ++i) {
    const RecordId id = fill(run, 1, {{dead, false}, {alive, true}}, i).front();
    run.log->finish(alive, id);
    run.run();
    ASSERT_LE(segments_on(disk), 4u) << i;
  }
}

TEST(LogCapTest, AllTargetsOfADestinationShareIt) {
  SimDisk disk(1);
  TestLog run(disk, {.segment_bytes = 8192});
  const TargetId one = run.target("x");
  const TargetId other = run.log->target({Signal::kTraces, "traces/2", "x"}).value();
  run.log->set_cap(std::vector{one, other}, {.payload_bytes_max = 10 * kPayload});
  fill(run, 30, {{one, false}});
  fill(run, 4, {{other, false}}, 30);
  EXPECT_EQ(run.log->untaken(one).records, 6u);
  EXPECT_EQ(run.log->untaken(other).records, 4u);
}

TEST(LogCapTest, WhatIsGivenBackCountsAsWhatIsLeftOfIt) {
  SimDisk disk(1);
  TestLog run(disk);
  const TargetId target = run.target("a");
  run.log->set_cap(std::vector{target}, {.payload_bytes_max = 1000});
  const std::vector<RecordId> ids = fill(run, 3, {{target, true}});
  run.log->untake(target, ids[0], {1, 1, 600, 600});
  run.run();
  EXPECT_TRUE(run.losses.lost.empty());
  run.log->untake(target, ids[1], {1, 1, 500, 500});
  run.run();
  EXPECT_EQ(run.losses.lost.at(target), (Amount{1, 1, 600, 600})) << "a record can't go in part";
  EXPECT_THAT(run.losses.ranges, ElementsAre(std::pair(ids[0], ids[0] + 1)));
}

TEST(LogCapTest, WhatIsTakenDoesNotCountAndStays) {
  SimDisk disk(1);
  TestLog run(disk);
  const TargetId target = run.target("a");
  run.log->set_cap(std::vector{target}, {.payload_bytes_max = 2 * kPayload});
  const std::vector<RecordId> taken = fill(run, 5, {{target, true}});
  fill(run, 4, {{target, false}});
  EXPECT_EQ(run.log->untaken(target).records, 2u);
  for (const RecordId id : taken) run.log->finish(target, id);
  EXPECT_EQ(run.losses.lost.at(target).records, 2u);
}

TEST(LogCapTest, IsKeptAtTheNextStartAndLastsOverIt) {
  SimDisk disk(1);
  {
    TestLog run(disk, {.segment_bytes = 8192});
    fill(run, 60, {{run.target("a"), false}, {run.target("b"), false}});
    ASSERT_TRUE(run.close());
  }
  for (int start = 0; start < 2; ++start) {
    disk.restart();
    TestLog run(disk, {.segment_bytes = 8192});
    const TargetId a = run.target("a");
    run.log->set_cap(std::vector{a}, {.payload_bytes_max = 15 * kPayload});
    EXPECT_EQ(run.log->untaken(a).records, start == 0 ? 60u : 15u);
    run.log->tick();
    run.run();
    EXPECT_EQ(run.log->untaken(a).records, 15u);
    EXPECT_EQ(run.log->untaken(run.target("b")).records, 60u);
    EXPECT_EQ(run.losses.lost[a].records, start == 0 ? 45u : 0u);
    ASSERT_TRUE(run.close());
  }
  disk.restart();
  TestLog run(disk);
  const std::vector<std::string> rest = run.take_texts(run.target("a"));
  ASSERT_EQ(rest.size(), 15u);
  EXPECT_EQ(first_words(rest.front()), "record 45");
}

TEST(LogCapTest, ALongBacklogIsCutWithoutReadingIt) {
  SimDisk disk(1);
  {
    TestLog run(disk, {.segment_bytes = 8192});
    fill(run, 200, {{run.target("a"), false}});
    ASSERT_TRUE(run.close());
  }
  disk.restart();
  TestLog run(disk, {.segment_bytes = 8192});
  const TargetId a = run.target("a");
  run.log->set_cap(std::vector{a}, {.payload_bytes_max = 10 * kPayload});
  run.log->tick();
  disk.fail_call(1, SimDisk::Failure::kInputOutput);
  run.reads.run_all();
  EXPECT_EQ(disk.failure_count(), 1u) << "the last segment's index is looked at, and no other";
  EXPECT_LE(run.log->untaken(a).records, 18u) << "all but what lies in one segment";
  EXPECT_GE(run.log->untaken(a).records, 10u);
}

TEST(LogCapTest, WhatIsTooOldGoesBySegments) {
  SimDisk disk(1);
  WallTime clock = kTestStart;
  TestLog run(disk, {.segment_bytes = 4096}, &clock);
  const TargetId young = run.target("young");
  const TargetId patient = run.target("patient");
  run.log->set_cap(std::vector{young}, {.age_max = 1h});
  fill(run, 20, {{young, false}, {patient, false}});
  clock += 30min;
  run.log->tick();
  EXPECT_TRUE(run.losses.lost.empty());
  clock += 31min;
  run.log->tick();
  run.run();
  EXPECT_EQ(run.losses.by_loss.at(Loss::kAgeExpired).records, 20u);
  EXPECT_EQ(run.log->untaken(young), Amount());
  EXPECT_EQ(run.take(patient).size(), 20u);
}

// --- The oldest on demand ----------------------------------------------------------------------

TEST(LogGiveUpTest, TheOldestGoesOneByOneWhileItIsOlder) {
  SimDisk disk(1);
  TestLog run(disk);
  const TargetId target = run.target("a");
  const std::vector<RecordId> ids = fill(run, 3, {{target, false}});
  const std::vector targets{target};
  EXPECT_EQ(run.log->give_up_oldest(targets, ids[0]), GivingUp::kNothing);
  EXPECT_EQ(run.log->give_up_oldest(targets, ids[1]), GivingUp::kGivenUp);
  EXPECT_EQ(run.log->give_up_oldest(targets, ids[1]), GivingUp::kNothing);
  EXPECT_EQ(run.log->give_up_oldest(targets, kAny), GivingUp::kGivenUp);
  EXPECT_EQ(run.losses.lost.at(target).records, 2u);
  EXPECT_THAT(run.losses.ranges,
              ElementsAre(std::pair(ids[0], ids[0] + 1), std::pair(ids[1], ids[1] + 1)));
  EXPECT_EQ(run.take(target).size(), 1u);
}

TEST(LogGiveUpTest, WhatIsNotWrittenYetCanGoToo) {
  SimDisk disk(1);
  TestLog run(disk);
  const TargetId target = run.target("a");
  const RecordId first = run.append("first", {{target, false}}).value();
  ASSERT_TRUE(run.append("second", {{target, false}}));
  EXPECT_EQ(run.log->give_up_oldest(std::vector{target}, kAny), GivingUp::kGivenUp);
  EXPECT_EQ(run.log->untaken(target).records, 1u);
  run.run();
  EXPECT_TRUE(run.answers.at(first)) << "it was written all the same";
  EXPECT_THAT(run.take_texts(target), ElementsAre("second"));
  ASSERT_TRUE(run.close());
  run.kill();
  disk.restart();
  TestLog next(disk);
  EXPECT_EQ(next.log->untaken(next.target("a")).records, 1u);
}

TEST(LogGiveUpTest, WhoseSizeIsNotKnownIsLookedUpFirst) {
  SimDisk disk(1);
  {
    TestLog run(disk);
    fill(run, 3, {{run.target("a"), false}});
    ASSERT_TRUE(run.close());
  }
  disk.restart();
  TestLog run(disk);
  const std::vector targets{run.target("a")};
  EXPECT_EQ(run.log->give_up_oldest(targets, kAny), GivingUp::kLater);
  EXPECT_EQ(run.log->give_up_oldest(targets, kAny), GivingUp::kLater);
  EXPECT_EQ(run.losses.rooms, 0);
  run.run();
  EXPECT_EQ(run.losses.rooms, 1) << "one look for both";
  EXPECT_EQ(run.log->give_up_oldest(targets, kAny), GivingUp::kGivenUp);
  EXPECT_EQ(run.log->untaken(targets[0]).records, 2u);
}

TEST(LogGiveUpTest, ADiskThatCannotBeReadIsAskedAgainLater) {
  SimDisk disk(1);
  WallTime clock = kTestStart;
  {
    TestLog run(disk, {}, &clock);
    fill(run, 3, {{run.target("a"), false}});
    ASSERT_TRUE(run.close());
  }
  disk.restart();
  TestLog run(disk, {}, &clock);
  const std::vector targets{run.target("a")};
  disk.fail_call(1, SimDisk::Failure::kInputOutput);
  EXPECT_EQ(run.log->give_up_oldest(targets, kAny), GivingUp::kLater);
  run.run();
  EXPECT_EQ(run.log->give_up_oldest(targets, kAny), GivingUp::kLater);
  EXPECT_EQ(run.reads.waiting_count(), 0u) << "it rests";
  EXPECT_EQ(run.losses.rooms, 0);
  clock += 2s;
  run.log->tick();
  EXPECT_EQ(run.losses.rooms, 1) << "whoever waits may ask again";
  EXPECT_EQ(run.log->give_up_oldest(targets, kAny), GivingUp::kLater);
  run.run();
  EXPECT_EQ(run.log->give_up_oldest(targets, kAny), GivingUp::kGivenUp);
}

}  // namespace
}  // namespace millrace::segment_log
