// The policy against simulated senders and a disk with a fixed time for each sync.
#include "segment_log/commit_wait.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/random.h"

namespace millrace::segment_log {
namespace {

constexpr Duration kSync = 200us;
constexpr WallTime kStart{1'700'000'000s};

struct Outcome {
  double commits_per_second = 0;
  double waits_per_commit = 0;
  Duration longest{};  // from arrival to answer
  Duration mean{};
};

// Calls `next_after` with the time of each answer; it adds the time at which that sender sends
// next.
template <class NextArrivals>
Outcome run(std::vector<WallTime> arrivals, uint64_t bytes, const NextArrivals& next_after) {
  constexpr Duration kFor = 5s;
  CommitWait policy;
  WallTime now = kStart;
  size_t commits = 0;
  size_t waits = 0;
  size_t answers = 0;
  Duration sum{};
  Outcome outcome;
  while (now < kStart + kFor && !arrivals.empty()) {
    std::sort(arrivals.begin(), arrivals.end());
    const auto here = [&](WallTime time) {
      return static_cast<size_t>(std::upper_bound(arrivals.begin(), arrivals.end(), time) -
                                 arrivals.begin());
    };
    now = std::max(now, arrivals.front());
    const size_t count = here(now);
    const Duration wait = policy.wait_before_commit(count, count * bytes, now);
    if (wait > 0s) {
      ++waits;
      policy.waited(here(now + wait) - here(now + CommitWait::kLate));
      now += wait;
    }
    const size_t batch = here(now);
    now += kSync;
    policy.committed(now);
    ++commits;
    for (size_t i = 0; i < batch; ++i) {
      outcome.longest = std::max(outcome.longest, now - arrivals[i]);
      sum += now - arrivals[i];
    }
    answers += batch;
    arrivals.erase(arrivals.begin(), arrivals.begin() + static_cast<ptrdiff_t>(batch));
    for (size_t i = 0; i < batch; ++i) next_after(now, arrivals);
  }
  const double seconds = std::chrono::duration<double>(now - kStart).count();
  outcome.commits_per_second = static_cast<double>(commits) / seconds;
  outcome.waits_per_commit = static_cast<double>(waits) / static_cast<double>(commits);
  outcome.mean = sum / static_cast<Duration::rep>(answers);
  return outcome;
}

// At random times, whatever is answered.
Outcome run_open(Duration mean_gap, uint64_t bytes = 1000) {
  Random random(7);
  std::vector<WallTime> arrivals;
  for (WallTime at = kStart; at < kStart + 5s;) {
    // Between a quarter of the mean gap and seven.
    const auto quarter = static_cast<uint64_t>(mean_gap.count()) / 4;
    at += Duration(static_cast<Duration::rep>(quarter + random.below(6 * quarter + 1)));
    arrivals.push_back(at);
  }
  return run(arrivals, bytes, [](WallTime, std::vector<WallTime>&) {});
}

// Each sends again after its answer, at once or after up to twice `pause`.
Outcome run_closed(size_t senders, Duration pause) {
  std::vector<WallTime> arrivals;
  for (size_t i = 0; i < senders; ++i) arrivals.push_back(kStart + i * 37us);
  Random random(7);
  return run(arrivals, 1000, [&](WallTime answered, std::vector<WallTime>& more) {
    const uint64_t after = random.below(2 * static_cast<uint64_t>(pause.count()) + 1);
    more.push_back(answered + Duration(static_cast<Duration::rep>(after)));
  });
}

TEST(CommitWaitTest, ManyWhoSendAtAnyTimeShareSyncs) {
  const Outcome outcome = run_open(1ms);
  EXPECT_LT(outcome.commits_per_second, 500);
  EXPECT_LE(outcome.longest, CommitWait::kWait + 2 * kSync);
}

TEST(CommitWaitTest, WhoIsAloneIsNotHeldUp) {
  const Outcome outcome = run_open(100ms);
  EXPECT_EQ(outcome.waits_per_commit, 0);
  EXPECT_LE(outcome.longest, kSync);
}

TEST(CommitWaitTest, ASenderWhoWaitsForItsAnswerIsHeldUpOnceInAWhile) {
  const Outcome outcome = run_closed(1, 100us);
  EXPECT_GT(outcome.waits_per_commit, 0);
  EXPECT_LE(outcome.waits_per_commit, 1.1 / CommitWait::kExploreEvery);
}

TEST(CommitWaitTest, FewWhoSendAgainAtOnceAreNotHeldUp) {
  for (const size_t senders : {2u, 3u, 4u, 8u}) {
    const Outcome outcome = run_closed(senders, 100us);
    EXPECT_LE(outcome.waits_per_commit, 2.0 / CommitWait::kExploreEvery) << senders;
    // Each hears its answer after half of the sync that is under way and its own, more or less.
    EXPECT_LT(outcome.mean, kSync * 3 / 2 + 20us) << senders;
  }
}

TEST(CommitWaitTest, WhatIsLargeGoesAtOnce) {
  const Outcome outcome = run_open(1ms, CommitWait::kBytesEnough);
  EXPECT_EQ(outcome.waits_per_commit, 0);
}

TEST(CommitWaitTest, AFewMoreAreNotWorthAWaitForMany) {
  CommitWait policy;
  policy.committed(kStart);
  ASSERT_EQ(policy.wait_before_commit(1, 1000, kStart), CommitWait::kWait);
  policy.waited(2);
  EXPECT_EQ(policy.wait_before_commit(4, 4000, kStart), CommitWait::kWait);
  EXPECT_EQ(policy.wait_before_commit(5, 5000, kStart), 0s);
}

TEST(CommitWaitTest, AClockThatJumpsMeansNoWait) {
  CommitWait policy;
  policy.committed(kStart);
  EXPECT_EQ(policy.wait_before_commit(1, 1000, kStart - 1h), 0s);
  EXPECT_EQ(policy.wait_before_commit(1, 1000, kStart + 1h), 0s);
  EXPECT_EQ(policy.wait_before_commit(1, 1000, kStart + 1ms), CommitWait::kWait);
}

}  // namespace
}  // namespace millrace::segment_log
