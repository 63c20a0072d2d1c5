#include "destination/retry_policy.h"

#include <gtest/gtest.h>

namespace millrace::pipeline {
namespace {

using ledger::DropReason;
using Attempt = RetryPolicy::Attempt;
using Situation = RetryPolicy::Situation;

constexpr MonotonicTime at(Duration since_start) { return MonotonicTime{} + since_start; }

DestinationOptions plain() {
  DestinationOptions options;
  options.retry.initial_interval = 4s;
  options.retry.max_interval = 20s;
  options.retry.multiplier = 2;
  options.retry.max_elapsed_time = 60s;
  options.retry.randomization_factor = 0.5;
  return options;
}

Situation draining(Duration now, Duration deadline) {
  return {.now = at(now), .drain_deadline = at(deadline)};
}

TEST(RetryPolicyTest, IntervalsGrowByTheMultiplierUpToTheMaximum) {
  const DestinationOptions options = plain();
  const RetryPolicy policy(options);
  EXPECT_EQ(policy.first_interval(), 4s);
  EXPECT_EQ(policy.back_off({.interval = 4s}, {}, 0.5).next_interval, 8s);
  EXPECT_EQ(policy.back_off({.interval = 16s}, {}, 0.5).next_interval, 20s);
}

TEST(RetryPolicyTest, FirstIntervalIsNeverLongerThanTheMaximum) {
  DestinationOptions options = plain();
  options.retry.max_interval = 3s;
  EXPECT_EQ(RetryPolicy(options).first_interval(), 3s);
}

TEST(RetryPolicyTest, DelayIsSpreadAroundTheIntervalByTheRandomizationFactor) {
  const DestinationOptions options = plain();
  const RetryPolicy policy(options);
  EXPECT_EQ(policy.back_off({.interval = 4s}, {}, 0).delay, 2s);
  EXPECT_EQ(policy.back_off({.interval = 4s}, {}, 0.5).delay, 4s);
  EXPECT_EQ(policy.back_off({.interval = 4s}, {}, 0.75).delay, 5s);
  EXPECT_EQ(policy.back_off({.interval = 0s}, {}, 0.5).delay, 1ms);
}

TEST(RetryPolicyTest, LongerWishOfTheDestinationIsObeyed) {
  const DestinationOptions options = plain();
  const RetryPolicy policy(options);
  EXPECT_EQ(policy.back_off({.interval = 4s, .retry_after = 9s}, {}, 0.5).delay, 9s);
  EXPECT_EQ(policy.back_off({.interval = 4s, .retry_after = 1s}, {}, 0.5).delay, 4s);
}

TEST(RetryPolicyTest, DrainTriesAboutFourTimesInWhatIsLeftOfIt) {
  const DestinationOptions options = plain();
  const RetryPolicy policy(options);
  EXPECT_EQ(policy.back_off({.interval = 4s}, draining(0s, 8s), 0.5).delay, 2s);
  EXPECT_EQ(policy.back_off({.interval = 4s}, draining(8s, 8s), 0.5).delay, 100ms);
  EXPECT_EQ(policy.back_off({.interval = 4s, .retry_after = 9s}, draining(0s, 8s), 0.5).delay, 9s);
}

TEST(RetryPolicyTest, IsSentAgainUntilTheElapsedTimeIsOver) {
  DestinationOptions options = plain();
  const RetryPolicy policy(options);
  const auto decide = [&](Duration now, Duration delay) {
    return policy.decide({.first_attempt_at = at(10s)}, {.now = at(now)}, delay);
  };
  EXPECT_FALSE(decide(30s, 40s).drop);
  EXPECT_EQ(decide(30s, 40s).attempt_at, at(70s));
  EXPECT_EQ(decide(30s, 41s).drop, DropReason::kRetryExpired);
  options.retry.max_elapsed_time = 0s;
  EXPECT_FALSE(decide(100'000s, 41s).drop);
}

TEST(RetryPolicyTest, WithoutRetriesItIsDroppedAtOnce) {
  DestinationOptions options = plain();
  options.retry.enabled = false;
  const RetryPolicy policy(options);
  EXPECT_EQ(policy.decide({}, {}, 1s).drop, DropReason::kNotRetried);
  EXPECT_FALSE(policy.asks_breaker({}));
  options.hands_back = true;
  EXPECT_TRUE(policy.asks_breaker({}));
}

TEST(RetryPolicyTest, WhatIsOnDiskIsLeftThereWhileDraining) {
  const DestinationOptions options = plain();
  const RetryPolicy policy(options);
  const Attempt on_disk{.is_on_disk = true};
  EXPECT_FALSE(policy.decide(on_disk, {}, 1s).drop);
  EXPECT_EQ(policy.decide(on_disk, draining(0s, 8s), 1s).drop, DropReason::kDrainDeadline);
  EXPECT_FALSE(policy.decide({}, draining(0s, 8s), 1s).drop);
  EXPECT_EQ(policy.decide({}, {.is_closed = true}, 1s).drop, DropReason::kDrainDeadline);
}

TEST(RetryPolicyTest, WhatIsOnADiskInFrontIsHandedBackWhileDraining) {
  DestinationOptions options = plain();
  options.has_disk_in_front = true;
  const RetryPolicy policy(options);
  EXPECT_FALSE(policy.decide({}, {}, 1s).drop);
  EXPECT_EQ(policy.decide({}, draining(0s, 8s), 1s).drop, DropReason::kHandedBack);
}

TEST(RetryPolicyTest, HandsBackOnlyWhileTheBreakerIsOpenAndNothingDrains) {
  DestinationOptions options = plain();
  options.hands_back = true;
  const RetryPolicy policy(options);
  Situation situation{.is_breaker_open = true};
  EXPECT_EQ(policy.decide({}, situation, 1s).drop, DropReason::kHandedBack);
  situation.drain_deadline = at(8s);
  EXPECT_FALSE(policy.decide({}, situation, 1s).drop);
  EXPECT_FALSE(policy.decide({}, {}, 1s).drop);
}

TEST(RetryPolicyTest, SenderIsToldTheDestinationsWishWithinBounds) {
  DestinationOptions options = plain();
  options.retry.enabled = false;
  const RetryPolicy policy(options);
  const auto told = [&](std::optional<Duration> wish) {
    return policy.decide({.retry_after = wish}, {}, 1s).sender_retry_after;
  };
  EXPECT_EQ(told(std::nullopt), 1s);
  EXPECT_EQ(told(10ms), 1s);
  EXPECT_EQ(told(7s), 7s);
  EXPECT_EQ(told(1h), 30s);
}

TEST(RetryPolicyTest, BatchWaitsForTheBreakerUntilItExpires) {
  const DestinationOptions options = plain();
  const RetryPolicy policy(options);
  const Attempt attempt{.first_attempt_at = at(10s)};
  EXPECT_EQ(policy.decide_waiting(attempt, {.now = at(20s)}, at(25s), true).attempt_at, at(25s));
  EXPECT_EQ(policy.decide_waiting(attempt, {.now = at(20s)}, at(95s), false).attempt_at, at(70s));
  // Expired, but another waits first: the timer of the next turn drops it.
  EXPECT_FALSE(policy.decide_waiting(attempt, {.now = at(70s)}, at(95s), false).drop);
  EXPECT_EQ(policy.decide_waiting(attempt, {.now = at(70s)}, at(95s), true).drop,
            DropReason::kRetryExpired);
}

TEST(RetryPolicyTest, BatchThatIsHandedBackTakesATurnOfItsOwn) {
  DestinationOptions options = plain();
  options.hands_back = true;
  const RetryPolicy policy(options);
  EXPECT_EQ(policy.decide_waiting({}, {.now = at(20s)}, at(25s), false).attempt_at, at(20s));
  EXPECT_EQ(policy.decide_waiting({}, {.now = at(20s)}, at(25s), true).drop,
            DropReason::kHandedBack);
}

}  // namespace
}  // namespace millrace::pipeline
