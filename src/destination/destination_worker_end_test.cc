// How requests are admitted, and how a destination ends.
#include "destination/destination_worker.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "destination/testing/worker_rig.h"

namespace millrace::pipeline {
namespace {

using Kind = Outcome::Kind;
using ledger::DropReason;
using Room = DestinationWorker::Room;
using testing::Batches;
using testing::plain;
using Worker = testing::WorkerRig;

// --- Admission

DestinationOptions with_room_for(uint64_t requests, OnFull on_full) {
  DestinationOptions options = plain();
  options.queue.capacity = requests;
  options.queue.on_full = on_full;
  options.concurrency.max = 1;
  options.batch.mode = BatchMode::kNone;
  return options;
}

TEST(DestinationWorkerTest, AFullQueueRefusesByItsRule) {
  for (const auto& [rule, room] :
       {std::pair{OnFull::kReject, Room::kFull}, {OnFull::kBlock, Room::kWait}}) {
    Worker sink(with_room_for(2, rule));
    sink.submit_and_run(1);
    EXPECT_EQ(sink.submit(1), Room::kReserved);
    EXPECT_EQ(sink.submit(1), room);
    EXPECT_EQ(sink.numbers().queue_size, 2u);
    sink.run();
    sink.answer(Kind::kDelivered);
    EXPECT_EQ(sink.submit(1), Room::kReserved);
    sink.run();
    while (!sink.open().empty()) sink.answer(Kind::kDelivered);
  }
}

TEST(DestinationWorkerTest, TheOldestThatWaitsMakesRoomForTheNew) {
  Worker sink(with_room_for(2, OnFull::kDropOldest));
  sink.submit_and_run(1);  // in flight
  sink.submit_and_run(1);
  sink.submit_and_run(1);
  EXPECT_EQ(sink.dropped(DropReason::kDropOldest), 1u);
  sink.answer(Kind::kDelivered);
  EXPECT_EQ(sink.open(), (Batches{{3}}));
  sink.answer(Kind::kDelivered);
}

TEST(DestinationWorkerTest, WhereAllIsInFlightTheNewIsRefused) {
  Worker sink(with_room_for(1, OnFull::kDropOldest));
  sink.submit_and_run(1);
  EXPECT_NE(sink.submit(1), Room::kReserved);
  sink.answer(Kind::kDelivered);
  EXPECT_EQ(sink.dropped(DropReason::kDropOldest), 0u);
}

TEST(DestinationWorkerTest, ARequestLargerThanTheQueueNeverFits) {
  DestinationOptions options = plain();
  options.queue.sizer = Sizer::kItems;
  options.queue.capacity = 3;
  Worker sink(options);
  EXPECT_EQ(sink.submit(4), Room::kNever);
  sink.submit_and_run(3);
  sink.answer(Kind::kDelivered);
}

TEST(DestinationWorkerTest, AReservationThatIsGivenBackIsFreeAgain) {
  Worker sink(with_room_for(1, OnFull::kReject));
  const Payload payload = testing::payload_of({1});
  EXPECT_EQ(sink.worker->try_reserve(payload), Room::kReserved);
  EXPECT_EQ(sink.worker->try_reserve(payload), Room::kFull);
  sink.worker->release(payload);
  EXPECT_EQ(sink.numbers().queue_size, 0u);
  EXPECT_EQ(sink.worker->try_reserve(payload), Room::kReserved);
  sink.worker->release(payload);
}

TEST(DestinationWorkerTest, ThoseInLineAreCalledWhenThereIsRoomAndWhenTheirTimeIsOver) {
  Worker sink(with_room_for(1, OnFull::kBlock));
  sink.submit_and_run(1);
  bool has_room = false;
  int retried = 0;
  int expired = 0;
  const auto wait = [&](MonotonicTime deadline) {
    sink.worker->wait_for_room(
        [&] {
          ++retried;
          return has_room;
        },
        deadline, [&] { ++expired; });
  };
  wait(sink.loop.now() + 1s);
  EXPECT_TRUE(sink.worker->has_line());
  sink.loop.advance(1s);
  EXPECT_EQ(expired, 1);
  EXPECT_FALSE(sink.worker->has_line());
  wait(kNever);
  sink.run();
  EXPECT_TRUE(sink.worker->has_line());
  retried = 0;
  has_room = true;
  sink.answer(Kind::kDelivered);
  EXPECT_EQ(retried, 1);
  EXPECT_EQ(expired, 1);
  EXPECT_FALSE(sink.worker->has_line());
}

// --- The end

TEST(DestinationWorkerTest, ADrainSendsAtOnceWhatWaits) {
  DestinationOptions options = plain();
  options.batch.mode = BatchMode::kFixed;
  options.batch.flush_timeout = 1h;
  Worker sink(options);
  sink.submit_and_run(2);
  EXPECT_TRUE(sink.open().empty());
  sink.begin_drain(10s);
  EXPECT_EQ(sink.open(), (Batches{{1, 2}}));
  EXPECT_FALSE(sink.is_emptied);
  sink.answer(Kind::kDelivered);
  EXPECT_EQ(sink.delivered(), 2u);
  EXPECT_TRUE(sink.is_emptied);
}

TEST(DestinationWorkerTest, ADrainDropsTheRestAtItsDeadline) {
  DestinationOptions options = plain();
  options.concurrency.max = 1;
  Worker sink(options);
  sink.submit_and_run(1);
  sink.submit_and_run(2);
  sink.begin_drain(10s);
  sink.loop.advance(9999ms);
  EXPECT_EQ(sink.dropped(DropReason::kDrainDeadline), 0u);
  EXPECT_FALSE(sink.exporter->closed);
  sink.loop.advance(1ms);
  EXPECT_EQ(sink.dropped(DropReason::kDrainDeadline), 3u);
  EXPECT_TRUE(sink.exporter->closed);
  EXPECT_EQ(sink.numbers().queue_size, 0u);
}

TEST(DestinationWorkerTest, ADrainMayBeHastened) {
  Worker sink;
  sink.submit_and_run(1);
  sink.begin_drain(10s);
  sink.worker->hasten_drain(sink.loop.now() + 20s);  // no earlier: nothing changes
  sink.worker->hasten_drain(sink.loop.now() + 1s);
  sink.loop.advance(1s);
  EXPECT_EQ(sink.dropped(DropReason::kDrainDeadline), 1u);
}

TEST(DestinationWorkerTest, ADrainTriesAgainBeforeItsDeadline) {
  Worker sink;
  sink.submit_and_run(1);
  sink.answer(Kind::kRetry);
  sink.begin_drain(10s);
  sink.loop.advance(5s);
  EXPECT_EQ(sink.open(), (Batches{{1}}));
  sink.answer(Kind::kDelivered);
}

TEST(DestinationWorkerTest, WhatIsLeftAtTheEndIsDroppedAsShutdown) {
  DestinationOptions options = plain();
  options.concurrency.max = 1;
  Worker sink(options);
  sink.submit_and_run(1);
  sink.submit_and_run(2);
  sink.worker->stop_exporting();
  sink.worker.reset();
  sink.run();
  EXPECT_EQ(sink.dropped(DropReason::kShutdown), 3u);
  EXPECT_EQ(sink.numbers().queue_size, 0u);
}

}  // namespace
}  // namespace millrace::pipeline
