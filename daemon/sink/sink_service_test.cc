#include "daemon/sink/sink_service.h"

#include <gtest/gtest.h>

#include <vector>

#include "daemon/generate/content.h"
#include "io/sim/world.h"

namespace millrace::load {
namespace {

constexpr WallTime kTime{Duration(1'760'000'000'000'000'000)};

// Submits requests and collects their answers.
class Caller {
 public:
  struct ClientAnswer {
    transport::Reply reply;
    MonotonicTime at;
    bool abandoned = false;
  };

  explicit Caller(io::Loop& loop) : loop_(loop) {}
  transport::Exchange exchange() {
    calls_.push_back(std::make_unique<Call>(*this));
    return transport::Exchange(calls_.back().get());
  }
  std::vector<ClientAnswer> answers;

 private:
  class Call final : public transport::Exchange::Impl {
   public:
    explicit Call(Caller& caller) : caller_(caller) {}
    void reply(const transport::Reply& reply) override {
      caller_.answers.push_back({reply, caller_.loop_.now()});
    }
    void abandon() override { caller_.answers.push_back({{}, caller_.loop_.now(), true}); }

   private:
    Caller& caller_;
  };
  io::Loop& loop_;
  std::vector<std::unique_ptr<Call>> calls_;
};

class SinkServiceTest : public testing::Test {
 protected:
  SinkService& service() {
    if (service_ == nullptr) {
      service_ = std::make_unique<SinkService>(
          *loop_, pool_, options_, record_, [this] { ++accepted_; }, [this] { ++cuts_; });
    }
    return *service_;
  }
  void send(PayloadFormat format = PayloadFormat::kProtobuf) {
    ChunkRef reuse;
    transport::Request request;
    request.format = format == PayloadFormat::kJson ? transport::BodyFormat::kJson
                                                    : transport::BodyFormat::kProtobuf;
    request.body = make_payload_template(Signal::kTraces, format, 10, 1)
                       .make_request(1, sequence_, kTime, reuse);
    sequence_ += 10;
    service().on_request(std::move(request), caller_.exchange());
  }

  io::sim::World world_{1};
  std::unique_ptr<io::Loop> loop_ = world_.make_loop("sink");
  Budget budget_{64 << 20};
  ChunkPool pool_{budget_, 1};
  SinkOptions options_;
  std::FILE* record_ = nullptr;
  Caller caller_{*loop_};
  int accepted_ = 0;
  int cuts_ = 0;
  uint64_t sequence_ = 0;
  std::unique_ptr<SinkService> service_;
};

TEST_F(SinkServiceTest, ProtobufAndJsonCountAlike) {
  options_.check_ids = true;
  send();
  send(PayloadFormat::kJson);
  EXPECT_TRUE(service().tally().is_exactly(20));
  EXPECT_EQ(accepted_, 2);
  ASSERT_EQ(caller_.answers.size(), 2u);
  EXPECT_EQ(caller_.answers[1].reply.code, Code::kOk);
}

TEST_F(SinkServiceTest, RefusalsAreNotCounted) {
  options_.misbehaviour.refuse_probability = 1;
  options_.misbehaviour.refuse_code = Code::kResourceExhausted;
  options_.misbehaviour.retry_after = 3s;
  send();
  EXPECT_EQ(service().tally().item_count(), 0u);
  ASSERT_EQ(caller_.answers.size(), 1u);
  EXPECT_EQ(caller_.answers[0].reply.code, Code::kResourceExhausted);
  EXPECT_EQ(caller_.answers[0].reply.retry_after, 3s);
}

TEST_F(SinkServiceTest, DelayedAnswersKeepTheirOrder) {
  options_.misbehaviour.delay = 20ms;
  options_.misbehaviour.fail_every = 2;
  const MonotonicTime start = loop_->now();
  send();
  send();
  EXPECT_TRUE(caller_.answers.empty());
  EXPECT_TRUE(world_.run_until([&] { return caller_.answers.size() == 2; }, 1s));
  EXPECT_GE(caller_.answers[0].at, start + 20ms);
  EXPECT_EQ(caller_.answers[0].reply.code, Code::kOk);
  EXPECT_EQ(caller_.answers[1].reply.code, Code::kInternal);
}

TEST_F(SinkServiceTest, ABackEndOfLimitedSpeedWorksOnOneRequestAfterTheOther) {
  options_.misbehaviour.items_per_second = 1000;  // 10 ms for each request of ten
  const MonotonicTime start = loop_->now();
  for (int i = 0; i < 3; ++i) send();
  EXPECT_TRUE(world_.run_until([&] { return caller_.answers.size() == 3; }, 1s));
  for (int i = 0; i < 3; ++i) EXPECT_GE(caller_.answers[i].at, start + 10ms * (i + 1));
  world_.run_for(1s);  // idle time is not saved up
  const MonotonicTime later = loop_->now();
  send();
  EXPECT_TRUE(world_.run_until([&] { return caller_.answers.size() == 4; }, 1s));
  EXPECT_GE(caller_.answers[3].at, later + 10ms);
}

TEST_F(SinkServiceTest, HangingAndCutRequestsHaveNoAnswer) {
  options_.misbehaviour.hang_every = 1;
  send();
  world_.run_for(1min);
  EXPECT_TRUE(caller_.answers.empty());
  service_.reset();
  options_.misbehaviour.cut_every = 1;
  send();
  EXPECT_EQ(cuts_, 1);
  EXPECT_EQ(caller_.answers.size(), 1u);  // the hanging one, dropped with its service
}

TEST_F(SinkServiceTest, PartialSuccessIsAnswered) {
  options_.misbehaviour.partial_count = 3;
  send();
  ASSERT_EQ(caller_.answers.size(), 1u);
  EXPECT_EQ(caller_.answers[0].reply.rejected_count, 3u);
  EXPECT_FALSE(caller_.answers[0].reply.partial_message.empty());
}

TEST_F(SinkServiceTest, RecordsHaveALengthBeforeThem) {
  record_ = std::tmpfile();
  ASSERT_NE(record_, nullptr);
  send();
  send();
  std::rewind(record_);
  ChunkRef reuse;
  const PayloadTemplate payload =
      make_payload_template(Signal::kTraces, PayloadFormat::kProtobuf, 10, 1);
  for (const uint64_t sequence : {0, 10}) {
    const Bytes expected = payload.make_request(1, sequence, kTime, reuse);
    uint8_t prefix[4];
    ASSERT_EQ(std::fread(prefix, 1, 4, record_), 4u);
    ASSERT_EQ(size_t{prefix[2]} << 8 | prefix[3], expected.size());
    std::string body(expected.size(), '\0');
    ASSERT_EQ(std::fread(body.data(), 1, body.size(), record_), body.size());
    EXPECT_EQ(body, expected.text());
  }
  service_.reset();
  std::fclose(record_);
}

}  // namespace
}  // namespace millrace::load
