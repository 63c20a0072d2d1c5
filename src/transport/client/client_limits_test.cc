// Whole clients against back ends that attack them: the messages, the counters, the memory that is
// reserved.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "http/grpc_wire.h"
#include "io/sim/world.h"
#include "io/testing/stream_probe.h"
#include "memory/budget.h"
#include "memory/chunk_pool.h"
#include "transport/client/client.h"
#include "transport/client/client_call.h"
#include "transport/client/peer_text.h"
#include "transport/rpc_status.h"
#include "transport/testing/scripted_http2_server.h"

namespace millrace::transport {
namespace {

using http::ResponseLimit;
using io::testing::StreamProbe;
using testing::ScriptedHttp2Server;
using Kind = ClientAnswer::Kind;

class ClientLimitsTest : public ::testing::Test {
 protected:
  ClientLimitsTest()
      : server_loop_(world_.make_loop("server")), client_loop_(world_.make_loop("client")) {
    options_.host = "server";
    options_.port = 4317;
    options_.budget = &budget_;
    options_.on_limit = [this](ResponseLimit limit, std::string_view peer) {
      limits_.push_back(limit);
      EXPECT_TRUE(peer.ends_with(":4317")) << peer;
    };
    for (std::string& path : options_.paths) path = "/";
  }
  ~ClientLimitsTest() override {
    client_.reset();
    probes_.clear();
    kept_.clear();
    EXPECT_EQ(budget_.used(), 0u);
  }

  // Each connection is answered with `first` and then `rest`, `count` times, whatever it says.
  void serve_http1(std::string first, std::string rest, int count) {
    listener_ = *server_loop_->listen(
        {.host = "", .port = 4317}, [=, this](std::unique_ptr<io::Stream> stream) {
          probes_.push_back(std::make_unique<StreamProbe>(std::move(stream)));
          world_.after(20ms, [=, probe = probes_.back().get()] {
            std::string all = first;
            for (int i = 0; i < count; ++i) all += rest;
            probe->send(all);
          });
        });
    client_ = make_http_client(*client_loop_, options_);
  }
  void serve_grpc(ScriptedHttp2Server::OnRequest on_request) {
    peer_ = std::make_unique<ScriptedHttp2Server>(*server_loop_, std::move(on_request));
    peer_->listen(4317);
    client_ = make_grpc_client(*client_loop_, options_);
  }
  std::shared_ptr<std::optional<ClientAnswer>> send(std::string_view body, Duration limit = 5s) {
    auto answer = std::make_shared<std::optional<ClientAnswer>>();
    ClientRequest request;
    request.body = Rope(Bytes::copy_of(body));
    request.deadline = client_loop_->now() + limit;
    client_->send(std::move(request), [answer, this](ClientAnswer got) {
      used_at_answer_ = budget_.used();
      *answer = std::move(got);
    });
    return answer;
  }
  ClientAnswer ask(std::string_view body = "spans") {
    const auto answer = send(body);
    EXPECT_TRUE(world_.run_until([&] { return answer->has_value(); }, 1min));
    return answer->value_or(ClientAnswer());
  }

  Budget budget_{8 << 20};
  size_t used_at_answer_ = 0;
  io::sim::World world_{1};
  std::unique_ptr<io::Loop> server_loop_;
  std::unique_ptr<io::Loop> client_loop_;
  ClientOptions options_;
  std::vector<ResponseLimit> limits_;
  std::unique_ptr<ScriptedHttp2Server> peer_;
  std::unique_ptr<io::Listener> listener_;
  std::deque<std::unique_ptr<StreamProbe>> probes_;
  std::vector<std::unique_ptr<io::Stream>> kept_;
  std::unique_ptr<Client> client_;
};

const std::string kChunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

struct Endless {
  std::string first;
  std::string rest;
  ResponseLimit limit;
  std::string said;
};

TEST_F(ClientLimitsTest, EndlessPartsBreakTheConnectionAndAreCounted) {
  const Endless kAttacks[] = {
      {kChunked + "0\r\n", "X: y\r\n", ResponseLimit::kTrailers, "trailers"},
      {kChunked + "1;", "xxxxx", ResponseLimit::kChunkLine, "lines between the chunks"},
      {"", "HTTP/1.1 100 Continue\r\n\r\n", ResponseLimit::kInterim, "1xx responses"},
      {"HTTP/1.1 200 OK\r\nX: ", "yyyyy", ResponseLimit::kHead, "head of the response"},
  };
  for (const Endless& attack : kAttacks) {
    serve_http1(attack.first, attack.rest, 20'000);
    const ClientAnswer answer = ask();
    EXPECT_EQ(answer.kind, Kind::kBroken);
    EXPECT_TRUE(answer.message.contains(attack.said)) << answer.message;
    EXPECT_EQ(limits_, std::vector{attack.limit});
    limits_.clear();
    client_.reset();
    listener_.reset();
  }
}

TEST_F(ClientLimitsTest, EndlessBodyIsTooLargeAndCounted) {
  options_.response_bytes_max = 10'000;
  serve_http1("HTTP/1.1 200 OK\r\n\r\n", std::string(1000, 'a'), 100);
  EXPECT_EQ(ask().code, Code::kInternal);
  EXPECT_EQ(limits_, std::vector{ResponseLimit::kBody});
}

TEST_F(ClientLimitsTest, BodyIsReservedUntilItsAnswerIsDelivered) {
  serve_http1(
      "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 100000\r\n\r\n",
      std::string(1000, 'a'), 100);
  EXPECT_EQ(ask().body.size(), 100'000u);
  EXPECT_GE(used_at_answer_, 100'000u);
  EXPECT_LE(used_at_answer_, 300'000u);
  EXPECT_EQ(budget_.used(), 0u);
}

TEST_F(ClientLimitsTest, SuccessWithoutMemoryForItsBodyIsASuccess) {
  ASSERT_TRUE(budget_.try_reserve(MemoryTerm::kMessages, budget_.limit()));
  serve_http1(
      "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 100000"
      "\r\n\r\n",
      std::string(1000, 'a'), 100);
  const ClientAnswer answer = ask();
  budget_.release(MemoryTerm::kMessages, budget_.limit());
  EXPECT_EQ(answer.kind, Kind::kAnswered);
  EXPECT_EQ(answer.code, Code::kOk);
  EXPECT_TRUE(answer.body.empty());
  EXPECT_TRUE(answer.message.contains("memory budget")) << answer.message;
  EXPECT_EQ(limits_, std::vector{ResponseLimit::kMemory});
}

// A string that has memory takes at least twice of it, whatever it is asked for: 4 MiB were
// reserved and 8 MB taken.
TEST(ClientCallTest, ABodyHasNoMoreRoomThanIsReserved) {
  Budget budget(256 << 20);
  ClientOptions options;
  options.budget = &budget;
  ClientCall call;
  const std::string piece(4'000, 'x');
  while (call.response.body.size() + piece.size() <= options.response_bytes_max) {
    ASSERT_EQ(call.add_body(as_span(piece), options), http::ResponseLimit::kNone);
    ASSERT_LE(call.response.body.capacity(), options.response_bytes_max);
  }
  EXPECT_EQ(call.body_memory.bytes(), call.response.body.capacity());
}

// Its reservation was given back, and its memory kept by the empty string.
TEST_F(ClientLimitsTest, DroppedBodyGivesItsMemoryBack) {
  ClientCall call;
  const std::string piece(200'000, 'a');
  ResponseLimit limit = ResponseLimit::kNone;
  while (limit == ResponseLimit::kNone) {
    limit = call.add_body(as_span(piece), options_);
    EXPECT_LE(call.response.body.capacity(), call.body_memory.bytes() + 512);
  }
  EXPECT_EQ(limit, ResponseLimit::kMemory);
  EXPECT_LE(call.response.body.capacity(), 512u);
  EXPECT_EQ(budget_.used(), 0u);
}

// Back ends must not be able to fill the budget, which would shut out senders.
TEST_F(ClientLimitsTest, ResponsesHaveOnlyAShareOfTheBudget) {
  serve_http1(
      "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 300000\r\n\r\n",
      std::string(1000, 'a'), 299);
  std::vector<std::shared_ptr<std::optional<ClientAnswer>>> answers;
  for (int i = 0; i < 8; ++i) answers.push_back(send("spans"));
  world_.run_for(4s);
  EXPECT_GT(budget_.used(MemoryTerm::kResponses), 100'000u);
  EXPECT_LE(budget_.used(), budget_.limit() / 8);
  world_.run_for(2s);
  for (const auto& answer : answers) EXPECT_EQ((*answer)->kind, Kind::kTimedOut);
}

TEST_F(ClientLimitsTest, RefusalWithoutMemoryForItsBodyKeepsItsStatus) {
  ASSERT_TRUE(budget_.try_reserve(MemoryTerm::kMessages, budget_.limit()));
  serve_http1("HTTP/1.1 503 No\r\nContent-Length: 100000\r\n\r\n", std::string(1000, 'a'), 100);
  const ClientAnswer answer = ask();
  budget_.release(MemoryTerm::kMessages, budget_.limit());
  EXPECT_EQ(answer.code, Code::kUnavailable);
  EXPECT_EQ(answer.http_status, 503);
}

TEST_F(ClientLimitsTest, LongTextOfAPeerIsCut) {
  serve_grpc([](ScriptedHttp2Server::Request& request) {
    request.answer({{":status", "200"},
                    {"content-type", "application/grpc"},
                    {"grpc-status", "14"},
                    {"grpc-message", std::string(50'000, 'm')}});
  });
  const ClientAnswer answer = ask();
  EXPECT_EQ(answer.code, Code::kUnavailable);
  EXPECT_EQ(answer.message, std::string(kPeerTextBytesMax, 'm'));
}

// Added to a clock it overflowed, and the batch was sent again at once, and again.
TEST_F(ClientLimitsTest, DelayUntilTheEndOfTimeIsAYear) {
  const std::string details = encode_rpc_status(
      {.code = Code::kUnavailable, .message = "full", .retry_delay = Duration::max()});
  serve_grpc([&](ScriptedHttp2Server::Request& request) {
    request.answer({{":status", "200"},
                    {"content-type", "application/grpc"},
                    {"grpc-status", "14"},
                    {"grpc-status-details-bin", http::encode_base64(details)}});
  });
  const ClientAnswer answer = ask();
  ASSERT_TRUE(answer.retry_after.has_value());
  EXPECT_EQ(*answer.retry_after, Duration(std::chrono::hours(365 * 24)));
}

TEST_F(ClientLimitsTest, FloodOverHttp2BreaksTheConnectionAndIsCounted) {
  serve_grpc([](ScriptedHttp2Server::Request& request) {
    std::string flood;
    for (int i = 0; i < 3000; ++i) flood += std::string("\0\0\0\4\0\0\0\0\0", 9);
    request.connection.send_raw(flood);
  });
  const ClientAnswer answer = ask();
  EXPECT_EQ(answer.kind, Kind::kBroken);
  ASSERT_EQ(limits_.size(), 1u);
  EXPECT_TRUE(limits_[0] == ResponseLimit::kFrames || limits_[0] == ResponseLimit::kUnreadOutput);
}

TEST_F(ClientLimitsTest, ABodyOverHttp2IsCountedWhereItIsTooLarge) {
  options_.response_bytes_max = 1000;
  serve_grpc([](ScriptedHttp2Server::Request& request) {
    request.answer_grpc(std::string(request.body.size() > 10 ? 2000 : 10, 'a'));
  });
  ask("5");
  EXPECT_TRUE(limits_.empty());
  EXPECT_NE(ask(std::string(100, 'b')).code, Code::kOk);
  EXPECT_EQ(limits_, std::vector{ResponseLimit::kBody});
}

// Without keep-alive pings a peer that went without a word would take every request to its
// deadline, and a peer that does not read would keep every one of them in memory.
TEST_F(ClientLimitsTest, SilentConnectionTakesNoMoreRequests) {
  serve_grpc([](ScriptedHttp2Server::Request& request) {
    if (request.connection.silent) return;
    request.answer_grpc("");
  });
  EXPECT_EQ(ask().code, Code::kOk);
  peer_->connections[0]->silent = true;
  EXPECT_EQ(ask().kind, Kind::kTimedOut);
  EXPECT_EQ(ask().code, Code::kOk);
  EXPECT_EQ(peer_->connection_count, 2);
}

TEST_F(ClientLimitsTest, SlowRequestBesideAnsweredOnesKeepsItsConnection) {
  serve_grpc([](ScriptedHttp2Server::Request& request) {
    if (!request.body.ends_with("slow")) request.answer_grpc("");
  });
  const auto slow = send("slow", 5s);
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(ask().code, Code::kOk);
    world_.run_for(1s);
  }
  ASSERT_TRUE(slow->has_value());
  EXPECT_EQ((*slow)->kind, Kind::kTimedOut);
  EXPECT_EQ(peer_->connection_count, 1);
}

TEST_F(ClientLimitsTest, PeerThatDoesNotReadHoldsNoRequestBehindItsDeadline) {
  // Windows that let all come: SETTINGS with INITIAL_WINDOW_SIZE, and a WINDOW_UPDATE.
  static constexpr char kOpen[] =
      "\0\0\x06\4\0\0\0\0\0\0\4\x7f\xff\xff\xff\0\0\4\x08\0\0\0\0\0\x7f\0\0\0";
  const auto accept = [this](std::unique_ptr<io::Stream> stream) {
    const iovec piece{const_cast<char*>(kOpen), sizeof kOpen - 1};
    stream->write({&piece, 1});
    kept_.push_back(std::move(stream));
  };
  listener_ = *server_loop_->listen({.host = "", .port = 4317}, accept);
  client_ = make_grpc_client(*client_loop_, options_);
  Budget bodies(64 << 20);
  ChunkPool pool(bodies, 0);
  for (int i = 0; i < 20; ++i) {
    const ChunkRef chunk = pool.try_acquire(1 << 20);
    std::fill_n(chunk->data(), 1 << 20, uint8_t{'x'});
    ClientRequest request;
    request.body = Rope(Bytes(chunk, chunk->data(), 1 << 20));
    request.deadline = client_loop_->now() + 2s;
    client_->send(std::move(request), [](const ClientAnswer&) {});
    world_.run_for(3s);
    EXPECT_LE(bodies.used(), 3u << 20);
  }
}

}  // namespace
}  // namespace millrace::transport
