#include "extensions/basicauth/slow_checks.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "io/sim/sim_executor.h"

namespace millrace::extensions {
namespace {

using access::Digest;
using Verdict = SlowChecks::Verdict;

Verdict alice() {
  return std::make_shared<const transport::Identity>(transport::Identity{"alice"});
}
bool yes() { return true; }
bool no() { return false; }

TEST(SlowChecksTest, WithoutALaneNothingWaits) {
  SlowChecks checks;
  EXPECT_FALSE(checks.has_lane());
  EXPECT_FALSE(checks.try_await(Digest{1}, [] { return [](Verdict) {}; }, yes, alice));
}

TEST(SlowChecksTest, CheckThatMayNotStartHasNoWaiter) {
  io::sim::HandExecutor lane;
  SlowChecks checks;
  checks.use_lane(&lane);
  EXPECT_FALSE(checks.try_await(Digest{1}, [] { return [](Verdict) {}; }, no, alice));
  EXPECT_EQ(checks.waiter_count(), 0u);
  EXPECT_EQ(lane.waiting_count(), 0u);
}

TEST(SlowChecksTest, OnlyTheFirstOfTheSameCredentialsIsAskedWhetherItMayStart) {
  io::sim::HandExecutor lane;
  SlowChecks checks;
  checks.use_lane(&lane);
  int heard = 0;
  const auto later = [&] { return [&](const Verdict&) { ++heard; }; };
  EXPECT_TRUE(checks.try_await(Digest{1}, later, yes, alice));
  EXPECT_TRUE(checks.try_await(Digest{1}, later, no, alice));
  EXPECT_FALSE(checks.try_await(Digest{2}, later, no, alice));
  EXPECT_EQ(checks.waiter_count(), 2u);
  lane.run_all();
  EXPECT_EQ(heard, 2);
  EXPECT_EQ(checks.waiter_count(), 0u);
}

TEST(SlowChecksTest, EveryRequestOfSeveralThreadsHearsItsVerdict) {
  SlowChecks checks;
  std::atomic<int> heard{0};
  std::atomic<int> waiting{0};
  {
    const auto lane = io::make_executor("checks");
    checks.use_lane(lane.get());
    const auto later = [&] { return [&](const Verdict&) { ++heard; }; };
    std::vector<std::thread> loops;
    for (int loop = 0; loop < 2; ++loop) {
      loops.emplace_back([&] {
        for (uint64_t i = 0; i < 500; ++i) {
          if (checks.try_await(Digest{i % 7}, later, yes, alice)) ++waiting;
        }
      });
    }
    for (std::thread& loop : loops) loop.join();
  }
  EXPECT_EQ(heard, waiting);
  EXPECT_EQ(waiting, 1'000);
}

}  // namespace
}  // namespace millrace::extensions
