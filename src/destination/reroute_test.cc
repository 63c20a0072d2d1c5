#include "destination/reroute.h"

#include <gtest/gtest.h>

#include <optional>

#include "destination/testing/requests.h"
#include "pipeline/testing/manual_loop.h"

namespace millrace::pipeline {
namespace {

using ledger::DropReason;
using testing::items_of;
using Items = std::vector<uint64_t>;

// A level that answers when the test says so.
class Level final : public Intake {
 public:
  explicit Level(io::Loop& loop) : loop_(loop) {}
  std::optional<Verdict> submit(Payload payload, Policy policy, MonotonicTime,
                                VerdictCallback&& on_verdict) override {
    EXPECT_EQ(policy, Policy::kDelivered);
    asked.push_back(items_of(payload.bytes));
    if (known_now) return known_now;
    callbacks.push_back(std::move(on_verdict));
    return std::nullopt;
  }
  void stop() override {}
  void abandon_waiting() override {}
  io::Loop& loop() override { return loop_; }
  void answer(const Verdict& verdict) {
    VerdictCallback callback = std::move(callbacks.front());
    callbacks.erase(callbacks.begin());
    callback(verdict);
  }
  std::optional<Verdict> known_now;
  std::vector<Items> asked;
  std::vector<VerdictCallback> callbacks;

 private:
  io::Loop& loop_;
};

const Verdict kDelivered;
const Verdict kRefusedForNow{.code = Code::kUnavailable, .retry_after = 1s};
const Verdict kRefusedForGood{.code = Code::kInvalidArgument};

struct RerouteTest : ::testing::Test {
  RerouteTest() { reroute.add_levels(account, {&first, &second}); }
  ~RerouteTest() override {
    for (PendingRequest& request : reroute.take_all()) end(std::move(request));
    for (const ledger::Imbalance& wrong : ledger.check({})) ADD_FAILURE() << wrong.to_text();
  }
  void offer(uint64_t first_item, uint64_t last_item) {
    ASSERT_TRUE(destination.queue().try_reserve({1, 1}));
    PendingRequest request = testing::request_of(account, first_item, last_item);
    settlement.book().admit(account, request.amount());
    reroute.offer(std::move(request));
  }
  void end(PendingRequest request) {
    settlement.drop(std::move(request), DropReason::kShutdown, {.code = Code::kUnavailable});
  }
  ledger::Amount handed_back() const {
    return account.snapshot().dropped[static_cast<size_t>(DropReason::kHandedBack)];
  }

  testing::ManualLoop loop;
  ledger::Ledger ledger;
  ledger::Account& account = ledger.open(Signal::kTraces, "traces", "sink");
  ledger::Account& other = ledger.open(Signal::kTraces, "traces/2", "sink");
  Destination destination{DestinationOptions{}};
  Settlement settlement{destination, loop, nullptr, nullptr};
  Level first{loop};
  Level second{loop};
  std::vector<Items> requeued;
  Reroute reroute{loop, 5s, settlement, [this](std::vector<PendingRequest> refused) {
                    for (PendingRequest& request : refused) {
                      requeued.push_back(items_of(request.bytes));
                      end(std::move(request));
                    }
                  }};
};

TEST_F(RerouteTest, TakesWhatNoSenderWaitsForAndHasLevels) {
  PendingRequest request = testing::request_of(account, 1, 1);
  PendingRequest foreign = testing::request_of(other, 2, 2);
  EXPECT_TRUE(reroute.takes(DropReason::kHandedBack, request.owed));
  EXPECT_TRUE(reroute.takes(DropReason::kRetryExpired, request.owed));
  EXPECT_FALSE(reroute.takes(DropReason::kBadData, request.owed));
  EXPECT_FALSE(reroute.takes(DropReason::kHandedBack, foreign.owed));
  reroute.stop();
  EXPECT_FALSE(reroute.takes(DropReason::kHandedBack, request.owed));
  (void)request.owed.close();
  (void)foreign.owed.close();
}

TEST_F(RerouteTest, LevelsAreAskedInOrderUntilOneDelivers) {
  offer(1, 3);
  EXPECT_EQ(first.asked, (std::vector<Items>{{1, 2, 3}}));
  first.answer(kRefusedForNow);
  EXPECT_EQ(second.asked, (std::vector<Items>{{1, 2, 3}}));
  EXPECT_EQ(handed_back().items, 0u);
  second.answer(kDelivered);
  EXPECT_EQ(handed_back().items, 3u) << "it counts where it was delivered";
  EXPECT_TRUE(destination.is_empty());
}

TEST_F(RerouteTest, VerdictThatIsKnownAtOnceCountsAsALaterOne) {
  first.known_now = kRefusedForNow;
  second.known_now = kRefusedForGood;
  offer(1, 3);
  EXPECT_EQ(second.asked.size(), 1u);
  EXPECT_EQ(handed_back().items, 3u);
}

TEST_F(RerouteTest, RefusalForGoodIsCountedWhereItWasRefused) {
  offer(1, 3);
  first.answer(kRefusedForGood);
  EXPECT_TRUE(second.asked.empty());
  EXPECT_EQ(handed_back().items, 3u);
}

TEST_F(RerouteTest, WhatAllLevelsRefuseIsRequeuedInOrderAfterTheWait) {
  offer(1, 1);
  offer(2, 2);
  for (int i = 0; i < 2; ++i) first.answer(kRefusedForNow);
  for (int i = 0; i < 2; ++i) second.answer(kRefusedForNow);
  loop.advance(4s);
  EXPECT_TRUE(requeued.empty());
  ledger::Held held;
  reroute.count_held(held);
  EXPECT_EQ(held.of(account).items, 2u);
  loop.advance(1s);
  EXPECT_EQ(requeued, (std::vector<Items>{{1}, {2}}));
}

TEST_F(RerouteTest, StoppedItWaitsForTheLevelThatHasIt) {
  offer(1, 1);
  offer(2, 2);
  reroute.stop();
  EXPECT_TRUE(reroute.take_refused().empty());
  first.answer(kDelivered);
  first.answer(kRefusedForNow);
  EXPECT_TRUE(second.asked.empty());
  EXPECT_EQ(handed_back().items, 1u);
  EXPECT_EQ(account.snapshot().dropped[static_cast<size_t>(DropReason::kDrainDeadline)].items, 1u);
}

TEST_F(RerouteTest, ClosedItHearsNoVerdict) {
  offer(1, 1);
  reroute.close();
  first.answer(kDelivered);
  EXPECT_EQ(handed_back().items, 0u);
}

}  // namespace
}  // namespace millrace::pipeline
