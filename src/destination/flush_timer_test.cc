#include "destination/flush_timer.h"

#include <gtest/gtest.h>

#include "destination/testing/requests.h"
#include "pipeline/testing/manual_loop.h"

namespace millrace::pipeline {
namespace {

struct FlushTimerTest : ::testing::Test {
  FlushTimerTest() { options.batch.flush_timeout = 5s; }
  ~FlushTimerTest() override {
    PendingRequest request;
    while (batcher.take_next(request)) (void)request.owed.close();
  }
  void push(const std::string& tenant = "") {
    MetadataRef metadata;
    if (!tenant.empty()) {
      auto made = std::make_shared<Metadata>();
      made->entries = {{"tenant", tenant}};
      metadata = std::move(made);
    }
    ASSERT_TRUE(queue.try_reserve({1, 1}));
    batcher.push(testing::request_of(account, 1, 2, loop.now(), metadata));
  }
  FlushTimer timer() {
    return {batcher, window, options.batch.flush_timeout, loop, [this] { ++flushed; }};
  }

  testing::ManualLoop loop;
  ledger::Ledger ledger;
  ledger::Account& account = ledger.open(Signal::kTraces, "traces", "sink");
  ledger::Book book;
  DestinationOptions options;
  SendingQueue queue{"sink", {.capacity = 16}, [] {}};
  SendWindow window{{}, [] {}};
  PeerSizeLimit peer_size_limit;
  Batcher batcher{{.options = options,
                   .queue = queue,
                   .window = window,
                   .peer_size_limit = peer_size_limit,
                   .book = book,
                   .cutting = {}}};
  int flushed = 0;
};

TEST_F(FlushTimerTest, WhatIsPendingIsFlushedOnceAfterItsTime) {
  FlushTimer flush = timer();
  push();
  flush.update(false);
  loop.advance(4999ms);
  EXPECT_EQ(flushed, 0);
  loop.advance(1ms);
  EXPECT_EQ(flushed, 1);
  loop.advance(60s);
  EXPECT_EQ(flushed, 1);
}

TEST_F(FlushTimerTest, MoreThatComesInDoesNotMoveTheTime) {
  FlushTimer flush = timer();
  push();
  flush.update(false);
  loop.advance(3s);
  push();
  flush.update(false);
  loop.advance(2s);
  EXPECT_EQ(flushed, 1);
}

TEST_F(FlushTimerTest, ABatchThatWasSentBeginsTheWaitAnew) {
  FlushTimer flush = timer();
  push();
  flush.update(false);
  loop.advance(3s);
  flush.update(true);
  loop.advance(4s);
  EXPECT_EQ(flushed, 0);
  loop.advance(1s);
  EXPECT_EQ(flushed, 1);
}

TEST_F(FlushTimerTest, NothingPendingOrAlreadyOverdueArmsNothing) {
  FlushTimer flush = timer();
  flush.update(true);
  loop.advance(60s);
  EXPECT_EQ(flushed, 0);
  push();
  flush.update(false);
  window.set_overdue();
  flush.update(false);
  loop.advance(60s);
  EXPECT_EQ(flushed, 0);
}

TEST_F(FlushTimerTest, APartitionIsFlushedWhenItIsDue) {
  options.batch.mode = BatchMode::kFixed;
  options.batch.metadata_keys = {"tenant"};
  FlushTimer flush = timer();
  push("a");
  (void)batcher.is_ready(Batcher::Trigger::kEnqueued, loop.now());
  flush.update(false);
  ASSERT_EQ(batcher.first_due(), loop.now() + 5s);
  loop.advance(5s);
  EXPECT_EQ(flushed, 1);
  // It waits for a permit now.
  flush.update(false);
  loop.advance(60s);
  EXPECT_EQ(flushed, 1);
}

}  // namespace
}  // namespace millrace::pipeline
