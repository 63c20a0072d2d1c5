#include "daemon/generate/load_run.h"

#include <gtest/gtest.h>

#include <deque>
#include <set>

#include "daemon/generate/count_items.h"
#include "daemon/generate/numbered_id.h"
#include "io/sim/world.h"

namespace millrace::load {
namespace {

using transport::ClientAnswer;

// Answers after a delay, as a script decides from the number of the attempt.
class ScriptedClient final : public transport::Client {
 public:
  using Script = std::function<ClientAnswer(uint64_t attempt)>;
  ScriptedClient(io::Loop& loop, Duration delay, Script script)
      : loop_(loop), delay_(delay), script_(std::move(script)) {}
  void send(transport::ClientRequest request, Done done) override {
    requests.push_back(request.body.to_bytes());
    ++in_flight_;
    in_flight_peak = std::max(in_flight_peak, in_flight_);
    const uint64_t attempt = attempts_++;
    waiting_.push_back({std::move(done), attempt, loop_.now() + delay_});
    if (timer_ == nullptr) timer_ = loop_.make_timer([this] { answer_due(); });
    timer_->arm_at(waiting_.front().when);
  }
  size_t in_flight_count() const override { return in_flight_; }
  std::string describe() const override { return "scripted"; }

  std::vector<Bytes> requests;
  size_t in_flight_peak = 0;

 private:
  struct Waiting {
    Done done;
    uint64_t attempt;
    MonotonicTime when;
  };
  void answer_due() {
    while (!waiting_.empty() && waiting_.front().when <= loop_.now()) {
      Waiting next = std::move(waiting_.front());
      waiting_.pop_front();
      --in_flight_;
      next.done(script_(next.attempt));
    }
    if (!waiting_.empty()) timer_->arm_at(waiting_.front().when);
  }
  io::Loop& loop_;
  const Duration delay_;
  const Script script_;
  std::unique_ptr<io::Timer> timer_;
  std::deque<Waiting> waiting_;
  uint64_t attempts_ = 0;
  size_t in_flight_ = 0;
};

ClientAnswer ok() { return ClientAnswer{}; }
ClientAnswer refusal(Code code) {
  ClientAnswer answer;
  answer.code = code;
  answer.message = "no";
  return answer;
}

class LoadRunTest : public testing::Test {
 protected:
  // Runs to the end against `connections` scripted clients.
  LoadResult run(GenerateOptions options, Duration delay, ScriptedClient::Script script) {
    LoadRun::Clients clients;
    for (uint32_t i = 0; i < options.connections; ++i) {
      auto client = std::make_unique<ScriptedClient>(*loop_, delay, script);
      scripted_.push_back(client.get());
      clients.push_back(std::move(client));
    }
    bool finished = false;
    run_ = std::make_unique<LoadRun>(*loop_, options, std::move(clients), [&] { finished = true; });
    run_->observe_acknowledged(on_acknowledged_);
    run_->start();
    EXPECT_TRUE(world_.run_until([&] { return finished; }, 10min));
    return run_->result();
  }
  ~LoadRunTest() override { run_.reset(); }

  io::sim::World world_{1};
  std::unique_ptr<io::Loop> loop_ = world_.make_loop("generator");
  std::vector<ScriptedClient*> scripted_;
  LoadRun::OnAcknowledged on_acknowledged_;
  std::unique_ptr<LoadRun> run_;
};

GenerateOptions small(uint64_t total) {
  GenerateOptions options;
  options.items_per_request = 10;
  options.total = total;
  return options;
}

class Ids final : public ItemVisitor {
 public:
  void on_item(const ItemView& item) override {
    const auto id = read_numbered_id(item.trace_id, item.span_id);
    ASSERT_TRUE(id.has_value());
    EXPECT_TRUE(sequences.insert(id->sequence).second);
  }
  std::set<uint64_t> sequences;
};

TEST_F(LoadRunTest, ClosedLoopSendsEachNumberOnce) {
  GenerateOptions options = small(1000);
  options.connections = 3;
  options.streams = 2;
  const LoadResult result = run(options, 1ms, [](uint64_t) { return ok(); });
  EXPECT_EQ(result.sent, 1000u);
  EXPECT_EQ(result.ok, 1000u);
  EXPECT_EQ(result.requests, 100u);
  for (ScriptedClient* client : scripted_) {
    EXPECT_EQ(client->in_flight_peak, 2u);
    for (const Bytes& request : client->requests) {
      EXPECT_EQ(request.size(), result.request_bytes);
    }
  }
  EXPECT_EQ(result.latency.quantile(0.5), result.latency.max());
  EXPECT_GE(result.latency.max(), 1ms);
}

TEST_F(LoadRunTest, NumbersAreUnbrokenAcrossRequestsInFlight) {
  GenerateOptions options = small(200);
  options.streams = 4;
  Ids ids;
  run(options, 1ms, [&](uint64_t attempt) {
    // Read before the chunk is overwritten.
    EXPECT_EQ(count_items(Signal::kTraces, scripted_[0]->requests[attempt].view(), &ids), 10u);
    return ok();
  });
  EXPECT_EQ(ids.sequences.size(), 200u);
  EXPECT_EQ(*ids.sequences.rbegin(), 199u);
}

TEST_F(LoadRunTest, OpenLoopKeepsItsRate) {
  GenerateOptions options = small(0);
  options.rate = 10'000;  // 1,000 requests a second
  options.duration = 2s;
  options.streams = 100;
  const LoadResult result = run(options, 5ms, [](uint64_t) { return ok(); });
  EXPECT_NEAR(static_cast<double>(result.sent), 20'000, 20);
  EXPECT_EQ(result.behind_schedule, 0u);
}

TEST_F(LoadRunTest, OpenLoopCountsFromTheDueTime) {
  GenerateOptions options = small(0);
  options.rate = 1'000;  // 100 requests a second, but one slot and 100 ms for an answer
  options.duration = 1s;
  options.streams = 1;
  const LoadResult result = run(options, 100ms, [](uint64_t) { return ok(); });
  EXPECT_GT(result.latency.max(), 800ms);
  EXPECT_GT(result.behind_schedule, 800u);
}

TEST_F(LoadRunTest, RetryableAnswersAreTriedAgain) {
  GenerateOptions options = small(100);
  options.streams = 1;
  options.retries_max = 3;
  const LoadResult result = run(options, 1ms, [](uint64_t attempt) {
    return attempt % 2 == 0 ? refusal(Code::kUnavailable) : ok();
  });
  EXPECT_EQ(result.ok, 100u);
  EXPECT_EQ(result.retries, 10u);
}

TEST_F(LoadRunTest, FinalAnswersAreNotTriedAgain) {
  GenerateOptions options = small(50);
  options.retries_max = 3;
  const LoadResult result =
      run(options, 1ms, [](uint64_t) { return refusal(Code::kInvalidArgument); });
  EXPECT_EQ(result.failed, 50u);
  EXPECT_EQ(result.retries, 0u);
  EXPECT_EQ(result.first_error, "INVALID_ARGUMENT: no");
}

TEST_F(LoadRunTest, RefusalsWithoutRetriesAreCounted) {
  const LoadResult result =
      run(small(50), 1ms, [](uint64_t) { return refusal(Code::kUnavailable); });
  EXPECT_EQ(result.refused, 50u);
  EXPECT_EQ(result.failed, 0u);
}

TEST_F(LoadRunTest, RefusalsAndTheirHintsAreCountedForEachAttempt) {
  GenerateOptions options = small(20);
  options.retries_max = 3;
  options.streams = 1;
  const LoadResult result = run(options, 1ms, [](uint64_t attempt) {
    if (attempt == 3 || attempt == 4) return ok();
    ClientAnswer answer = refusal(attempt == 2 ? Code::kResourceExhausted : Code::kUnavailable);
    if (attempt > 0) answer.retry_after = 200ms * static_cast<int>(attempt);
    return answer;
  });
  EXPECT_EQ(result.ok, 20u);
  EXPECT_EQ(result.refusals.count, 3u);
  EXPECT_EQ(result.refusals.hinted, 2u);
  EXPECT_EQ(result.refusals.hint_min, 200ms);
  EXPECT_EQ(result.refusals.hint_max, 400ms);
  EXPECT_GE(result.elapsed, 600ms) << "it must come back when it was told to";
  EXPECT_NE(to_json(result).find(R"("by_code":{"RESOURCE_EXHAUSTED":1,"UNAVAILABLE":2})"),
            std::string::npos)
      << to_json(result);
}

TEST_F(LoadRunTest, OnlyItemsAnsweredOkAreAcknowledged) {
  std::vector<std::pair<NumberedId, uint64_t>> acknowledged;
  on_acknowledged_ = [&](NumberedId first, uint64_t count) {
    acknowledged.emplace_back(first, count);
  };
  GenerateOptions options = small(30);
  options.streams = 1;
  options.generator_id = 7;
  run(options, 1ms,
      [](uint64_t attempt) { return attempt == 1 ? refusal(Code::kUnavailable) : ok(); });
  EXPECT_EQ(acknowledged,
            (std::vector<std::pair<NumberedId, uint64_t>>{{{7, 0}, 10}, {{7, 20}, 10}}));
}

TEST_F(LoadRunTest, PartialSuccessIsCountedInItems) {
  const LoadResult result = run(small(50), 1ms, [](uint64_t) {
    ClientAnswer answer;
    answer.body = Bytes::copy_of(std::string_view("\x0a\x02\x08\x03", 4));
    return answer;
  });
  EXPECT_EQ(result.ok, 35u);
  EXPECT_EQ(result.rejected, 15u);
}

TEST_F(LoadRunTest, UnreachableTargetDoesNotSpin) {
  GenerateOptions options = small(0);
  options.duration = 1s;
  options.streams = 1;
  const LoadResult result = run(options, 1us, [](uint64_t) {
    ClientAnswer answer;
    answer.kind = ClientAnswer::Kind::kNotSent;
    return answer;
  });
  EXPECT_LE(result.requests, 11u);
  EXPECT_EQ(result.failed, result.sent);
  EXPECT_EQ(result.unanswered, result.sent);
}

TEST(LoadResultTest, JsonHasEveryFigure) {
  LoadResult result;
  result.sent = 3;
  result.latency.record(2ms);
  result.elapsed = 1s;
  result.first_error = "say \"no\"\n";
  EXPECT_EQ(
      to_json(result),
      R"({"sent":3,"ok":0,"rejected":0,"refused":0,"failed":0,"unanswered":0,"requests":0,"retries":0,)"
      R"("behind_schedule":0,"request_bytes":0,"seconds":1.000000,"per_second":3.0,)"
      R"("cpu_seconds":0.000000,"latency_ms":{"p50":2.0000,"p90":2.0000,"p99":2.0000,)"
      R"("p999":2.0000,"max":2.0000},"refusals":{"count":0,"hinted":0,)"
      R"("hint_ms":{"min":0.0,"max":0.0},"by_code":{}},"first_error":"say \"no\"\n"})"
      "\n");
}

}  // namespace
}  // namespace millrace::load
