#include "transport/client/connect_policy.h"

#include <gtest/gtest.h>

namespace millrace::transport {
namespace {

constexpr MonotonicTime kBegin{Duration(1h)};

class FakeConnection final : public ClientConnection {
 public:
  explicit FakeConnection(bool multiplexes) : multiplexes_(multiplexes) {}
  bool can_take() const override { return false; }
  void start(ClientCall&) override {}
  void cancel(ClientCall&) override {}
  void flush() override {}
  void drain() override {}
  size_t call_count() const override { return 0; }
  bool multiplexes() const override { return multiplexes_; }

 private:
  const bool multiplexes_;
};

class ConnectPolicyTest : public ::testing::Test {
 protected:
  void attempt_at(MonotonicTime when) {
    target_.attempted_at = when;
    target_.attempts.push_back(nullptr);
  }
  void fail_until(MonotonicTime retry_at) {
    target_.attempts.clear();
    target_.retry_at = retry_at;
  }

  Target target_{io::Address{}, 1s, 120s};
  const ConnectPolicy grpc_{ChannelKind::kGrpc, false};
  const ConnectPolicy http1_{ChannelKind::kHttp, false};
  const ConnectPolicy alpn_{ChannelKind::kHttp, true};
  const ConnectDemand none_;
};

TEST_F(ConnectPolicyTest, AFreshAddressMayBeDialledWithoutADemand) {
  for (const ConnectPolicy& policy : {grpc_, http1_, alpn_}) {
    EXPECT_TRUE(policy.may_connect(target_, none_, kBegin));
    EXPECT_FALSE(policy.is_overdue(target_, none_, kBegin));
    EXPECT_EQ(policy.next_change_at(target_, none_, kBegin), kNever);
  }
}

TEST_F(ConnectPolicyTest, TheBackoffHoldsUnlessARequestAsks) {
  attempt_at(kBegin);
  fail_until(kBegin + 10s);
  const ConnectDemand asked{.asked_at = kBegin + 1ms};
  EXPECT_FALSE(grpc_.may_connect(target_, none_, kBegin + 10s - 1ns));
  EXPECT_TRUE(grpc_.may_connect(target_, none_, kBegin + 10s));
  EXPECT_EQ(grpc_.next_change_at(target_, none_, kBegin + 1s), kBegin + 10s);
  // Not before the gap behind the last attempt.
  EXPECT_FALSE(grpc_.may_connect(target_, asked, kBegin + kAttemptGap - 1ns));
  EXPECT_EQ(grpc_.next_change_at(target_, asked, kBegin + 1ms), kBegin + kAttemptGap);
  EXPECT_TRUE(grpc_.may_connect(target_, asked, kBegin + kAttemptGap));
}

TEST_F(ConnectPolicyTest, ARequestThatCameBeforeTheAttemptDoesNotAskForAnother) {
  attempt_at(kBegin);
  fail_until(kBegin + 10s);
  const ConnectDemand served{.asked_at = kBegin};
  EXPECT_FALSE(grpc_.is_asked(target_, served));
  EXPECT_FALSE(grpc_.may_connect(target_, served, kBegin + 5s));
  EXPECT_TRUE(grpc_.is_asked(target_, {.asked_at = kBegin + 1ns}));
}

TEST_F(ConnectPolicyTest, AnAttemptThatTakesLongGetsAnotherWhenARequestAsks) {
  attempt_at(kBegin);
  const ConnectDemand asked{.asked_at = kBegin + 1ms};
  EXPECT_FALSE(grpc_.is_overdue(target_, none_, kBegin + 1h));
  EXPECT_FALSE(grpc_.is_overdue(target_, asked, kBegin + kAttemptOverdue - 1ns));
  EXPECT_TRUE(grpc_.is_overdue(target_, asked, kBegin + kAttemptOverdue));
  EXPECT_FALSE(grpc_.may_connect(target_, asked, kBegin + kAttemptOverdue));
  EXPECT_EQ(grpc_.next_change_at(target_, asked, kBegin + 1ms), kBegin + kAttemptOverdue);
}

TEST_F(ConnectPolicyTest, OnlyHttp1HasSeveralConnectionsOnOneAddress) {
  target_.connections.push_back(std::make_unique<FakeConnection>(false));
  EXPECT_FALSE(grpc_.may_connect(target_, none_, kBegin));
  EXPECT_TRUE(http1_.may_connect(target_, none_, kBegin));
  attempt_at(kBegin);
  EXPECT_TRUE(http1_.may_connect(target_, none_, kBegin));
  EXPECT_FALSE(alpn_.may_connect(target_, none_, kBegin));
}

TEST_F(ConnectPolicyTest, AnHttp2ConnectionIsSufficient) {
  target_.connections.push_back(std::make_unique<FakeConnection>(true));
  EXPECT_FALSE(alpn_.may_connect(target_, none_, kBegin));
}

}  // namespace
}  // namespace millrace::transport
