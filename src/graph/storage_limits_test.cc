// What bounds a destination with storage: on_full: drop_oldest over memory and disk together, and
// the cap of its own.
#include <gtest/gtest.h>

#include <algorithm>

#include "graph/testing/stored_rig.h"
#include "storage/storage.h"

namespace millrace::pipeline {
namespace {

using io::sim::SimDisk;
using testing::kTight;
using testing::numbers;
using testing::plain_options;
using testing::StoredRig;
using Items = std::vector<uint64_t>;

// --- on_full: drop_oldest ----------------------------------------------------------------------

DestinationOptions dropping(uint64_t capacity) {
  DestinationOptions options = plain_options();
  options.queue.capacity = capacity;
  options.queue.on_full = OnFull::kDropOldest;
  return options;
}

// Large enough that two fill the memory of kRoomForTwo, and that nothing is read back beside them.
constexpr uint32_t kLarge = 2000;
constexpr Backlog::Options kRoomForTwo{.memory_bytes_max = 2 * 8 * kLarge};

TEST(StorageTest, DropOldestReachesWhatLiesOnDisk) {
  for (const auto order : {segment_log::Order::kOldestFirst, segment_log::Order::kNewestFirst}) {
    SimDisk disk(1);
    Backlog::Options options = kRoomForTwo;
    options.order = order;
    DestinationOptions destination = dropping(10);
    destination.batch.mode = BatchMode::kNone;
    StoredRig rig(disk, options, {destination});
    for (int i = 0; i < 30; ++i) {
      const size_t verdict = rig.submit(kLarge);
      rig.run();
      ASSERT_TRUE(rig.is_ok(verdict)) << i;
    }
    EXPECT_EQ(rig.sinks[0].dropped(ledger::DropReason::kDropOldest).items, 20 * kLarge);
    rig.deliver_all();
    Items delivered = rig.delivered();
    std::ranges::sort(delivered);
    // The request in flight stays, and of the others the newest.
    Items expected = numbers(1, 2 * kLarge);
    for (const uint64_t item : numbers(22 * kLarge + 1, 30 * kLarge)) expected.push_back(item);
    EXPECT_TRUE(delivered == expected);
  }
}

// Records that are read back with the newest first do not stand in memory in their order of
// arrival.
TEST(StorageTest, DropOldestFindsTheOldestOfMemoryInEitherOrder) {
  for (const auto order : {segment_log::Order::kOldestFirst, segment_log::Order::kNewestFirst}) {
    SimDisk disk(1);
    Backlog::Options options = kTight;
    options.order = order;
    StoredRig rig(disk, options, {dropping(10)});
    for (int i = 0; i < 30; ++i) {
      const size_t verdict = rig.submit(4);
      rig.run();
      ASSERT_TRUE(rig.is_ok(verdict)) << i;
    }
    rig.deliver_all();
    Items delivered = rig.delivered();
    std::ranges::sort(delivered);
    Items expected = numbers(1, 4);
    for (const uint64_t item : numbers(85, 120)) expected.push_back(item);
    EXPECT_EQ(delivered, expected);
  }
}

TEST(StorageTest, DropOldestTakesWhatIsOlderOnDiskThanInMemory) {
  constexpr uint32_t kItems = kLarge;  // four such requests are one read
  SimDisk disk(1);
  {
    StoredRig rig(disk);
    for (int i = 0; i < 8; ++i) rig.submit(kItems);
    rig.run();
    rig.close_log();
  }
  disk.restart();
  Backlog::Options options = kTight;
  options.order = segment_log::Order::kNewestFirst;
  DestinationOptions destination = dropping(10);
  destination.batch.mode = BatchMode::kNone;
  destination.concurrency.max = 1;
  StoredRig rig(disk, options, {destination});
  rig.run();
  ASSERT_EQ(rig.sinks[0].destination->backlog()->untaken_records(), 4u);
  rig.next_item = 8 * kItems + 1;
  for (int i = 0; i < 5; ++i) {
    rig.submit(kItems);
    rig.run();
  }
  rig.deliver_all();
  Items delivered = rig.delivered();
  EXPECT_EQ(delivered.front(), 7 * kItems + 1) << "was being sent";
  std::ranges::sort(delivered);
  EXPECT_EQ(delivered, numbers(3 * kItems + 1, 13 * kItems)) << "the three oldest are gone";
}

TEST(StorageTest, WhoseOldestHasToBeLookedUpOnDiskWaitsForThat) {
  SimDisk disk(1);
  {
    StoredRig rig(disk);
    for (int i = 0; i < 10; ++i) rig.submit(4);
    rig.run();
    rig.close_log();
  }
  disk.restart();
  StoredRig rig(disk, kTight, {dropping(10)});
  rig.next_item = 41;
  const size_t verdict = rig.submit(4);
  EXPECT_FALSE(rig.verdicts[verdict].has_value());
  rig.run();
  EXPECT_TRUE(rig.is_ok(verdict));
  EXPECT_EQ(rig.sinks[0].dropped(ledger::DropReason::kDropOldest).items, 4u);
  rig.deliver_all();
  EXPECT_EQ(rig.delivered().size(), 40u);
}

TEST(StorageTest, WhenTheDiskCannotTellTheSenderIsRefusedAtItsDeadline) {
  SimDisk disk(1);
  {
    StoredRig rig(disk);
    for (int i = 0; i < 10; ++i) rig.submit(4);
    rig.run();
    rig.close_log();
  }
  disk.restart();
  StoredRig rig(disk, kTight, {dropping(10)});
  disk.fail_randomly(1, 0);
  const size_t verdict = rig.submit(4);
  rig.run();
  EXPECT_FALSE(rig.verdicts[verdict].has_value());
  rig.advance(11s);
  ASSERT_TRUE(rig.verdicts[verdict].has_value());
  EXPECT_EQ(rig.verdicts[verdict]->code, Code::kUnavailable);
  EXPECT_EQ(rig.sinks[0].seen().dropped_total().items, 0u);
  disk.heal();
}

// --- A cap of its own --------------------------------------------------------------------------

// Room on disk for ten requests of four items beyond what memory holds.
Backlog::Options capped() {
  Backlog::Options options = kTight;
  options.cap.payload_bytes_max = 320;
  return options;
}

TEST(StorageCapTest, TheOldestOnDiskGoAndAreCounted) {
  SimDisk disk(1);
  StoredRig rig(disk, capped());
  for (int i = 0; i < 50; ++i) {
    rig.submit(4);
    rig.run();
  }
  EXPECT_EQ(rig.sinks[0].destination->backlog()->untaken_records(), 10u);
  const uint64_t dropped = rig.sinks[0].dropped(ledger::DropReason::kDropOldest).items;
  EXPECT_EQ(rig.held_items(), 200 - dropped);
  EXPECT_EQ(rig.sinks[0].destination->numbers().queue_size, 50 - dropped / 4);
  rig.expect_balance();
  rig.deliver_all();
  const Items delivered = rig.delivered();
  EXPECT_EQ(delivered.size(), 200 - dropped);
  EXPECT_EQ(Items(delivered.end() - 40, delivered.end()), numbers(161, 200)) << "the newest stay";
}

TEST(StorageCapTest, OthersOfTheSameDirectoryKeepTheirs) {
  SimDisk disk(1);
  StoredRig rig(disk, std::vector<StoredRig::SinkOptions>{{plain_options("capped"), capped()},
                                                          {plain_options("patient"), kTight}});
  for (int i = 0; i < 50; ++i) {
    rig.submit(4);
    rig.run();
  }
  EXPECT_GT(rig.sinks[0].seen().dropped_total().items, 100u);
  EXPECT_EQ(rig.sinks[1].seen().dropped_total().items, 0u);
  rig.deliver_all(1);
  EXPECT_EQ(rig.delivered(1), numbers(1, 200));
}

TEST(StorageCapTest, IsKeptAtTheNextStartAsWell) {
  SimDisk disk(1);
  {
    StoredRig rig(disk, kTight);
    for (int i = 0; i < 50; ++i) rig.submit(4);
    rig.run();
    rig.close_log();
  }
  disk.restart();
  StoredRig rig(disk, capped());
  EXPECT_EQ(rig.sinks[0].seen().recovered.items, 200u);
  rig.log->tick();
  rig.run();
  EXPECT_LE(rig.sinks[0].destination->backlog()->untaken_records(), 10u);
  EXPECT_EQ(rig.held_items(), 200 - rig.sinks[0].seen().dropped_total().items);
  rig.deliver_all();
  EXPECT_EQ(rig.delivered().back(), 200u);
}

TEST(StorageCapTest, WhatIsTooOldIsCountedAsExpired) {
  SimDisk disk(1);
  Backlog::Options options = kTight;
  options.cap.age_max = 1h;
  StoredRig rig(disk, options);
  for (int i = 0; i < 20; ++i) rig.submit(4);
  rig.run();
  const uint64_t records = rig.sinks[0].destination->backlog()->untaken_records();
  rig.loop.set_now(rig.loop.now() + 61min);
  rig.log->tick();
  rig.run();
  EXPECT_EQ(rig.sinks[0].dropped(ledger::DropReason::kAgeExpired).items, 4 * records);
  rig.deliver_all();
}

TEST(StorageCapTest, WhoWaitsForDeliveryIsToldThatItIsGivenUp) {
  SimDisk disk(1);
  StoredRig rig(disk, capped());
  std::vector<size_t> verdicts;
  for (int i = 0; i < 50; ++i) {
    verdicts.push_back(rig.submit(4, Policy::kDelivered));
    rig.run();
  }
  size_t told = 0;
  for (const size_t verdict : verdicts) {
    if (!rig.verdicts[verdict].has_value()) continue;
    ++told;
    EXPECT_EQ(rig.verdicts[verdict]->code, Code::kUnavailable);
    EXPECT_TRUE(rig.verdicts[verdict]->retry_after.has_value());
  }
  EXPECT_EQ(told, rig.sinks[0].seen().dropped_total().items / 4);
  EXPECT_GT(told, 30u);
  rig.deliver_all();
  for (const size_t verdict : verdicts) EXPECT_TRUE(rig.verdicts[verdict].has_value());
}

}  // namespace
}  // namespace millrace::pipeline
