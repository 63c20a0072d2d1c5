#include "destination/outage_compaction.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "destination/testing/requests.h"
#include "memory/budget.h"
#include "pipeline/testing/manual_loop.h"

namespace millrace::pipeline {
namespace {

struct OutageCompactionTest : ::testing::Test {
  ~OutageCompactionTest() override {
    PendingRequest request;
    while (batcher.take_next(request)) (void)request.owed.close();
  }
  // A request of one item, alone in a chunk of its connection.
  PendingRequest lonely_request() {
    PendingRequest request = testing::request_of(account, 1, 1, loop.now());
    const ChunkRef chunk = pool.try_acquire(request.bytes.size());
    request.bytes.copy_to(chunk->data());
    request.bytes = Rope(Bytes(chunk, chunk->data(), request.bytes.size()));
    return request;
  }
  static const uint8_t* data_of(const PendingRequest& request) {
    return request.bytes.pieces()[0].data();
  }
  void fail() { health.note_failure("refused", {}); }
  void recover() { (void)health.note_success(loop.now(), {}); }

  testing::ManualLoop loop;
  Budget budget{size_t{2} << 30};
  ChunkPool pool{budget, 0};
  ledger::Ledger ledger;
  ledger::Account& account = ledger.open(Signal::kTraces, "traces", "sink");
  ledger::Book book;
  DestinationOptions options;
  SendingQueue queue{"sink", {.capacity = 10'000}, [] {}};
  SendWindow window{{}, [] {}};
  PeerSizeLimit peer_size_limit;
  HealthRecord health;
  Batcher batcher{{.options = options,
                   .queue = queue,
                   .window = window,
                   .peer_size_limit = peer_size_limit,
                   .book = book,
                   .cutting = {}}};
  OutageCompaction compaction{&pool, batcher, health, loop};
};

TEST_F(OutageCompactionTest, OnlyWhileTheDestinationFailsWhatComesInIsCopied) {
  PendingRequest request = lonely_request();
  const uint8_t* const before = data_of(request);
  compaction.on_enqueue(request);
  EXPECT_EQ(data_of(request), before);
  EXPECT_FALSE(request.is_compact);
  fail();
  compaction.on_enqueue(request);
  EXPECT_NE(data_of(request), before);
  EXPECT_TRUE(request.is_compact);
  (void)request.owed.close();
}

TEST_F(OutageCompactionTest, ABatchThatFailedIsCopiedOnce) {
  std::vector<PendingRequest> requests;
  requests.push_back(lonely_request());
  ASSERT_TRUE(queue.try_reserve({1, 1}));
  batcher.push(std::move(requests.front()));
  Batcher::Formed formed = batcher.form(Batcher::Trigger::kPermitFree, loop.now());
  ASSERT_NE(formed.batch, nullptr);
  fail();
  const uint8_t* const before = formed.batch->bytes.pieces()[0].data();
  compaction.on_failed_attempt(*formed.batch, false);
  const uint8_t* const copied = formed.batch->bytes.pieces()[0].data();
  EXPECT_NE(copied, before);
  EXPECT_TRUE(formed.batch->is_compact);
  compaction.on_failed_attempt(*formed.batch, false);
  EXPECT_EQ(formed.batch->bytes.pieces()[0].data(), copied);
  testing::close_all(*formed.batch);
}

TEST_F(OutageCompactionTest, WhatIsPendingIsCopiedInPartsWhenTheOutageBegins) {
  constexpr int kRequests = 2500;
  for (int i = 0; i < kRequests; ++i) {
    ASSERT_TRUE(queue.try_reserve({1, 1}));
    batcher.push(lonely_request());
  }
  const size_t before = budget.used();
  Flight flight;
  flight.is_compact = true;
  fail();
  compaction.on_failed_attempt(flight, true);
  EXPECT_LT(budget.used(), before);
  EXPECT_GT(budget.used(), before / 2) << "a part in the turn of the failure";
  loop.run_until_idle();
  EXPECT_LE(budget.used(), 2 * kPooledChunkBytes);
}

TEST_F(OutageCompactionTest, TheSweepEndsWithTheOutage) {
  for (int i = 0; i < 2500; ++i) {
    ASSERT_TRUE(queue.try_reserve({1, 1}));
    batcher.push(lonely_request());
  }
  Flight flight;
  flight.is_compact = true;
  fail();
  compaction.on_failed_attempt(flight, true);
  recover();
  const size_t after_first_part = budget.used();
  loop.run_until_idle();
  EXPECT_EQ(budget.used(), after_first_part);
}

// The chunk that was being filled when the outage ended would stay reserved for ever.
TEST_F(OutageCompactionTest, TheOpenChunkGoesWithTheOutage) {
  PendingRequest request = lonely_request();
  fail();
  compaction.on_enqueue(request);
  compaction.on_settled();
  EXPECT_EQ(budget.used(), kPooledChunkBytes) << "the request lies in it";
  recover();
  compaction.on_settled();
  EXPECT_EQ(budget.used(), kPooledChunkBytes);
  (void)request.owed.close();
  request.bytes = Rope();
  EXPECT_EQ(budget.used(), 0u);
}

}  // namespace
}  // namespace millrace::pipeline
