// Destinations with storage: what is acknowledged when, what memory keeps, what a restart brings.
#include "storage/storage.h"

#include <gtest/gtest.h>

#include "graph/drain.h"
#include "graph/testing/stored_rig.h"

namespace millrace::pipeline {
namespace {

using io::sim::SimDisk;
using testing::kTight;
using testing::numbers;
using testing::outcome_of;
using testing::plain_options;
using testing::StoredRig;
using Kind = Outcome::Kind;
using Items = std::vector<uint64_t>;

TEST(StorageTest, DurableIsAnsweredWhenItIsSyncedAndNotBefore) {
  SimDisk disk(1);
  StoredRig rig(disk);
  const size_t verdict = rig.submit(2);
  rig.loop.run_until_idle();
  EXPECT_FALSE(rig.verdicts[verdict].has_value());
  rig.run();
  EXPECT_TRUE(rig.is_ok(verdict));
  EXPECT_TRUE(rig.delivered().empty()) << "the destination has not answered";
  rig.deliver_all();
  EXPECT_EQ(rig.delivered(), numbers(1, 2));
}

TEST(StorageTest, AcceptedDoesNotWaitForTheDisk) {
  SimDisk disk(1);
  StoredRig rig(disk);
  EXPECT_TRUE(rig.is_ok(rig.submit(1, Policy::kAccepted)));
  rig.deliver_all();
  EXPECT_EQ(rig.delivered(), numbers(1, 1));
}

TEST(StorageTest, WhatWasNotDeliveredComesAfterAPowerCut) {
  SimDisk disk(1);
  DestinationOptions options = plain_options();
  options.batch.mode = BatchMode::kNone;
  {
    StoredRig rig(disk, {}, {options});
    for (int i = 0; i < 5; ++i) rig.submit(3);
    rig.run();
    rig.sinks[0].exporter->answer(Kind::kDelivered);  // of the first request
    rig.run();
  }
  Random random(7);
  disk.crash(random);
  StoredRig rig(disk, {}, {options});
  const ledger::AccountSnapshot seen = rig.sinks[0].seen();
  EXPECT_GE(seen.recovered.items, 12u);
  rig.deliver_all();
  const Items delivered = rig.delivered();
  for (const uint64_t item : numbers(4, 15)) {
    EXPECT_NE(std::ranges::find(delivered, item), delivered.end()) << item;
  }
  EXPECT_EQ(rig.sinks[0].destination->numbers().queue_size, 0u);
}

TEST(StorageTest, ACleanEndLeavesExactlyTheRest) {
  SimDisk disk(1);
  {
    StoredRig rig(disk);
    rig.submit(3);
    rig.deliver_all();
    rig.submit(4);
    rig.run();
    rig.close_log();
  }
  disk.restart();
  StoredRig rig(disk);
  EXPECT_EQ(rig.sinks[0].seen().recovered, (ledger::Amount{4, 32}));
  rig.deliver_all();
  EXPECT_EQ(rig.delivered(), numbers(4, 7));
}

TEST(StorageTest, BeyondItsShareOfMemoryTheRecordAloneIsKeptAndOrderHolds) {
  SimDisk disk(1);
  StoredRig rig(disk, kTight);
  for (int i = 0; i < 50; ++i) rig.submit(4);
  rig.run();
  EXPECT_GT(rig.sinks[0].destination->backlog()->untaken_records(), 40u);
  rig.expect_balance();
  rig.deliver_all();
  EXPECT_EQ(rig.delivered(), numbers(1, 200));
  EXPECT_EQ(rig.sinks[0].destination->backlog()->untaken_records(), 0u);
  EXPECT_EQ(rig.budget.used(), 0u);
}

TEST(StorageTest, FreshDataGoesFirstWhereThatIsAsked) {
  SimDisk disk(1);
  {
    StoredRig rig(disk);
    rig.submit(4);
    rig.run();
    rig.close_log();
  }
  disk.restart();
  DestinationOptions options = plain_options();
  options.concurrency.max = 1;
  StoredRig rig(disk, {.order = segment_log::Order::kNewestFirst}, {options});
  rig.next_item = 100;
  const size_t fresh = rig.submit(1);
  // It enters when the disk has it; nothing of the backlog is read meanwhile.
  while (!rig.is_ok(fresh) && (rig.writes.run_one() || rig.loop.turn())) {
  }
  rig.deliver_all();
  EXPECT_EQ(rig.delivered().front(), 100u);
  EXPECT_EQ(rig.delivered().size(), 5u);
}

TEST(StorageTest, OneRecordServesTwoDestinations) {
  SimDisk disk(1);
  StoredRig rig(disk, {}, {plain_options("a"), plain_options("b")});
  rig.submit(2);
  rig.run();
  EXPECT_EQ(rig.log->numbers().records_written, 1u);
  rig.deliver_all(0);
  rig.deliver_all(1);
  EXPECT_EQ(rig.delivered(0), rig.delivered(1));
}

TEST(StorageTest, ARefusedDestinationFinishesItsRecord) {
  SimDisk disk(1);
  {
    StoredRig rig(disk);
    rig.submit(2);
    rig.run();
    rig.sinks[0].exporter->answer(outcome_of(Kind::kRefused));
    rig.run();
    rig.close_log();
  }
  disk.restart();
  StoredRig rig(disk);
  EXPECT_EQ(rig.sinks[0].seen().recovered.items, 0u);
}

TEST(StorageTest, SpillWritesOnlyWhatMemoryDoesNotHold) {
  SimDisk disk(1);
  Backlog::Options options = kTight;
  options.spills = true;
  StoredRig rig(disk, options);
  rig.submit(4);
  rig.run();
  EXPECT_EQ(rig.log->numbers().records_written, 0u);
  for (int i = 0; i < 20; ++i) rig.submit(4);
  rig.run();
  EXPECT_GT(rig.log->numbers().records_written, 10u);
  rig.deliver_all();
  EXPECT_EQ(rig.delivered(), numbers(1, 84));
}

TEST(StorageTest, DeliveredIsAnsweredThoughTheBytesWereReadBack) {
  SimDisk disk(1);
  StoredRig rig(disk, kTight);
  std::vector<size_t> verdicts;
  for (int i = 0; i < 20; ++i) verdicts.push_back(rig.submit(4, Policy::kDelivered));
  rig.run();
  EXPECT_FALSE(rig.verdicts[verdicts.back()].has_value());
  rig.deliver_all();
  for (const size_t verdict : verdicts) EXPECT_TRUE(rig.is_ok(verdict));
}

TEST(StorageTest, TheQueuesCapacityCountsWhatLiesOnDisk) {
  SimDisk disk(1);
  DestinationOptions options = plain_options();
  options.queue.capacity = 10;
  StoredRig rig(disk, kTight, {options});
  for (int i = 0; i < 10; ++i) rig.submit(4);
  rig.run();
  const size_t refused = rig.submit(4);
  ASSERT_TRUE(rig.verdicts[refused].has_value());
  EXPECT_EQ(rig.verdicts[refused]->code, Code::kUnavailable);
  rig.deliver_all();
  const size_t taken = rig.submit(4);
  rig.run();
  EXPECT_TRUE(rig.is_ok(taken));
}

TEST(StorageTest, DrainingADeadDestinationEndsAtOnceAndTheNextStartDelivers) {
  SimDisk disk(1);
  {
    StoredRig rig(disk, kTight);
    for (int i = 0; i < 20; ++i) rig.submit(4);
    rig.run();
    rig.sinks[0].exporter->answer(outcome_of(Kind::kRetry));  // now it waits for its retry
    rig.run();
    while (!rig.sinks[0].exporter->open.empty()) {
      rig.sinks[0].exporter->answer(outcome_of(Kind::kRetry));
    }
    Drain drain(rig.loop);
    drain.add(*rig.intake);
    drain.add(*rig.pipeline);
    drain.add(*rig.sinks[0].destination);
    bool done = false;
    drain.start(rig.loop.now() + 30s, [&] { done = true; });
    rig.run();
    EXPECT_TRUE(done) << "without waiting for the deadline";
    EXPECT_EQ(rig.sinks[0].seen().dropped_total().items, 0u);
    rig.close_log();
  }
  disk.restart();
  StoredRig rig(disk);
  EXPECT_EQ(rig.sinks[0].seen().recovered.items, 80u);
  rig.deliver_all();
  EXPECT_EQ(rig.delivered().size(), 80u);
}

TEST(StorageTest, ACutRequestIsFinishedWithItsLastPart) {
  SimDisk disk(1);
  DestinationOptions options = plain_options();
  options.batch.items_max = 4;
  {
    StoredRig rig(disk, {}, {options});
    rig.submit(10);
    rig.run();
    rig.sinks[0].exporter->answer(Kind::kDelivered);  // one part of three
    rig.run();
    rig.end();
    rig.expect_balance();
  }
  disk.restart();
  StoredRig rig(disk, {}, {options});
  EXPECT_EQ(rig.sinks[0].seen().recovered.items, 10u) << "it comes again whole";
  rig.deliver_all();
  EXPECT_EQ(rig.delivered().size(), 10u);
}

// A request counts as one however many parts it is cut into; the part with that one was delivered,
// and giving up the others gave it back again: the queue was full for ever, and no drain ended.
TEST(StorageTest, PartsThatStayOnDiskCostWhatTheirRecordCosts) {
  for (const Sizer sizer : {Sizer::kRequests, Sizer::kItems, Sizer::kBytes}) {
    SimDisk disk(1);
    DestinationOptions options = plain_options();
    options.batch.items_max = 4;
    options.queue.sizer = sizer;
    options.queue.capacity = 1000;
    StoredRig rig(disk, {}, {options}, {.age_max = 1h});
    rig.submit(10);
    rig.run();
    rig.sinks[0].exporter->answer(Kind::kDelivered);
    rig.run();
    rig.sinks[0].exporter->answer(Kind::kDelivered);  // two parts of three
    rig.run();
    Drain drain(rig.loop);
    drain.add(*rig.sinks[0].destination);
    bool done = false;
    drain.start(rig.loop.now() + 1s, [&] { done = true; });
    rig.advance(2s);
    EXPECT_EQ(rig.sinks[0].destination->backlog()->untaken_records(), 1u);
    EXPECT_EQ(rig.sinks[0].destination->numbers().queue_size, sizer == Sizer::kRequests ? 1u
                                                              : sizer == Sizer::kItems  ? 2u
                                                                                        : 16u);
    rig.loop.set_now(rig.loop.now() + 2h);
    for (int i = 0; i < 3; ++i) {
      rig.log->tick();
      rig.run();
    }
    EXPECT_EQ(rig.sinks[0].seen().dropped_total().items, 2u);
    EXPECT_EQ(rig.sinks[0].destination->numbers().queue_size, 0u);
    EXPECT_TRUE(done);
  }
}

// The read that was under way took the two parts as if they were the whole request, and gave the
// whole back: eight items more were held than had come.
TEST(StorageTest, ARestThatIsReadDuringTheDrainGoesBackAsARest) {
  SimDisk disk(1);
  DestinationOptions options = plain_options();
  options.batch.items_max = 8;
  StoredRig rig(disk, {.memory_bytes_max = 1024}, {options});
  rig.submit(24);
  rig.run();
  rig.sinks[0].exporter->answer(Kind::kDelivered);  // one part of three
  rig.run();
  rig.submit(120);  // more than memory has left: it is read back, as soon as the read lane turns
  const auto run_without_reads = [&] {
    while (rig.loop.turn() || rig.writes.run_one()) {
    }
  };
  run_without_reads();
  ASSERT_EQ(rig.reads.size(), 1u);
  Drain drain(rig.loop);
  drain.add(*rig.sinks[0].destination);
  drain.start(rig.loop.now() + 1s, [] {});
  rig.loop.advance(2s);
  run_without_reads();
  ASSERT_EQ(rig.reads.size(), 1u);
  ASSERT_EQ(rig.sinks[0].destination->backlog()->untaken_records(), 2u);
  rig.run();
  EXPECT_EQ(rig.held_items(), 16u + 120u);
  rig.expect_balance();
  EXPECT_EQ(rig.sinks[0].destination->numbers().queue_size, 2u);
}

// The drain walks the places in flight; dropping what the first one holds starts three
// batches, of which the third needs a new place.
TEST(StorageTest, TheDrainMayAddPlacesInFlightWhileItWalksThem) {
  SimDisk disk(1);
  DestinationOptions options = plain_options();
  options.batch.mode = BatchMode::kFixed;
  options.batch.items_min = 2;
  options.batch.flush_timeout = 1h;
  options.batch.metadata_keys = {"tenant"};
  StoredRig rig(disk, {.survives_in_memory = true}, {options});
  rig.submit(2);
  rig.run();
  rig.sinks[0].exporter->answer(Kind::kRetry);  // waits for its retry, and lies on disk
  disk.fail_changes(SimDisk::Failure::kInputOutput);
  rig.submit(2);  // finds the trouble
  rig.run();
  rig.sinks[0].exporter->answer(Kind::kDelivered);
  rig.run();
  rig.submit_as("a", 1);
  rig.submit_as("b", 1);
  rig.submit_as("c", 1);
  rig.run();
  ASSERT_TRUE(rig.sinks[0].exporter->open.empty());
  Drain drain(rig.loop);
  drain.add(*rig.sinks[0].destination);
  drain.start(rig.loop.now() + 1s, [] {});
  rig.deliver_all();
  EXPECT_EQ(rig.delivered(), numbers(3, 7));
  EXPECT_EQ(rig.held_items(), 2u);
}

// --- Memory for what is read back --------------------------------------------------------------

constexpr size_t kBudget = 1 << 20;

// Twenty requests of four items on disk, and a start with a budget of its own.
struct BacklogRig {
  explicit BacklogRig(size_t budget_bytes) {
    {
      StoredRig before(disk);
      for (int i = 0; i < 20; ++i) before.submit(4);
      before.run();
      before.close_log();
    }
    disk.restart();
    DestinationOptions options = plain_options();
    options.batch.mode = BatchMode::kNone;
    rig = std::make_unique<StoredRig>(
        disk, std::vector<StoredRig::SinkOptions>{{options, {.memory_bytes_max = 4096}}},
        segment_log::Options{}, budget_bytes);
  }
  SimDisk disk{1};
  std::unique_ptr<StoredRig> rig;
};

TEST(StorageTest, ReadBackWithoutRoomGoesBackToDisk) {
  BacklogRig start(kBudget);
  StoredRig& rig = *start.rig;
  rig.loop.run_until_idle();
  ASSERT_TRUE(rig.reads.run_one());
  EXPECT_EQ(rig.sinks[0].destination->backlog()->untaken_records(), 0u) << "all of it was read";
  // Others take what there is before the loop takes over what was read.
  ASSERT_GT(rig.budget.used(), 0u) << "what was read is counted meanwhile";
  std::vector<Reservation> others;
  others.push_back(Reservation::make_beyond(rig.budget, MemoryTerm::kMessages, kBudget));
  rig.loop.turn();
  EXPECT_EQ(rig.sinks[0].destination->backlog()->untaken_records(), 20u);
  EXPECT_EQ(rig.sinks[0].seen().dropped_total().items, 0u);
  EXPECT_EQ(rig.budget.used(), kBudget);
  EXPECT_EQ(rig.held_items(), 80u);
  others.clear();
  rig.advance(200ms);
  rig.deliver_all();
  EXPECT_EQ(rig.delivered(), numbers(1, 80));
}

TEST(StorageTest, WhatHasRoomGoesOnAndTheRestGoesBackInOrder) {
  BacklogRig start(kBudget);
  StoredRig& rig = *start.rig;
  rig.loop.run_until_idle();
  ASSERT_TRUE(rig.reads.run_one());
  // Room for three when what was reserved for the reading is given back.
  const Reservation others =
      Reservation::make_beyond(rig.budget, MemoryTerm::kMessages, kBudget - 3 * 32);
  rig.loop.turn();
  rig.loop.run_until_idle();
  EXPECT_EQ(rig.sinks[0].destination->backlog()->untaken_records(), 17u);
  for (int i = 0; i < 100 && rig.delivered().size() < 80; ++i) {
    rig.advance(100ms);
    rig.deliver_all();
  }
  EXPECT_EQ(rig.delivered(), numbers(1, 80));
  EXPECT_EQ(rig.sinks[0].seen().dropped_total().items, 0u);
}

TEST(StorageTest, WithoutAnyRoomOneRequestAtATimeGoesOn) {
  BacklogRig start(kBudget);
  StoredRig& rig = *start.rig;
  const Reservation others = Reservation::make_beyond(rig.budget, MemoryTerm::kMessages, kBudget);
  for (int i = 0; i < 100 && rig.delivered().size() < 80; ++i) {
    rig.run();
    EXPECT_LE(rig.sinks[0].exporter->open.size(), 1u);
    rig.deliver_all();
    rig.advance(100ms);
  }
  EXPECT_EQ(rig.delivered(), numbers(1, 80));
}

}  // namespace
}  // namespace millrace::pipeline
