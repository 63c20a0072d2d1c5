#include "http/flood_guard.h"

#include <gtest/gtest.h>

#include "http/http2_frame_allowance.h"
#include "http/testing/http2_frames.h"

namespace millrace::http {
namespace {

using namespace std::chrono_literals;
using WithoutStream = PingPolicy::WithoutStream;

// Soon after the clock's own start: the time before the first event is not measured from there.
constexpr MonotonicTime kStart{1s};

TEST(TokenBucketTest, ABurstIsAllowedAndThenTheRate) {
  TokenBucket bucket(3, 2);
  EXPECT_TRUE(bucket.use(3, kStart));
  EXPECT_FALSE(bucket.use(1, kStart));
  EXPECT_FALSE(bucket.use(1, kStart + 500ms));  // one earned, two owed
  EXPECT_TRUE(bucket.use(1, kStart + 1500ms));
  EXPECT_FALSE(bucket.use(0.5, kStart + 1500ms));
}

TEST(TokenBucketTest, NoMoreThanTheBurstIsSaved) {
  TokenBucket bucket(3, 2);
  EXPECT_TRUE(bucket.use(3, kStart + 1h));
  EXPECT_FALSE(bucket.use(1, kStart + 1h));
}

TEST(TokenBucketTest, AClockThatStandsEarnsNothing) {
  TokenBucket bucket(1, 1);
  EXPECT_TRUE(bucket.use(1, kStart));
  EXPECT_FALSE(bucket.use(1, kStart - 1h));
  EXPECT_FALSE(bucket.use(0, kStart));
}

TEST(PingPolicyTest, ThreeEarlyPingsAreTooMany) {
  PingPolicy policy(10s, WithoutStream::kRare);
  EXPECT_TRUE(policy.on_ping(kStart, 1));
  EXPECT_TRUE(policy.on_ping(kStart + 9s, 1));
  EXPECT_TRUE(policy.on_ping(kStart + 18s, 1));
  EXPECT_FALSE(policy.on_ping(kStart + 27s, 1));
}

TEST(PingPolicyTest, PingsAtTheIntervalAreAllowed) {
  PingPolicy policy(10s, WithoutStream::kRare);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(policy.on_ping(kStart + i * 10s, 1)) << i;
}

TEST(PingPolicyTest, WithoutAStreamTheyAreRareUnlessPermitted) {
  for (const auto without_stream : {WithoutStream::kRare, WithoutStream::kPermitted}) {
    PingPolicy policy(10s, without_stream);
    bool allowed = true;
    for (int i = 0; i < 4; ++i) allowed = policy.on_ping(kStart + i * 1h, 0);
    EXPECT_EQ(allowed, without_stream == WithoutStream::kPermitted);
    PingPolicy slow(10s, without_stream);
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(slow.on_ping(kStart + i * 2h, 0)) << i;
  }
}

TEST(PingPolicyTest, AnAnswerForgivesThePingsBeforeIt) {
  PingPolicy policy(10s, WithoutStream::kRare);
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(policy.on_ping(kStart, 1)) << i;
    policy.on_answer_sent();
  }
}

TEST(PingPolicyTest, AnAnswerForgivesAllOfThem) {
  PingPolicy policy(10s, WithoutStream::kRare);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(policy.on_ping(kStart, 1));
  policy.on_answer_sent();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(policy.on_ping(kStart, 1)) << i;
  EXPECT_FALSE(policy.on_ping(kStart, 1));
}

// Frames of one type that are charged before the allowance is used up.
size_t frames_until_used_up(uint8_t type, size_t length, Http2FrameAllowance& allowance) {
  Http2FrameWalk walk(0);
  const std::string bytes = testing::frame(type, 0, 0, std::string(length, 'x'));
  size_t count = 0;
  while (!allowance.is_used_up() && count < 100'000) {
    allowance.charge({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}, walk);
    ++count;
  }
  return count;
}

TEST(Http2FrameAllowanceTest, FramesCostByTypeAndSize) {
  struct Case {
    uint8_t type;
    size_t length;
    size_t count;  // the first that is one too many
  };
  const Case cases[] = {
      {testing::kPing, 0, 10'001},     {testing::kPing, 1024, 5001},
      {testing::kSettings, 0, 1001},   {testing::kGoaway, 0, 1001},
      {testing::kHeaders, 16, 5001},   {testing::kContinuation, 16, 5001},
      {testing::kPush, 16, 5001},      {testing::kData, 16 * 1024, 589},
      {testing::kUnknown, 1024, 5001},
  };
  for (const Case& wanted : cases) {
    Http2FrameAllowance allowance;
    EXPECT_EQ(frames_until_used_up(wanted.type, wanted.length, allowance), wanted.count)
        << static_cast<int>(wanted.type) << " of " << wanted.length;
  }
}

TEST(Http2FrameAllowanceTest, TimeAndOurOwnFramesEarn) {
  Http2FrameAllowance allowance;
  allowance.set_time(kStart);
  frames_until_used_up(testing::kPing, 0, allowance);
  allowance.set_time(kStart + 100ms);
  allowance.set_time(kStart);  // the clock does not go back
  EXPECT_EQ(frames_until_used_up(testing::kPing, 0, allowance), 100u);
  allowance.set_time(kStart + 100ms);
  allowance.on_frame_sent();
  EXPECT_EQ(frames_until_used_up(testing::kPing, 0, allowance), 4u);
  allowance.give_back(testing::kSettings, 0);
  EXPECT_EQ(frames_until_used_up(testing::kPing, 0, allowance), 10u);
  allowance.set_time(kStart + 1h);
  EXPECT_EQ(frames_until_used_up(testing::kPing, 0, allowance), 10'001u);
}

}  // namespace
}  // namespace millrace::http
