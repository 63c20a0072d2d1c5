#include "extensions/console/loss_times.h"

#include <gtest/gtest.h>

namespace millrace::extensions::console {
namespace {

constexpr size_t kReason = 1;

State state_at(WallTime now, uint64_t dropped, uint64_t rejected) {
  AccountState account{.pipeline = "traces", .destination = "otlp"};
  account.counts.dropped[kReason].items = dropped;
  account.counts.rejected_by_peer.items = rejected;
  State state{.now = now};
  state.accounts = {account};
  return state;
}

TEST(LossTimesTest, TheFirstAndTheLastGrowthAreRemembered) {
  LossTimes losses;
  losses.look(state_at(WallTime(1s), 0, 0));
  losses.look(state_at(WallTime(5s), 3, 0));
  losses.look(state_at(WallTime(10s), 7, 0));
  const State last = state_at(WallTime(15s), 7, 0);
  losses.look(last);
  const auto times = losses.of(last.accounts[0], kReason);
  ASSERT_TRUE(times.has_value());
  EXPECT_EQ(times->first_at, WallTime(5s));
  EXPECT_EQ(times->last_at, WallTime(10s));
}

TEST(LossTimesTest, EachReasonHasTimesOfItsOwn) {
  LossTimes losses;
  const State state = state_at(WallTime(5s), 0, 2);
  losses.look(state);
  EXPECT_FALSE(losses.of(state.accounts[0], kReason).has_value());
  EXPECT_TRUE(losses.of(state.accounts[0], LossTimes::kRejectedByPeer).has_value());
}

TEST(LossTimesTest, AnAccountWithoutLossHasNone) {
  const State state = state_at(WallTime(5s), 0, 0);
  LossTimes losses;
  losses.look(state);
  EXPECT_FALSE(losses.of(state.accounts[0], kReason).has_value());
}

}  // namespace
}  // namespace millrace::extensions::console
