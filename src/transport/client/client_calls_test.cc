#include "transport/client/client_calls.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "transport/client/client_connection.h"

namespace millrace::transport {
namespace {

using Kind = ClientAnswer::Kind;

constexpr MonotonicTime kBegin{Duration(1h)};

class RecordingConnection final : public ClientConnection {
 public:
  bool can_take() const override { return true; }
  void start(ClientCall&) override {}
  void cancel(ClientCall& call) override { cancelled.push_back(&call); }
  void flush() override {}
  void drain() override {}
  size_t call_count() const override { return 0; }
  bool multiplexes() const override { return true; }
  std::vector<ClientCall*> cancelled;
};

class ClientCallsTest : public ::testing::Test {
 protected:
  void add(const std::string& name, MonotonicTime deadline = kNever) {
    ClientRequest request;
    request.body = Rope(Bytes::copy_of(name));
    request.deadline = deadline;
    calls_.add(
        std::move(request),
        [this, name](const ClientAnswer& answer) {
          answers_.push_back(name + ": " + answer.message);
          kinds_.push_back(answer.kind);
        },
        kBegin);
  }
  void deliver() {
    while (auto finished = calls_.take_finished()) finished->done(std::move(finished->answer));
  }
  std::string take() {
    return std::string(calls_.take_oldest(connection_).request.body.to_bytes().text());
  }

  RecordingConnection connection_;
  ClientCalls calls_;
  std::vector<std::string> answers_;
  std::vector<Kind> kinds_;
};

TEST_F(ClientCallsTest, CallsAreTakenInTheirOrderAndAnsweredInTheOrderOfTheirAnswers) {
  add("a");
  add("b");
  ClientCall& a = calls_.take_oldest(connection_);
  ClientCall& b = calls_.take_oldest(connection_);
  EXPECT_FALSE(calls_.has_waiting());
  calls_.finish(b, {.message = "first"});
  calls_.finish(a, {.message = "second"});
  EXPECT_TRUE(answers_.empty());
  EXPECT_EQ(calls_.in_flight_count(), 2u);
  deliver();
  EXPECT_EQ(answers_, (std::vector<std::string>{"b: first", "a: second"}));
  EXPECT_EQ(calls_.in_flight_count(), 0u);
}

TEST_F(ClientCallsTest, ACallThatThePeerDidNotSeeGoesBeforeTheOthersOnce) {
  add("a");
  add("b");
  const CallEnd not_sent{.kind = CallEnd::Kind::kNotSent};
  ClientCall& a = calls_.take_oldest(connection_);
  ASSERT_TRUE(calls_.try_again(a, not_sent, Rope(Bytes::copy_of("a again")), kBegin + 1s));
  EXPECT_EQ(calls_.oldest_waiting().waits_since, kBegin + 1s);
  EXPECT_EQ(calls_.newest_waits_since(), kBegin);
  EXPECT_EQ(take(), "a again");
  EXPECT_FALSE(calls_.try_again(a, not_sent, Rope(), kBegin + 2s));
}

TEST_F(ClientCallsTest, OnlyACallThatWasNotSentIsTriedAgain) {
  for (const auto kind :
       {CallEnd::Kind::kComplete, CallEnd::Kind::kReset, CallEnd::Kind::kBroken}) {
    add("a");
    EXPECT_FALSE(calls_.try_again(calls_.take_oldest(connection_), {.kind = kind}, Rope(), kBegin));
  }
}

TEST_F(ClientCallsTest, ExpiresWaitingAndCarriedCallsAndReturnsTheNextDeadline) {
  add("carried", kBegin + 1s);
  add("waiting", kBegin + 2s);
  add("later", kBegin + 9s);
  ClientCall& carried = calls_.take_oldest(connection_);
  const auto describe = [] { return std::string("no connection"); };
  EXPECT_EQ(calls_.expire(kBegin + 1s - 1ns, describe), kBegin + 1s);
  EXPECT_EQ(calls_.expire(kBegin + 2s, describe), kBegin + 9s);
  EXPECT_EQ(connection_.cancelled, std::vector<ClientCall*>{&carried});
  deliver();
  EXPECT_EQ(answers_, (std::vector<std::string>{"waiting: no connection",
                                                "carried: no answer within the deadline"}));
  EXPECT_EQ(kinds_, (std::vector<Kind>{Kind::kNotSent, Kind::kTimedOut}));
  EXPECT_EQ(take(), "later");
}

TEST_F(ClientCallsTest, EveryCallIsAnsweredWhenAllAreCancelled) {
  add("a");
  add("b");
  calls_.take_oldest(connection_);
  while (calls_.cancel_one()) deliver();
  EXPECT_EQ(kinds_, (std::vector<Kind>{Kind::kCancelled, Kind::kCancelled}));
  EXPECT_FALSE(calls_.has_waiting());
  EXPECT_EQ(calls_.in_flight_count(), 0u);
}

TEST_F(ClientCallsTest, TheAnswerNamesTheServerUnlessNothingWasSent) {
  for (const Kind kind : {Kind::kAnswered, Kind::kNotSent}) {
    add("a");
    ClientCall& call = calls_.take_oldest(connection_);
    call.server_address = "10.0.0.1";
    call.server_port = 4317;
    calls_.finish(call, {.kind = kind});
    const auto finished = calls_.take_finished();
    ASSERT_TRUE(finished);
    EXPECT_EQ(finished->answer.server_port, kind == Kind::kNotSent ? 0 : 4317);
    EXPECT_EQ(finished->answer.server_address, kind == Kind::kNotSent ? "" : "10.0.0.1");
  }
}

TEST_F(ClientCallsTest, ADelayWithoutEndIsCut) {
  add("a");
  calls_.finish(calls_.take_oldest(connection_), {.retry_after = Duration::max()});
  const auto finished = calls_.take_finished();
  ASSERT_TRUE(finished);
  EXPECT_LT(*finished->answer.retry_after, std::chrono::hours(24 * 366));
}

}  // namespace
}  // namespace millrace::transport
