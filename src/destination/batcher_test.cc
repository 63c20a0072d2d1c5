#include "destination/batcher.h"

#include <gtest/gtest.h>

#include <optional>

#include "destination/testing/requests.h"

namespace millrace::pipeline {
namespace {

using testing::close_all;
using testing::cut_records;
using testing::items_of;
using testing::request_of;
using Items = std::vector<uint64_t>;
using Trigger = Batcher::Trigger;

constexpr MonotonicTime at(Duration since_start) { return MonotonicTime{} + since_start; }
constexpr MonotonicTime kNow = at(100s);

struct BatcherTest : ::testing::Test {
  ~BatcherTest() override {
    PendingRequest request;
    while (batcher.take_next(request)) (void)request.owed.close();
  }
  void push(uint64_t first, uint64_t last, MonotonicTime admitted_at = kNow,
            const std::string& tenant = "") {
    MetadataRef metadata;
    if (!tenant.empty()) {
      auto made = std::make_shared<Metadata>();
      made->entries = {{"tenant", tenant}};
      metadata = std::move(made);
    }
    ASSERT_TRUE(queue.try_reserve({1, 1}));
    batcher.push(request_of(account, first, last, admitted_at, metadata));
  }
  // The items of the batch that is formed; nothing: none is.
  std::optional<Items> form(Trigger trigger = Trigger::kPermitFree, MonotonicTime now = kNow) {
    Batcher::Formed formed = batcher.form(trigger, now);
    for (PendingRequest& request : formed.expired) {
      expired.push_back(items_of(request.bytes));
      (void)request.owed.close();
    }
    if (formed.large) large = std::move(formed.large);
    if (formed.batch == nullptr) return std::nullopt;
    Items items = items_of(formed.batch->bytes);
    close_all(*formed.batch);
    return items;
  }
  bool is_ready(Trigger trigger, MonotonicTime now = kNow) {
    return batcher.is_ready(trigger, now);
  }

  ledger::Ledger ledger;
  ledger::Account& account = ledger.open(Signal::kTraces, "traces", "sink");
  ledger::Book book;
  DestinationOptions options;
  SendingQueue queue{"sink", {.capacity = 16}, [] {}};
  SendWindow window{{}, [] {}};
  PeerSizeLimit peer_size_limit;
  bool takes_slices = false;
  std::vector<Items> expired;
  std::optional<PendingRequest> large;
  Batcher batcher{
      {.options = options,
       .queue = queue,
       .window = window,
       .peer_size_limit = peer_size_limit,
       .book = book,
       .cutting = {.takes_slices = [this](const PendingRequest&) { return takes_slices; },
                   .cut =
                       [](const PendingRequest& request, CutLimits limits) {
                         return cut_exactly(cut_records, request.signal, request.bytes,
                                            request.item_count(), limits, nullptr);
                       }}}};
};

TEST_F(BatcherTest, AdaptiveIsReadyWhenNothingIsInFlight) {
  EXPECT_FALSE(is_ready(Trigger::kPermitFree)) << "nothing is pending";
  push(1, 1);
  EXPECT_TRUE(is_ready(Trigger::kEnqueued));
  window.begin_attempt();
  EXPECT_FALSE(is_ready(Trigger::kEnqueued));
  EXPECT_TRUE(is_ready(Trigger::kPermitFree));
  EXPECT_TRUE(is_ready(Trigger::kTimeout));
  window.set_overdue();
  EXPECT_TRUE(is_ready(Trigger::kEnqueued));
  window.end_attempt();
}

TEST_F(BatcherTest, AdaptiveIsReadyWhenABatchIsFull) {
  options.batch.items_max = 3;
  window.begin_attempt();
  push(1, 2);
  EXPECT_FALSE(is_ready(Trigger::kEnqueued));
  push(3, 3);
  EXPECT_TRUE(is_ready(Trigger::kEnqueued));
  window.end_attempt();
}

TEST_F(BatcherTest, FixedWaitsForItsMinimumOrTheTimeout) {
  options.batch = {.mode = BatchMode::kFixed, .items_min = 3};
  push(1, 2);
  EXPECT_FALSE(is_ready(Trigger::kPermitFree));
  EXPECT_TRUE(is_ready(Trigger::kTimeout));
  push(3, 3);
  EXPECT_TRUE(is_ready(Trigger::kEnqueued));
}

TEST_F(BatcherTest, FixedDoesNotWaitWhenTheQueueIsHalfFull) {
  options.queue.capacity = 16;
  options.batch = {.mode = BatchMode::kFixed, .items_min = 100};
  for (uint64_t item = 1; item <= 7; ++item) push(item, item);
  EXPECT_FALSE(is_ready(Trigger::kEnqueued));
  push(8, 8);
  EXPECT_TRUE(is_ready(Trigger::kEnqueued));
}

TEST_F(BatcherTest, EverythingIsReadyWhileDraining) {
  options.batch = {.mode = BatchMode::kFixed, .items_min = 100};
  push(1, 1);
  queue.begin_drain([] {});
  EXPECT_TRUE(is_ready(Trigger::kEnqueued));
}

TEST_F(BatcherTest, JoinsWholeRequestsUpToTheMaximum) {
  options.batch.items_max = 4;
  push(1, 2);
  push(3, 4);
  push(5, 6);
  EXPECT_EQ(form(), (Items{1, 2, 3, 4}));
  EXPECT_EQ(form(), (Items{5, 6}));
  EXPECT_EQ(form(), std::nullopt);
}

TEST_F(BatcherTest, WhatDoesNotFitGoesFirstNextTime) {
  options.batch.items_max = 3;
  push(1, 2);
  push(3, 4);
  push(5, 5);
  EXPECT_EQ(form(), (Items{1, 2}));
  EXPECT_TRUE(batcher.has_own());
  EXPECT_EQ(form(), (Items{3, 4, 5}));
}

TEST_F(BatcherTest, AdaptiveJoinsNoMoreBytesThanItsMaximum) {
  push(1, 2);
  options.batch.joined_bytes_max = 2 * queue.pending().bytes;
  push(3, 4);
  push(5, 6);
  EXPECT_EQ(form(), (Items{1, 2, 3, 4}));
  EXPECT_EQ(form(), (Items{5, 6}));
}

TEST_F(BatcherTest, ARequestBeyondTheMaximumOfJoiningIsSentAsItCame) {
  options.batch.joined_bytes_max = 1;
  push(1, 3);
  push(4, 4);
  EXPECT_EQ(form(), (Items{1, 2, 3}));
  EXPECT_EQ(form(), (Items{4}));
}

TEST_F(BatcherTest, AdaptiveIsReadyWhenAllThatMayBeJoinedIsPending) {
  window.begin_attempt();
  push(1, 2);
  EXPECT_FALSE(is_ready(Trigger::kEnqueued));
  options.batch.joined_bytes_max = queue.pending().bytes;
  EXPECT_TRUE(is_ready(Trigger::kEnqueued));
  window.end_attempt();
}

TEST_F(BatcherTest, WithoutBatchingEachRequestGoesAlone) {
  options.batch.mode = BatchMode::kNone;
  push(1, 2);
  push(3, 3);
  EXPECT_EQ(form(), (Items{1, 2}));
  EXPECT_EQ(form(), (Items{3}));
}

TEST_F(BatcherTest, LargeRequestIsCutAtOnce) {
  options.batch.items_max = 2;
  push(1, 5);
  EXPECT_EQ(form(), (Items{1, 2}));
  EXPECT_EQ(form(), (Items{3, 4}));
  EXPECT_EQ(form(), (Items{5}));
}

TEST_F(BatcherTest, LearnedSizeCutsAsWell) {
  push(1, 4096);
  peer_size_limit.note_refused(32 * 1024);
  EXPECT_EQ(form()->size(), 2048u);
  EXPECT_EQ(form()->size(), 2048u);
}

TEST_F(BatcherTest, RequestThatTakesSlicesIsReturnedAndItsPartsGoInFront) {
  options.batch.items_max = 2;
  takes_slices = true;
  push(1, 3);
  push(4, 4);
  EXPECT_EQ(form(), std::nullopt);
  ASSERT_TRUE(large);
  const Rope bytes = large->bytes;
  batcher.put_in_front(std::move(*large), cut_records(Signal::kTraces, bytes, {2, 0}));
  EXPECT_EQ(form(), (Items{1, 2}));
  EXPECT_EQ(form(), (Items{3, 4}));
}

TEST_F(BatcherTest, RequestThatCannotBeCutGoesWhole) {
  options.batch.items_max = 2;
  takes_slices = true;
  push(1, 3);
  EXPECT_EQ(form(), std::nullopt);
  ASSERT_TRUE(large);
  batcher.put_in_front(std::move(*large), {});
  EXPECT_EQ(form(), (Items{1, 2, 3}));
}

TEST_F(BatcherTest, WhatIsTooOldIsReturnedAsExpired) {
  options.queue.age_max = 10s;
  push(1, 1, at(80s));
  push(2, 2, at(95s));
  EXPECT_EQ(form(), (Items{2}));
  EXPECT_EQ(expired, (std::vector<Items>{{1}}));
}

TEST_F(BatcherTest, PartitionsAreNeverJoined) {
  options.batch.metadata_keys = {"tenant"};
  push(1, 1, kNow, "a");
  push(2, 2, kNow, "b");
  push(3, 3, kNow, "a");
  ASSERT_TRUE(is_ready(Trigger::kEnqueued));
  EXPECT_EQ(batcher.first_due(), kNow + options.batch.flush_timeout);
  EXPECT_EQ(form(), (Items{1, 3}));
  EXPECT_EQ(form(), (Items{2}));
  EXPECT_FALSE(batcher.has_own()) << "an empty partition is forgotten";
}

TEST_F(BatcherTest, FixedPartitionIsReadyWhenItIsDue) {
  options.batch = {.mode = BatchMode::kFixed,
                   .items_min = 3,
                   .flush_timeout = 200ms,
                   .metadata_keys = {"tenant"}};
  push(1, 1, kNow, "a");
  EXPECT_FALSE(is_ready(Trigger::kEnqueued));
  EXPECT_FALSE(is_ready(Trigger::kEnqueued, kNow + 199ms));
  EXPECT_TRUE(is_ready(Trigger::kEnqueued, kNow + 200ms));
}

TEST_F(BatcherTest, FindsTheOldestOfAllPartitions) {
  options.batch.metadata_keys = {"tenant"};
  push(1, 1, at(90s), "b");
  push(2, 2, at(80s), "a");
  push(3, 3, at(85s), "b");
  const PendingRequest* oldest = batcher.find_oldest(kNow);
  ASSERT_NE(oldest, nullptr);
  EXPECT_EQ(items_of(oldest->bytes), (Items{2}));
  PendingRequest taken = batcher.take_oldest();
  EXPECT_EQ(items_of(taken.bytes), (Items{2}));
  (void)taken.owed.close();
}

TEST_F(BatcherTest, OneWorkerAtATimeFormsWhatHasAMinimum) {
  options.batch = {.mode = BatchMode::kFixed, .items_min = 1};
  push(1, 1);
  ASSERT_TRUE(window.try_begin_forming());
  EXPECT_EQ(form(), std::nullopt);
  window.end_forming();
  EXPECT_EQ(form(), (Items{1}));
}

TEST_F(BatcherTest, SweepGoesOnWhereItsPartEnded) {
  for (uint64_t i = 1; i <= 5; ++i) push(i, i);
  Items seen;
  const auto visit = [&](PendingRequest& request) -> std::optional<size_t> {
    if (std::exchange(request.is_compact, true)) return 0;
    seen.push_back(request.item_count());
    return 10;
  };
  EXPECT_TRUE(batcher.sweep_part(kNow, 20, visit));
  EXPECT_EQ(seen.size(), 2u);
  EXPECT_EQ(queue.size(), 3u) << "what is not visited stays in the ring";
  EXPECT_TRUE(batcher.sweep_part(kNow, 15, visit));
  EXPECT_EQ(seen.size(), 4u);
  EXPECT_FALSE(batcher.sweep_part(kNow, 20, visit));
  EXPECT_EQ(seen.size(), 5u);
  push(6, 6);
  EXPECT_FALSE(batcher.sweep_part(kNow, 20, [](PendingRequest&) { return std::nullopt; }));
}

// Each part went through all that earlier parts had visited: a long queue took the square.
TEST_F(BatcherTest, PartsOfASweepVisitEachRequestOnce) {
  for (uint64_t i = 1; i <= 16; ++i) push(i, i);
  size_t visits = 0;
  const auto visit = [&](PendingRequest&) -> std::optional<size_t> {
    ++visits;
    return 10;
  };
  batcher.begin_sweep();
  for (size_t parts = 0; batcher.sweep_part(kNow, 20, visit) && parts < 1000;) ++parts;
  EXPECT_EQ(visits, 16u);
  batcher.begin_sweep();
  while (batcher.sweep_part(kNow, 20, visit)) {
  }
  EXPECT_EQ(visits, 32u) << "a new outage begins again";
}

TEST_F(BatcherTest, CountsWhatItHolds) {
  options.batch.items_max = 1;
  push(1, 1);
  push(2, 3);
  EXPECT_EQ(form(), (Items{1}));
  EXPECT_FALSE(batcher.sweep_part(kNow, 1, [](PendingRequest&) { return 0; }));
  ledger::Held held;
  batcher.count_held(held);
  EXPECT_EQ(held.of(account), (ledger::Amount{2, 16}));
}

}  // namespace
}  // namespace millrace::pipeline
