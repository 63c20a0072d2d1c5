#include "daemon/replay/replay_run.h"

#include <gtest/gtest.h>

#include <deque>

#include "io/sim/world.h"

namespace millrace::replay {
namespace {

using transport::ClientAnswer;

// Answers after 10 ms, as a script decides from the request's bytes and the number of the attempt.
class ScriptedClient final : public transport::Client {
 public:
  using Script = std::function<ClientAnswer(std::string_view bytes, uint64_t attempt)>;
  ScriptedClient(io::Loop& loop, Script script)
      : loop_(loop),
        script_(std::move(script)),
        timer_(loop.make_timer([this] { answer_due(); })) {}
  void send(transport::ClientRequest request, Done done) override {
    metadata.push_back(request.metadata);
    begun_at.push_back(loop_.now());
    waiting_.push_back(
        {std::string(request.body.to_bytes().text()), std::move(done), loop_.now() + 10ms});
    in_flight_peak = std::max(in_flight_peak, waiting_.size());
    timer_->arm_at(waiting_.front().when);
  }
  size_t in_flight_count() const override { return waiting_.size(); }
  std::string describe() const override { return "scripted"; }

  std::vector<MetadataRef> metadata;
  std::vector<MonotonicTime> begun_at;
  size_t in_flight_peak = 0;

 private:
  struct Waiting {
    std::string bytes;
    Done done;
    MonotonicTime when;
  };
  void answer_due() {
    while (!waiting_.empty() && waiting_.front().when <= loop_.now()) {
      Waiting next = std::move(waiting_.front());
      waiting_.pop_front();
      next.done(script_(next.bytes, attempts_++));
    }
    if (!waiting_.empty()) timer_->arm_at(waiting_.front().when);
  }
  io::Loop& loop_;
  const Script script_;
  std::unique_ptr<io::Timer> timer_;
  std::deque<Waiting> waiting_;
  uint64_t attempts_ = 0;
};

ClientAnswer ok() { return {}; }
ClientAnswer of_code(Code code, std::string message = "no") {
  ClientAnswer answer;
  answer.code = code;
  answer.message = std::move(message);
  return answer;
}

FoundRequest request_of(std::string_view bytes, uint32_t item_count = 1) {
  return {.signal = Signal::kTraces,
          .bytes = Bytes::copy_of(bytes),
          .item_count = item_count,
          .where = "f:1",
          .letter = std::nullopt};
}

class ReplayRunTest : public testing::Test {
 protected:
  void run(const ReplayOptions& options, std::vector<std::string> requests,
           ScriptedClient::Script script) {
    for (std::string& request : requests) source_.push_back(request_of(request, 5));
    run_source(options, std::move(script));
  }
  void run_source(const ReplayOptions& options, ScriptedClient::Script script) {
    auto client = std::make_unique<ScriptedClient>(*loop_, std::move(script));
    client_ = client.get();
    bool finished = false;
    run_ = std::make_unique<ReplayRun>(
        ReplayRun::Parts{
            .loop = *loop_,
            .client = std::move(client),
            .next = [this]() -> std::optional<FoundRequest> {
              if (source_.empty()) return std::nullopt;
              FoundRequest next = std::move(source_.front());
              source_.pop_front();
              return next;
            },
            .rejected =
                [this](const FoundRequest& request, const Error& answer, std::string_view reason) {
                  rejected_.push_back(std::string(request.bytes.text()) + " " +
                                      std::string(code_name(answer.code)) + " " +
                                      std::string(reason));
                },
            .finished = [&] { finished = true; }},
        options, result_);
    loop_->post([this] { run_->start(); });
    EXPECT_TRUE(world_.run_until([&] { return finished; }, 10min));
  }

  io::sim::World world_{1};
  std::unique_ptr<io::Loop> loop_ = world_.make_loop("replay");
  std::deque<FoundRequest> source_;
  std::vector<std::string> rejected_;
  ReplayResult result_;
  ScriptedClient* client_ = nullptr;
  std::unique_ptr<ReplayRun> run_;
};

TEST_F(ReplayRunTest, EverythingIsSentOnceAndCounted) {
  run({}, {"a", "b", "c"}, [](auto, auto) { return ok(); });
  EXPECT_EQ(result_.accepted.requests, 3u);
  EXPECT_EQ(result_.accepted.items, 15u);
  EXPECT_TRUE(result_.is_complete());
  EXPECT_EQ(client_->begun_at.size(), 3u);
}

TEST_F(ReplayRunTest, AnEmptySourceEndsAtOnce) {
  run({}, {}, [](auto, auto) { return ok(); });
  EXPECT_TRUE(result_.is_complete());
}

TEST_F(ReplayRunTest, PermanentlyRefusedRequestsArePassedOnWithTheirAnswer) {
  run({}, {"a", "bad", "c"}, [](std::string_view bytes, auto) {
    return bytes == "bad" ? of_code(Code::kInvalidArgument, "no name") : ok();
  });
  EXPECT_EQ(result_.accepted.requests, 2u);
  EXPECT_EQ(result_.refused.requests, 1u);
  EXPECT_FALSE(result_.is_complete());
  EXPECT_EQ(rejected_, std::vector<std::string>{"bad INVALID_ARGUMENT refused"});
  EXPECT_EQ(result_.refusals.at("INVALID_ARGUMENT: no name"), 1u);
}

TEST_F(ReplayRunTest, RetryableAnswersAreRetriedWithGrowingDelays) {
  run({}, {"a"},
      [](auto, uint64_t attempt) { return attempt < 3 ? of_code(Code::kUnavailable) : ok(); });
  EXPECT_TRUE(result_.is_complete());
  EXPECT_EQ(result_.retries, 3u);
  ASSERT_EQ(client_->begun_at.size(), 4u);
  EXPECT_EQ(client_->begun_at[1] - client_->begun_at[0], 110ms);
  EXPECT_EQ(client_->begun_at[2] - client_->begun_at[1], 210ms);
  EXPECT_EQ(client_->begun_at[3] - client_->begun_at[2], 410ms);
}

TEST_F(ReplayRunTest, RetryAfterIsObeyed) {
  run({}, {"a"}, [](auto, uint64_t attempt) {
    ClientAnswer answer = of_code(Code::kUnavailable);
    answer.retry_after = 7s;
    return attempt == 0 ? answer : ok();
  });
  EXPECT_TRUE(result_.is_complete());
  EXPECT_EQ(client_->begun_at[1] - client_->begun_at[0], 7010ms);
}

TEST_F(ReplayRunTest, ADeadDestinationStopsTheReplayAndTheRestIsLeft) {
  ReplayOptions options;
  options.streams = 2;
  options.retries_max = 3;
  run(options, {"a", "b", "c", "d"}, [](auto, auto) {
    ClientAnswer answer;
    answer.kind = ClientAnswer::Kind::kNotSent;
    answer.message = "connection refused";
    return answer;
  });
  EXPECT_EQ(result_.given_up.requests, 2u);
  EXPECT_EQ(source_.size(), 2u);
  EXPECT_NE(result_.stopped_because.find("after 4 attempts: not sent: connection refused"),
            std::string::npos)
      << result_.stopped_because;
  EXPECT_EQ(rejected_, (std::vector<std::string>{"a UNAVAILABLE retry_expired",
                                                 "b UNAVAILABLE retry_expired"}));
}

TEST_F(ReplayRunTest, InterruptedItWaitsForAnswersButNotForAnotherAttempt) {
  ReplayOptions options;
  options.streams = 2;
  auto stop_later = loop_->make_timer([this] { run_->stop("interrupted"); });
  stop_later->arm_at(loop_->now() + 15ms);
  run(options, {"later", "a", "b", "c"}, [](std::string_view bytes, auto) {
    return bytes == "later" ? of_code(Code::kUnavailable) : ok();
  });
  EXPECT_EQ(result_.stopped_because, "interrupted");
  EXPECT_EQ(result_.accepted.requests, 2u);  // a, and b that was in flight
  EXPECT_EQ(rejected_, std::vector<std::string>{"later UNAVAILABLE retry_expired"});
  EXPECT_EQ(source_.size(), 1u);
}

TEST_F(ReplayRunTest, OneStreamKeepsTheOrder) {
  ReplayOptions options;
  options.streams = 1;
  std::string order;
  run(options, {"a", "b", "c", "d"}, [&](std::string_view bytes, uint64_t attempt) {
    if (attempt == 1) return of_code(Code::kUnavailable);
    order += bytes;
    return ok();
  });
  EXPECT_EQ(order, "abcd");
  EXPECT_EQ(client_->in_flight_peak, 1u);
}

TEST_F(ReplayRunTest, TheRateHolds) {
  ReplayOptions options;
  options.rate = 50;  // requests of 5 items: one in 100 ms
  run(options, {"a", "b", "c"}, [](auto, auto) { return ok(); });
  ASSERT_EQ(client_->begun_at.size(), 3u);
  EXPECT_EQ(client_->begun_at[1] - client_->begun_at[0], 100ms);
  EXPECT_EQ(client_->begun_at[2] - client_->begun_at[1], 100ms);
}

TEST_F(ReplayRunTest, APartialSuccessIsCountedAndNotComplete) {
  run({}, {"a"}, [](auto, auto) {
    ClientAnswer answer;
    answer.body = Bytes::copy_of(
        "\x0a\x07\x08\x02\x12\x03"
        "bad");
    return answer;
  });
  EXPECT_EQ(result_.accepted.items, 3u);
  EXPECT_EQ(result_.rejected_items, 2u);
  EXPECT_EQ(result_.warning, "bad");
  EXPECT_FALSE(result_.is_complete());
}

TEST_F(ReplayRunTest, HeadersOfADeadLetterAreSentAgain) {
  FoundRequest request = request_of("a");
  request.letter.emplace().metadata = {{"x-tenant", "red"}};
  source_.push_back(std::move(request));
  run_source({}, [](auto, auto) { return ok(); });
  ASSERT_EQ(client_->metadata.size(), 1u);
  ASSERT_NE(client_->metadata[0], nullptr);
  EXPECT_EQ(client_->metadata[0]->find("x-tenant"), "red");
}

}  // namespace
}  // namespace millrace::replay
