#include "destination/sending_queue.h"

#include <gtest/gtest.h>

#include "destination/testing/requests.h"

namespace millrace::pipeline {
namespace {

using testing::payload_of;
using testing::request_of;
using Need = SendingQueue::Need;

struct SendingQueueTest : ::testing::Test {
  void make(QueueOptions options) {
    queue = std::make_unique<SendingQueue>("sink", options, [this] { ++room_count; });
  }
  void push(uint64_t first, uint64_t last) {
    ASSERT_TRUE(queue->try_reserve({1, 1}));
    queue->push(request_of(account, first, last));
  }
  // Settles the first request in the queue.
  void settle_one() {
    PendingRequest request;
    ASSERT_TRUE(queue->try_pop(request));
    SendingQueue::Settled settled;
    settled.add(request.owed);
    (void)request.owed.close();
    queue->release(settled);
  }
  ledger::Ledger ledger;
  ledger::Account& account = ledger.open(Signal::kTraces, "traces", "sink");
  int room_count = 0;
  std::unique_ptr<SendingQueue> queue;
};

TEST_F(SendingQueueTest, CostIsInTheUnitOfTheSizer) {
  const Payload payload = payload_of({1, 2, 3});
  make({.sizer = Sizer::kRequests});
  EXPECT_EQ(queue->cost_of(payload), 1u);
  make({.sizer = Sizer::kItems});
  EXPECT_EQ(queue->cost_of(payload), 3u);
  make({.sizer = Sizer::kBytes});
  EXPECT_EQ(queue->cost_of(payload), 24u);
  EXPECT_EQ(queue->cost_of(Payload{}), 1u) << "what costs nothing would seem never to have entered";
}

TEST_F(SendingQueueTest, RoomIsReservedUntilTheRequestIsSettled) {
  make({.capacity = 2});
  push(1, 1);
  push(2, 2);
  EXPECT_FALSE(queue->try_reserve({1, 1}));
  EXPECT_EQ(queue->used_cost(), 2u);
  settle_one();
  EXPECT_TRUE(queue->try_reserve({1, 1}));
  queue->release_unused({1, 1});
  settle_one();
  EXPECT_TRUE(queue->is_empty());
}

TEST_F(SendingQueueTest, RequestsHaveABoundOfTheirOwnBesideTheSizer) {
  make({.capacity = 1000, .sizer = Sizer::kItems, .requests_max = 4});
  EXPECT_TRUE(queue->try_reserve({4, 4}));
  EXPECT_FALSE(queue->try_reserve({1, 1}));
  EXPECT_TRUE(queue->can_never_hold({5, 5}));
  EXPECT_TRUE(queue->can_never_hold({1, 1001}));
  EXPECT_FALSE(queue->can_never_hold({1, 1000}));
  queue->release_unused({4, 4});
}

TEST_F(SendingQueueTest, CountsWhatIsPending) {
  make({});
  push(1, 3);
  push(4, 4);
  EXPECT_EQ(queue->pending().items, 4u);
  EXPECT_EQ(queue->pending().bytes, 32u);
  ledger::Held held;
  queue->count_held(held);
  EXPECT_EQ(held.of(account), (ledger::Amount{4, 32}));
  settle_one();
  EXPECT_EQ(queue->pending().items, 1u);
  settle_one();
  EXPECT_FALSE(queue->has_pending());
}

TEST_F(SendingQueueTest, IsEmptyOnlyWhenEveryPartIsSettled) {
  make({});
  ASSERT_TRUE(queue->try_reserve({1, 3}));
  queue->add_parts(1);
  queue->release({.count = 1, .slots = 1, .cost = 3});
  EXPECT_FALSE(queue->is_empty());
  queue->release({.count = 1, .slots = 0, .cost = 0});
  EXPECT_TRUE(queue->is_empty());
}

TEST_F(SendingQueueTest, ReleaseWakesSubmissionsThatWait) {
  make({});
  push(1, 1);
  push(2, 2);
  settle_one();
  EXPECT_EQ(room_count, 0) << "none waits";
  queue->begin_waiting();
  settle_one();
  EXPECT_EQ(room_count, 1);
  queue->end_waiting();
}

TEST_F(SendingQueueTest, DrainEndsWithTheLastRelease) {
  make({});
  push(1, 1);
  push(2, 2);
  int empty_count = 0;
  queue->begin_drain([&] { ++empty_count; });
  EXPECT_TRUE(queue->is_draining());
  settle_one();
  EXPECT_EQ(empty_count, 0);
  settle_one();
  EXPECT_EQ(empty_count, 1);
}

TEST_F(SendingQueueTest, WhatIsLeftAtTheEndIsDroppedInTheLedger) {
  make({});
  ledger::Book book;
  book.admit(account, {2, 16});
  ASSERT_TRUE(queue->try_reserve({1, 1}));
  PendingRequest request = request_of(account, 1, 2);
  request.generation = book.queue(account, request.amount());
  queue->push(std::move(request));
  queue.reset();
  EXPECT_EQ(account.snapshot().dropped[static_cast<size_t>(ledger::DropReason::kShutdown)],
            (ledger::Amount{2, 16}));
}

using SendingQueueDeathTest = SendingQueueTest;

TEST_F(SendingQueueDeathTest, SumsNeverUnderflow) {
  make({.capacity = 10});
  ASSERT_TRUE(queue->try_reserve({1, 2}));
  EXPECT_DEATH(queue->release({.count = 1, .slots = 1, .cost = 3}), "cost");
  EXPECT_DEATH(queue->release({.count = 2, .slots = 2, .cost = 2}), "slots");
  EXPECT_DEATH(queue->release({.count = 1, .slots = 0, .cost = 0}), "parts");
  EXPECT_DEATH(queue->end_waiting(), "before");
  queue->release_unused({1, 2});
}

}  // namespace
}  // namespace millrace::pipeline
