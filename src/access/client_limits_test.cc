#include "access/client_limits.h"

#include <gtest/gtest.h>

#include <thread>

#include "transport/server/server.h"

namespace millrace::access {
namespace {

using transport::RequestPass;

struct Answer {
  bool let_in = false;
  std::string reason;
  Duration wait = 0s;
  RequestPass pass;
};

Answer ask(ClientLimits& limits, Duration at, const std::string& peer = "10.0.0.1:1",
           std::string_view tenant = "", std::string_view identity = "") {
  http::HeaderList fields;
  if (!tenant.empty()) fields.append("x-tenant", tenant);
  const io::TlsInfo tls;
  Answer answer;
  if (!identity.empty()) {
    answer.pass.identity = std::make_shared<transport::Identity>(std::string(identity));
  }
  auto refusal = limits.on_head(
      {.fields = fields, .peer = peer, .tls = tls, .now = MonotonicTime{} + at}, answer.pass);
  answer.let_in = !refusal.has_value();
  if (refusal) {
    EXPECT_EQ(refusal->reply->code, Code::kResourceExhausted);
    EXPECT_FALSE(refusal->reply->too_large);
    answer.reason = refusal->reason;
    answer.wait = refusal->reply->retry_after.value();
  }
  return answer;
}

TEST(ClientLimitsTest, BurstThenTheRateAndTheRetryTimeSuffices) {
  ClientLimits limits({.requests = {.per_second = 2, .burst = 3}});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(ask(limits, 10s).let_in);
  const Answer refused = ask(limits, 10s);
  EXPECT_FALSE(refused.let_in);
  EXPECT_EQ(refused.reason, "requests_limit");
  EXPECT_EQ(refused.wait, 500ms);
  EXPECT_FALSE(ask(limits, 10s + refused.wait - 1ms).let_in);
  EXPECT_TRUE(ask(limits, 10s + refused.wait).let_in);
  EXPECT_FALSE(ask(limits, 10s + refused.wait).let_in);
}

TEST(ClientLimitsTest, WithoutABurstOneSecondOfTheRateIsAdmittedAtOnce) {
  ClientLimits limits({.requests = {.per_second = 5}});
  int let_in = 0;
  for (int i = 0; i < 20; ++i) let_in += ask(limits, 1h).let_in ? 1 : 0;
  EXPECT_EQ(let_in, 5);
  ClientLimits slow({.requests = {.per_second = 0.1}});
  EXPECT_TRUE(ask(slow, 1h).let_in) << "less than one a second still lets the first in";
  EXPECT_EQ(ask(slow, 1h).wait, 10s);
}

TEST(ClientLimitsTest, ItemsAreADebtThatIsPaidOff) {
  ClientLimits limits({.items = {.per_second = 100}});
  const Answer first = ask(limits, 0s);
  ASSERT_TRUE(first.let_in);
  limits.charge_items(first.pass, 1000, MonotonicTime{});  // the rate is 100
  const Answer second = ask(limits, 0s);
  EXPECT_FALSE(second.let_in);
  EXPECT_EQ(second.reason, "items_limit");
  EXPECT_EQ(second.wait, 9s + 10ms) << "900 owed, and one to be let in";
  EXPECT_TRUE(ask(limits, 9s + 10ms).let_in);
}

TEST(ClientLimitsTest, OverTimeNoClientExceedsTheRate) {
  ClientLimits limits({.bytes = {.per_second = 1000, .burst = 5000}});
  uint64_t taken = 0;
  for (Duration at = 0s; at < 100s; at += 10ms) {
    const Answer answer = ask(limits, at);
    if (!answer.let_in) {
      EXPECT_EQ(answer.reason, "bytes_limit");
      continue;
    }
    limits.charge_bytes(answer.pass, 700, MonotonicTime{} + at);
    taken += 700;
  }
  EXPECT_GE(taken, 100u * 1000);
  EXPECT_LE(taken, 100u * 1000 + 5000 + 700);
}

TEST(ClientLimitsTest, ClientsHaveSeparateBuckets) {
  ClientLimits by_address({.requests = {.per_second = 1}});
  EXPECT_TRUE(ask(by_address, 0s, "10.0.0.1:1").let_in);
  EXPECT_FALSE(ask(by_address, 0s, "10.0.0.1:2").let_in) << "another port, the same client";
  EXPECT_TRUE(ask(by_address, 0s, "10.0.0.2:1").let_in);
  EXPECT_TRUE(ask(by_address, 0s, "[::1]:1").let_in);
  EXPECT_FALSE(ask(by_address, 0s, "[::1]:2").let_in);

  ClientLimits by_header(
      {.key = LimitOptions::Key::kHeader, .header = "x-tenant", .requests = {.per_second = 1}});
  EXPECT_TRUE(ask(by_header, 0s, "10.0.0.1:1", "a").let_in);
  EXPECT_FALSE(ask(by_header, 0s, "10.0.0.2:1", "a").let_in);
  EXPECT_TRUE(ask(by_header, 0s, "10.0.0.1:1", "b").let_in);
  EXPECT_TRUE(ask(by_header, 0s, "10.0.0.1:1").let_in);
  EXPECT_FALSE(ask(by_header, 0s, "10.0.0.2:1").let_in) << "without the field all are one";

  ClientLimits by_identity({.key = LimitOptions::Key::kIdentity, .requests = {.per_second = 1}});
  EXPECT_TRUE(ask(by_identity, 0s, "10.0.0.1:1", "", "alice").let_in);
  EXPECT_FALSE(ask(by_identity, 0s, "10.0.0.2:1", "", "alice").let_in);
  EXPECT_TRUE(ask(by_identity, 0s, "10.0.0.1:1", "", "bob").let_in);
}

TEST(ClientLimitsTest, TableIsBoundedAndEvictsTheClientSeenLongestAgo) {
  ClientLimits limits({.requests = {.per_second = 1}, .clients_max = 3});
  for (const char* peer : {"1:1", "2:1", "3:1"}) EXPECT_TRUE(ask(limits, 0s, peer).let_in);
  EXPECT_FALSE(ask(limits, 0s, "1:1").let_in);
  EXPECT_TRUE(ask(limits, 0s, "4:1").let_in);
  EXPECT_EQ(limits.client_count(), 3u);
  EXPECT_EQ(limits.forgotten_count(), 1u);
  EXPECT_FALSE(ask(limits, 0s, "1:1").let_in);
  EXPECT_TRUE(ask(limits, 0s, "2:1").let_in) << "forgotten, and so new";
}

TEST(ClientLimitsTest, ChargesForAnEvictedClientAreDropped) {
  ClientLimits limits({.items = {.per_second = 1}, .clients_max = 1});
  const Answer first = ask(limits, 0s, "1:1");
  EXPECT_TRUE(ask(limits, 0s, "2:1").let_in);
  limits.charge_items(first.pass, 100, MonotonicTime{});
  EXPECT_TRUE(ask(limits, 0s, "2:1").let_in);
}

TEST(ClientLimitsTest, EarlierTimeOfAnotherLoopChangesNothing) {
  ClientLimits limits({.requests = {.per_second = 1}});
  EXPECT_TRUE(ask(limits, 10s).let_in);
  EXPECT_EQ(ask(limits, 9s).wait, 1s);
  EXPECT_TRUE(ask(limits, 11s).let_in);
}

TEST(ClientLimitsTest, ThreadsShareOneRate) {
  ClientLimits limits({.requests = {.per_second = 100}, .clients_max = 100'000});
  std::atomic<int> let_in{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int each = 0; each < 500; ++each) {
        const Answer answer = ask(limits, 0s);
        if (answer.let_in) {
          let_in.fetch_add(1);
          limits.charge_items(answer.pass, 1, MonotonicTime{});
        }
        ask(limits, 0s, std::to_string(each) + ":1");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(let_in, 100);
  EXPECT_EQ(limits.client_count(), 501u);
}

}  // namespace
}  // namespace millrace::access
