// When a batch is sent, and what becomes of it.
#include "destination/destination_worker.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "destination/testing/worker_rig.h"

namespace millrace::pipeline {
namespace {

using Kind = Outcome::Kind;
using ledger::DropReason;
using testing::Batches;
using testing::plain;
using Worker = testing::WorkerRig;

TEST(DestinationWorkerTest, WhatComesInOneTurnIsSentAtItsEnd) {
  Worker sink;
  sink.submit(1);
  sink.submit(2);
  EXPECT_TRUE(sink.open().empty());
  EXPECT_EQ(sink.numbers().queue_size, 2u);
  sink.run();
  EXPECT_EQ(sink.open(), (Batches{{1, 2, 3}}));
  EXPECT_EQ(sink.numbers().in_flight, 1u);
  EXPECT_EQ(sink.numbers().queue_size, 2u);  // until it is answered
  sink.answer(Kind::kDelivered);
  EXPECT_EQ(sink.delivered(), 3u);
  EXPECT_EQ(sink.numbers().sent_items, 3u);
  EXPECT_EQ(sink.numbers().queue_size, 0u);
  EXPECT_EQ(sink.numbers().in_flight, 0u);
  EXPECT_EQ(sink.observed, (std::vector<std::pair<uint64_t, uint64_t>>{{3, 24}}));
}

TEST(DestinationWorkerTest, WhileARequestIsInFlightTheNextBatchGrows) {
  Worker sink;
  sink.submit_and_run(1);
  sink.submit_and_run(1);
  sink.submit_and_run(1);
  EXPECT_EQ(sink.open(), (Batches{{1}}));
  sink.answer(Kind::kDelivered);
  EXPECT_EQ(sink.open(), (Batches{{2, 3}}));
  sink.answer(Kind::kDelivered);
  EXPECT_EQ(sink.delivered(), 3u);
}

TEST(DestinationWorkerTest, AFullBatchIsSentWhileAnotherIsInFlight) {
  DestinationOptions options = plain();
  options.batch.items_max = 3;
  Worker sink(options);
  sink.submit_and_run(1);
  sink.submit_and_run(2);
  EXPECT_EQ(sink.open().size(), 1u);
  sink.submit_and_run(1);
  EXPECT_EQ(sink.open(), (Batches{{1}, {2, 3, 4}}));
  while (!sink.open().empty()) sink.answer(Kind::kDelivered);
}

TEST(DestinationWorkerTest, AtTheTimeoutWhatWaitsIsSentWhereThereIsAPermit) {
  Worker sink;
  sink.submit_and_run(1);
  sink.submit_and_run(1);
  sink.loop.advance(199ms);
  EXPECT_EQ(sink.open(), (Batches{{1}}));
  sink.loop.advance(1ms);
  EXPECT_EQ(sink.open(), (Batches{{1}, {2}}));
  // Both permits are taken: the next one that comes free is for what is overdue.
  sink.submit_and_run(1);
  sink.loop.advance(10s);
  EXPECT_EQ(sink.open().size(), 2u);
  sink.answer(Kind::kDelivered);
  EXPECT_EQ(sink.open(), (Batches{{2}, {3}}));
  while (!sink.open().empty()) sink.answer(Kind::kDelivered);
}

TEST(DestinationWorkerTest, AFixedBatchWaitsForItsMinimumOrItsTimeout) {
  DestinationOptions options = plain();
  options.batch.mode = BatchMode::kFixed;
  options.batch.items_min = 3;
  options.batch.flush_timeout = 1s;
  Worker sink(options);
  sink.submit_and_run(2);
  EXPECT_TRUE(sink.open().empty());
  sink.submit_and_run(1);
  EXPECT_EQ(sink.open(), (Batches{{1, 2, 3}}));
  sink.answer(Kind::kDelivered);
  sink.submit_and_run(1);
  sink.loop.advance(999ms);
  EXPECT_TRUE(sink.open().empty());
  sink.loop.advance(1ms);
  EXPECT_EQ(sink.open(), (Batches{{4}}));
  sink.answer(Kind::kDelivered);
}

TEST(DestinationWorkerTest, RequestsOfDifferentMetadataAreNotJoined) {
  DestinationOptions options = plain();
  options.batch.mode = BatchMode::kFixed;
  options.batch.items_min = 3;
  options.batch.flush_timeout = 1s;
  options.batch.metadata_keys = {"tenant"};
  Worker sink(options);
  sink.submit_and_run(2, "red");
  sink.loop.advance(500ms);
  sink.submit_and_run(2, "blue");
  EXPECT_TRUE(sink.open().empty());
  sink.submit_and_run(1, "blue");
  EXPECT_EQ(sink.open(), (Batches{{3, 4, 5}}));
  EXPECT_EQ(sink.exporter->open[0].batch.metadata->entries[0].value, "blue");
  sink.loop.advance(499ms);
  EXPECT_EQ(sink.open().size(), 1u);
  sink.loop.advance(1ms);
  EXPECT_EQ(sink.open(), (Batches{{3, 4, 5}, {1, 2}}));
  while (!sink.open().empty()) sink.answer(Kind::kDelivered);
}

TEST(DestinationWorkerTest, FlushSendsWhatIsThere) {
  DestinationOptions options = plain();
  options.batch.mode = BatchMode::kFixed;
  options.batch.flush_timeout = 1h;
  Worker sink(options);
  sink.submit_and_run(1);
  EXPECT_TRUE(sink.open().empty());
  sink.worker->flush();
  sink.run();
  EXPECT_EQ(sink.open(), (Batches{{1}}));
  sink.answer(Kind::kDelivered);
}

TEST(DestinationWorkerTest, NoMoreThanThePermitsAreInFlight) {
  DestinationOptions options = plain();
  options.batch.mode = BatchMode::kNone;
  Worker sink(options);
  for (int i = 0; i < 4; ++i) sink.submit_and_run(1);
  EXPECT_EQ(sink.open(), (Batches{{1}, {2}}));
  sink.answer(Kind::kDelivered);
  EXPECT_EQ(sink.open(), (Batches{{2}, {3}}));
  while (!sink.open().empty()) sink.answer(Kind::kDelivered);
  EXPECT_EQ(sink.delivered(), 4u);
}

// --- What becomes of a batch

TEST(DestinationWorkerTest, APassingFailureIsTriedAgainAfterTheBackoff) {
  Worker sink;
  sink.submit_and_run(1);
  sink.answer(Kind::kRetry);
  EXPECT_EQ(sink.numbers().in_flight, 0u);
  EXPECT_EQ(sink.destination.health().consecutive_failures, 1u);
  sink.loop.advance(4999ms);
  EXPECT_TRUE(sink.open().empty());
  sink.loop.advance(1ms);
  EXPECT_EQ(sink.open(), (Batches{{1}}));
  sink.answer(Kind::kRetry);
  sink.loop.advance(7499ms);  // 5 s * 1.5
  EXPECT_TRUE(sink.open().empty());
  sink.loop.advance(1ms);
  sink.answer(Kind::kDelivered);
  EXPECT_EQ(sink.numbers().retries, 2u);
  EXPECT_EQ(sink.delivered(), 1u);
  EXPECT_EQ(sink.observed.size(), 1u);
  EXPECT_EQ(sink.destination.health().last_answer, "OK");
}

TEST(DestinationWorkerTest, RetriesEndWhenTheirTimeIsOver) {
  DestinationOptions options = plain();
  options.retry.max_elapsed_time = 6s;
  Worker sink(options);
  sink.submit_and_run(1);
  sink.answer(Kind::kRetry);
  sink.loop.advance(5s);
  sink.answer(Kind::kRetry);
  sink.loop.advance(1min);
  EXPECT_TRUE(sink.open().empty());
  EXPECT_EQ(sink.dropped(DropReason::kRetryExpired), 1u);
  EXPECT_EQ(sink.numbers().failed_items, 1u);
  EXPECT_EQ(sink.numbers().queue_size, 0u);
}

TEST(DestinationWorkerTest, WithoutRetriesAFailureDrops) {
  DestinationOptions options = plain();
  options.retry.enabled = false;
  Worker sink(options);
  sink.submit_and_run(1);
  sink.answer(Kind::kRetry);
  EXPECT_EQ(sink.dropped(DropReason::kNotRetried), 1u);
  sink.submit_and_run(1);
  sink.answer(Kind::kDelivered);
}

TEST(DestinationWorkerTest, ARefusalDropsAndTheNextBatchFollows) {
  Worker sink;
  sink.submit_and_run(1);
  sink.submit_and_run(1);
  sink.answer(Kind::kRefused);
  EXPECT_EQ(sink.dropped(DropReason::kRefused), 1u);
  EXPECT_EQ(sink.open(), (Batches{{2}}));
  sink.answer(Kind::kDelivered);
}

TEST(DestinationWorkerTest, WhatThePeerRejectsOfABatchIsCounted) {
  for (const uint64_t rejected : {0u, 1u, 2u}) {
    Worker sink;
    sink.submit_and_run(3);
    sink.exporter->answer(Outcome{.kind = Kind::kPartial, .rejected_count = rejected});
    sink.run();
    EXPECT_EQ(sink.seen().rejected_by_peer.items, rejected);
    EXPECT_EQ(sink.delivered(), 3 - rejected);
  }
}

TEST(DestinationWorkerTest, ABatchThatIsTooLargeIsSentInHalves) {
  Worker sink;
  sink.submit(2);
  sink.submit(2);
  sink.run();
  sink.answer(Kind::kTooLarge);
  EXPECT_EQ(sink.open(), (Batches{{1, 2}}));
  sink.answer(Kind::kDelivered);
  EXPECT_EQ(sink.open(), (Batches{{3, 4}}));
  sink.answer(Kind::kDelivered);
  EXPECT_EQ(sink.delivered(), 4u);
  EXPECT_EQ(sink.numbers().queue_size, 0u);
  EXPECT_TRUE(sink.destination.is_empty());
}

TEST(DestinationWorkerTest, ARequestThatIsTooLargeIsCutAndItsLastItemDropped) {
  Worker sink;
  sink.submit_and_run(2);
  sink.answer(Kind::kTooLarge);
  EXPECT_EQ(sink.open(), (Batches{{1}}));
  sink.answer(Kind::kDelivered);
  EXPECT_EQ(sink.open(), (Batches{{2}}));
  sink.answer(Kind::kTooLarge);
  EXPECT_EQ(sink.dropped(DropReason::kTooLarge), 1u);
  EXPECT_EQ(sink.delivered(), 1u);
  EXPECT_EQ(sink.numbers().queue_size, 0u);
  // What the queue counts of requests and their parts is even again.
  ledger::Held held;
  sink.destination.count_held(held);
  sink.worker->count_held(held);
  EXPECT_EQ(held.total().items, 0u);
}

TEST(DestinationWorkerTest, OfABatchOfBadDataOneRequestFailsAlone) {
  Worker sink;
  sink.submit(1);
  sink.submit(2);
  sink.run();
  sink.answer(Kind::kBadData);
  EXPECT_EQ(sink.open(), (Batches{{1}}));
  sink.answer(Kind::kBadData);
  EXPECT_EQ(sink.dropped(DropReason::kBadData), 1u);
  EXPECT_EQ(sink.open(), (Batches{{2, 3}}));
  sink.answer(Kind::kDelivered);
  EXPECT_EQ(sink.delivered(), 2u);
}

TEST(DestinationWorkerTest, WhileTheBreakerIsOpenOneBatchAtATimeTries) {
  DestinationOptions options = plain();
  options.batch.mode = BatchMode::kNone;
  options.concurrency.max = 3;
  options.retry.breaker_failures = 2;
  options.retry.max_elapsed_time = 0s;
  Worker sink(options);
  for (int i = 0; i < 3; ++i) sink.submit_and_run(1);
  for (int i = 0; i < 3; ++i) sink.answer(Kind::kRetry);
  EXPECT_TRUE(sink.numbers().breaker_open);
  EXPECT_EQ(sink.numbers().breaker_opened, 1u);
  sink.loop.advance(30s);
  EXPECT_EQ(sink.open().size(), 1u);
  sink.answer(Kind::kRetry);
  sink.loop.advance(2min);
  EXPECT_EQ(sink.open().size(), 1u);
  sink.answer(Kind::kDelivered);
  EXPECT_FALSE(sink.numbers().breaker_open);
  EXPECT_EQ(sink.open().size(), 2u);
  while (!sink.open().empty()) sink.answer(Kind::kDelivered);
  EXPECT_EQ(sink.delivered(), 3u);
}

TEST(DestinationWorkerTest, WhatIsTooOldIsDroppedWhenItsTurnComes) {
  DestinationOptions options = plain();
  options.concurrency.max = 1;
  options.queue.age_max = 10s;
  Worker sink(options);
  sink.submit_and_run(1);
  sink.submit_and_run(1);
  sink.loop.advance(5s);
  sink.submit_and_run(1);
  sink.loop.advance(6s);
  sink.answer(Kind::kDelivered);
  EXPECT_EQ(sink.dropped(DropReason::kAgeExpired), 1u);
  EXPECT_EQ(sink.open(), (Batches{{3}}));
  sink.answer(Kind::kDelivered);
}

}  // namespace
}  // namespace millrace::pipeline
