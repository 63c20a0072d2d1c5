// A disk that does not take what it should keep: what the sender hears, and that nothing of it was
// admitted or sent.
#include <gtest/gtest.h>

#include "graph/testing/stored_rig.h"
#include "io/sim/sim_disk.h"
#include "storage/storage.h"

namespace millrace::pipeline {
namespace {

using io::sim::SimDisk;
using testing::numbers;
using testing::plain_options;
using testing::StoredRig;

TEST(StorageRefusalTest, ADiskThatRefusesIsToldToTheSenderAndNothingIsKept) {
  SimDisk disk(1);
  StoredRig rig(disk);
  disk.fail_changes(SimDisk::Failure::kNoSpace);
  const size_t first = rig.submit(1);
  rig.run();
  ASSERT_TRUE(rig.verdicts[first].has_value());
  EXPECT_EQ(rig.verdicts[first]->code, Code::kUnavailable);
  EXPECT_TRUE(rig.verdicts[first]->retry_after.has_value());
  const size_t second = rig.submit(1);
  rig.run();
  ASSERT_TRUE(rig.verdicts[second].has_value());
  EXPECT_EQ(rig.verdicts[second]->code, Code::kUnavailable);
  EXPECT_FALSE(rig.storage->trouble().empty());
  disk.heal();
  for (int i = 0; i < 20 && !rig.storage->trouble().empty(); ++i) {
    rig.advance(1s);
    rig.log->tick();
    rig.run();
  }
  const size_t third = rig.submit(1);
  rig.run();
  EXPECT_TRUE(rig.is_ok(third));
  rig.deliver_all();
}

TEST(StorageRefusalTest, WhatTheDiskDidNotTakeIsRefusedInTheLedgerAndInFact) {
  SimDisk disk(1);
  StoredRig rig(disk, {}, {plain_options("a"), plain_options("b")});
  disk.fail_changes(SimDisk::Failure::kNoSpace);
  const size_t first = rig.submit(3);
  rig.run();
  ASSERT_TRUE(rig.verdicts[first].has_value());
  EXPECT_EQ(rig.verdicts[first]->code, Code::kUnavailable);
  for (const StoredRig::Sink& sink : rig.sinks) {
    EXPECT_EQ(sink.exporter->attempt_count, 0) << "the sender sends it again";
    EXPECT_EQ(sink.seen().admitted.items, 0u);
    EXPECT_EQ(sink.seen().dropped_total().items, 0u);
    EXPECT_TRUE(sink.destination->is_empty());
  }
  EXPECT_EQ(rig.held_items(), 0u);
}

TEST(StorageRefusalTest, ADirectoryThatIsRemovedIsADiskThatRefuses) {
  SimDisk disk(1);
  StoredRig rig(disk);
  const size_t before = rig.submit(1);
  rig.run();
  EXPECT_TRUE(rig.is_ok(before));
  disk.remove_directory("/queue");
  const size_t after = rig.submit(1);
  rig.run();
  ASSERT_TRUE(rig.verdicts[after].has_value());
  EXPECT_EQ(rig.verdicts[after]->code, Code::kUnavailable);
  EXPECT_FALSE(rig.log->refusal().empty());
  rig.deliver_all();
  EXPECT_EQ(rig.delivered(), numbers(1, 1));
}

TEST(StorageRefusalTest, AnIntakeThatGoesWhileTheDiskIsWaitedForLeavesNothing) {
  SimDisk disk(1);
  StoredRig rig(disk);
  const size_t verdict = rig.submit(1);
  rig.loop.run_until_idle();
  EXPECT_FALSE(rig.verdicts[verdict].has_value());
  rig.intake.reset();
  rig.run();
  EXPECT_FALSE(rig.verdicts[verdict].has_value());
  EXPECT_TRUE(rig.sinks[0].destination->is_empty());
}

TEST(StorageRefusalTest, ADiskThatRefusesIsNotWaitedForThoughAFullQueueBlocks) {
  SimDisk disk(1);
  DestinationOptions options = plain_options();
  options.queue.on_full = OnFull::kBlock;
  StoredRig rig(disk, {}, {options});
  disk.fail_changes(SimDisk::Failure::kInputOutput);
  rig.submit(1);  // finds the trouble
  rig.run();
  const size_t verdict = rig.submit(1);
  rig.run();
  ASSERT_TRUE(rig.verdicts[verdict].has_value());
  EXPECT_EQ(rig.verdicts[verdict]->code, Code::kUnavailable);
  rig.deliver_all();
}

TEST(StorageRefusalTest, ACommitThatFailsCanBeSurvivedInMemory) {
  SimDisk disk(1);
  StoredRig rig(disk, Backlog::Options{.survives_in_memory = true});
  disk.fail_changes(SimDisk::Failure::kInputOutput);
  const size_t first = rig.submit(1);  // finds the trouble
  rig.run();
  EXPECT_TRUE(rig.is_ok(first));
  rig.deliver_all();
  EXPECT_EQ(rig.delivered(), numbers(1, 1));
}

TEST(StorageRefusalTest, ADiskThatRefusesCanBeSurvivedInMemory) {
  SimDisk disk(1);
  StoredRig rig(disk, Backlog::Options{.survives_in_memory = true});
  disk.fail_changes(SimDisk::Failure::kInputOutput);
  rig.submit(1);  // finds the trouble
  rig.run();
  const size_t verdict = rig.submit(1);
  rig.run();
  EXPECT_TRUE(rig.is_ok(verdict));
  EXPECT_FALSE(rig.storage->trouble().empty());
  rig.deliver_all();
  EXPECT_EQ(rig.delivered().back(), 2u);
}

}  // namespace
}  // namespace millrace::pipeline
