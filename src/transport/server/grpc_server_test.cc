#include <gtest/gtest.h>

#include "transport/rpc_status.h"
#include "transport/server/server_test_support.h"

namespace millrace::transport {
namespace {

using testing::Http2Peer;
using GrpcServerTest = testing::ServerTest;

TEST_F(GrpcServerTest, UnaryCallArrivesWholeAndIsAnsweredOk) {
  start();
  auto peer = http2();
  const auto& response = answer_of(*peer, peer->grpc("hello"));
  EXPECT_EQ(response.fields.at(":status"), "200");
  EXPECT_EQ(response.fields.at("content-type"), "application/grpc");
  EXPECT_EQ(response.fields.at("grpc-status"), "0");
  EXPECT_EQ(response.body, std::string(5, '\0'));
  ASSERT_EQ(handler.bodies, std::vector<std::string>{"hello"});
  EXPECT_EQ(handler.requests[0].signal, Signal::kTraces);
  EXPECT_EQ(handler.requests[0].protocol, Protocol::kGrpc);
}

TEST_F(GrpcServerTest, EachServiceIsItsSignal) {
  start();
  auto peer = http2();
  for (const Signal signal : kSignals) {
    EXPECT_EQ(answer_of(*peer, peer->grpc("x", signal)).fields.at("grpc-status"), "0");
    EXPECT_EQ(handler.requests.back().signal, signal);
  }
}

TEST_F(GrpcServerTest, ManyStreamsOfEverySizeArriveIntact) {
  start(512 << 20);
  auto peer = http2();
  std::vector<std::string> sent;
  std::vector<int32_t> ids;
  for (size_t i = 0; i < 60; ++i) {
    const size_t size = (i * i * i * 37) % 900'000;
    sent.emplace_back(size, static_cast<char>('a' + i % 26));
    ids.push_back(peer->grpc(sent.back()));
  }
  for (const int32_t id : ids) EXPECT_EQ(answer_of(*peer, id).fields.at("grpc-status"), "0");
  auto got = handler.bodies;
  std::sort(got.begin(), got.end());
  std::sort(sent.begin(), sent.end());
  EXPECT_TRUE(got == sent);
}

TEST_F(GrpcServerTest, LateAnswerReachesThePeer) {
  handler.hold = true;
  start();
  auto peer = http2();
  const int32_t id = peer->grpc("x");
  ASSERT_TRUE(run_until([&] { return !handler.held.empty(); }));
  Reply reply;
  reply.code = Code::kUnavailable;
  reply.message = "queue full: 100 %";
  reply.retry_after = 1500ms;
  handler.held[0].reply(reply);
  const auto& response = answer_of(*peer, id);
  EXPECT_EQ(response.fields.at("grpc-status"), "14");
  EXPECT_EQ(response.fields.at("grpc-message"), "queue full: 100 %25");
  const auto bytes = http::decode_base64(response.fields.at("grpc-status-details-bin"));
  ASSERT_TRUE(bytes);
  const auto status = decode_rpc_status(as_span(*bytes));
  ASSERT_TRUE(status);
  EXPECT_EQ(status->retry_delay, 1500ms);
  EXPECT_EQ(response.body, "");
}

TEST_F(GrpcServerTest, AnsweringAPeerThatHasGoneDoesNothing) {
  handler.hold = true;
  start();
  auto peer = http2();
  peer->grpc("x");
  ASSERT_TRUE(run_until([&] { return !handler.held.empty(); }));
  peer.reset();
  ASSERT_TRUE(run_until([&] { return server->connection_count() == 0; }));
  handler.held[0].reply(Reply());
  handler.held.clear();
  EXPECT_EQ(observer.connections, 0);
}

TEST_F(GrpcServerTest, DroppedExchangeAnswersInternal) {
  handler.hold = true;
  start();
  auto peer = http2();
  const int32_t id = peer->grpc("x");
  ASSERT_TRUE(run_until([&] { return !handler.held.empty(); }));
  handler.held.clear();
  EXPECT_EQ(answer_of(*peer, id).fields.at("grpc-status"), "13");
}

}  // namespace
}  // namespace millrace::transport
