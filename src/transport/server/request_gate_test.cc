#include "transport/server/request_gate.h"

#include <gtest/gtest.h>

#include "transport/rpc_status.h"
#include "transport/server/server_test_support.h"

namespace millrace::transport {
namespace {

// Admits requests with "x-pass: yes"; records the heads it was asked about and the charges.
class FakeGate final : public RequestGate, public RequestMeter {
 public:
  std::optional<GateRefusal> on_head(const RequestHead& head, RequestPass& pass) override {
    peers.push_back(head.peer);
    if (head.fields.find("x-pass") == "yes") {
      pass.identity = std::make_shared<Identity>("alice", "alice");
      pass.secret_field = "x-pass";
      pass.meter = this;
      pass.meter_key = {7, 8};
      return std::nullopt;
    }
    GateRefusal refusal{.reply = std::make_unique<Reply>(refusal_reply),
                        .reason = "unauthenticated"};
    return refusal;
  }
  void charge_bytes(const RequestPass& pass, uint64_t count, MonotonicTime) override {
    EXPECT_EQ(pass.meter_key[1], 8u);
    bytes.push_back(count);
  }
  void charge_items(const RequestPass&, uint64_t, MonotonicTime) override {}

  Reply refusal_reply;
  std::vector<std::string> peers;
  std::vector<uint64_t> bytes;
};

// Decides when the test says so.
class SlowGate final : public RequestGate {
 public:
  std::optional<GateRefusal> on_head(const RequestHead& head, RequestPass& pass) override {
    pass.secret_field = "x-pass";
    decisions.push_back(head.late->decide_later());
    return std::nullopt;
  }
  void admit(size_t index) {
    decisions[index](
        {.refusal = std::nullopt, .identity = std::make_shared<Identity>("alice", "alice")});
  }
  void refuse(size_t index) {
    Reply reply;
    reply.code = Code::kUnauthenticated;
    reply.message = "wrong password";
    GateDecision decision;
    decision.refusal = {.reply = std::make_unique<Reply>(reply), .reason = "unauthenticated"};
    decisions[index](std::move(decision));
  }
  std::vector<std::function<void(GateDecision)>> decisions;
};

class RequestGateTest : public testing::ServerTest {
 protected:
  RequestGateTest() {
    gate->refusal_reply.code = Code::kUnauthenticated;
    gate->refusal_reply.message = "no token";
    gate->refusal_reply.challenge = "Bearer";
    options.gates.push_back(gate);
    options.include_metadata = true;
  }
  static std::string head(std::string_view more) {
    return "POST /v1/traces HTTP/1.1\r\nHost: c\r\nContent-Type: application/x-protobuf\r\n" +
           std::string(more) + "\r\n";
  }
  static testing::Http2Peer::Fields http_fields(testing::Http2Peer::Fields more) {
    testing::Http2Peer::Fields fields = {{":method", "POST"},
                                         {":scheme", "http"},
                                         {":path", "/v1/traces"},
                                         {":authority", "c"},
                                         {"content-type", "application/x-protobuf"}};
    fields.insert(fields.end(), more.begin(), more.end());
    return fields;
  }

  std::shared_ptr<FakeGate> gate = std::make_shared<FakeGate>();
};

TEST_F(RequestGateTest, Http1IsRefusedBeforeItsBodyHasCome) {
  start();
  auto peer = raw();
  peer->send(head("Content-Length: 1000000\r\n"));
  ASSERT_TRUE(run_until([&] { return peer->received.contains("no token"); }));
  EXPECT_TRUE(peer->received.starts_with("HTTP/1.1 401 ")) << peer->received;
  EXPECT_TRUE(peer->received.contains("www-authenticate: Bearer\r\n")) << peer->received;
  EXPECT_EQ(observer.reasons, std::vector<std::string>{"unauthenticated"});
  // The connection goes on behind the discarded body.
  peer->received.clear();
  peer->send(std::string(1'000'000, 'x') + head("Content-Length: 2\r\nX-Pass: yes\r\n") + "ok");
  ASSERT_TRUE(run_until([&] { return peer->received.contains("HTTP/1.1 200 "); }));
  EXPECT_EQ(handler.bodies, std::vector<std::string>{"ok"});
}

TEST_F(RequestGateTest, WhoWaitsForLeaveIsNotToldToGoOn) {
  start();
  auto peer = raw();
  peer->send(head("Content-Length: 10\r\nExpect: 100-continue\r\n"));
  ASSERT_TRUE(run_until([&] { return peer->ended; }));
  EXPECT_FALSE(peer->received.contains(" 100 ")) << peer->received;
  EXPECT_TRUE(peer->received.starts_with("HTTP/1.1 401 "));
}

TEST_F(RequestGateTest, GrpcIsRefusedBeforeItsBodyHasCome) {
  start();
  auto peer = http2();
  const int32_t id = peer->request(testing::Http2Peer::grpc_fields(Signal::kTraces), "", false);
  ASSERT_TRUE(run_until([&] { return peer->responses[id].fields.contains("grpc-status"); }));
  EXPECT_EQ(peer->responses[id].fields.at("grpc-status"), "16");
  EXPECT_EQ(peer->responses[id].fields.at("grpc-message"), "no token");
  EXPECT_TRUE(handler.bodies.empty());
}

TEST_F(RequestGateTest, HttpOverHttp2IsRefusedBeforeItsBodyHasCome) {
  start();
  auto peer = http2();
  const int32_t id = peer->request(http_fields({}), "", false);
  ASSERT_TRUE(run_until([&] { return peer->responses[id].fields.contains(":status"); }));
  EXPECT_EQ(peer->responses[id].fields.at(":status"), "401");
  EXPECT_EQ(peer->responses[id].fields.at("www-authenticate"), "Bearer");
}

TEST_F(RequestGateTest, OtherStreamsGoOnWhileOneIsRefused) {
  start();
  auto peer = http2();
  const int32_t refused = peer->request(testing::Http2Peer::grpc_fields(Signal::kTraces),
                                        testing::Http2Peer::framed(std::string(300'000, 'x')));
  const int32_t taken =
      peer->request(testing::Http2Peer::grpc_fields(Signal::kTraces, {{"x-pass", "yes"}}),
                    testing::Http2Peer::framed("hello"));
  EXPECT_EQ(answer_of(*peer, refused).fields.at("grpc-status"), "16");
  EXPECT_EQ(answer_of(*peer, taken).fields.at("grpc-status"), "0");
  EXPECT_EQ(handler.bodies, std::vector<std::string>{"hello"});
}

TEST_F(RequestGateTest, RefusalWithADelayTellsIt) {
  gate->refusal_reply.code = Code::kResourceExhausted;
  gate->refusal_reply.retry_after = 1500ms;
  start();
  auto peer = raw();
  peer->send(head("Content-Length: 3\r\n") + "abc");
  ASSERT_TRUE(run_until([&] { return peer->received.contains("no token"); }));
  EXPECT_TRUE(peer->received.starts_with("HTTP/1.1 429 ")) << peer->received;
  EXPECT_TRUE(peer->received.contains("retry-after: 2\r\n")) << peer->received;
  EXPECT_FALSE(peer->received.contains("www-authenticate")) << peer->received;
  auto grpc = http2();
  const auto details =
      http::decode_base64(answer_of(*grpc, grpc->grpc("x")).fields.at("grpc-status-details-bin"));
  EXPECT_EQ(decode_rpc_status(as_span(*details))->retry_delay, 1500ms);
}

TEST_F(RequestGateTest, IdentityTravelsAndTheSecretDoesNot) {
  start();
  auto peer = http2();
  const int32_t id = peer->request(
      testing::Http2Peer::grpc_fields(Signal::kTraces, {{"x-pass", "yes"}, {"x-other", "1"}}),
      testing::Http2Peer::framed("hello"));
  EXPECT_EQ(answer_of(*peer, id).fields.at("grpc-status"), "0");
  auto one = raw();
  one->send(head("Content-Length: 1\r\nX-Pass: yes\r\nX-Other: 1\r\n") + "y");
  ASSERT_TRUE(run_until([&] { return handler.requests.size() == 2; }));
  for (const Request& request : handler.requests) {
    EXPECT_EQ(request.pass.identity->name, "alice");
    EXPECT_EQ(request.metadata->find("x-other"), "1");
    EXPECT_EQ(request.metadata->find("x-pass"), "");
    EXPECT_EQ(request.metadata->find(":auth.username"), "alice");
  }
}

TEST_F(RequestGateTest, BytesAreChargedOnceHoweverTheyCome) {
  start();
  auto grpc = http2();
  const testing::Http2Peer::Fields pass = {{"x-pass", "yes"}};
  answer_of(*grpc, grpc->request(testing::Http2Peer::grpc_fields(Signal::kTraces, pass),
                                 testing::Http2Peer::framed(std::string(11, 'a'))));
  answer_of(*grpc, grpc->request(http_fields({{"x-pass", "yes"}, {"content-length", "22"}}),
                                 std::string(22, 'b')));
  answer_of(*grpc, grpc->request(http_fields(pass), std::string(33, 'c')));  // not announced
  auto peer = raw();
  peer->send(head("Content-Length: 44\r\nX-Pass: yes\r\n") + std::string(44, 'd'));
  peer->send(head("Transfer-Encoding: chunked\r\nX-Pass: yes\r\n") + "37\r\n" +
             std::string(55, 'e') + "\r\n0\r\n\r\n");
  ASSERT_TRUE(run_until([&] { return handler.bodies.size() == 5; }));
  EXPECT_EQ(gate->bytes, (std::vector<uint64_t>{11, 22, 33, 44, 55}));
}

TEST_F(RequestGateTest, PagesAndMistakesAreNotAsked) {
  options.page_routes.push_back({"/health", [](const PageRequest&) { return PageReply{}; }});
  start();
  auto peer = raw();
  peer->send("GET /health HTTP/1.1\r\nHost: c\r\n\r\nGET /nothing HTTP/1.1\r\nHost: c\r\n\r\n");
  ASSERT_TRUE(run_until([&] { return peer->received.contains(" 404 "); }));
  EXPECT_TRUE(peer->received.starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(gate->peers.empty());
}

class LateGateTest : public RequestGateTest {
 protected:
  LateGateTest() { options.gates = {slow}; }
  bool asked(size_t count) {
    return run_until([&] { return slow->decisions.size() == count; });
  }
  std::shared_ptr<SlowGate> slow = std::make_shared<SlowGate>();
};

TEST_F(LateGateTest, WholeRequestWaitsAndIsThenHandedOver) {
  start();
  auto peer = raw();
  peer->send(head("Content-Length: 2\r\nX-Pass: yes\r\n") + "ok" +
             head("Content-Length: 5\r\nX-Pass: yes\r\n") + "later");
  auto grpc = http2();
  const int32_t id =
      grpc->request(testing::Http2Peer::grpc_fields(Signal::kTraces, {{"x-pass", "yes"}}),
                    testing::Http2Peer::framed("hello"));
  ASSERT_TRUE(asked(2)) << "what is pipelined behind it is not looked at";
  world.run_for(1s);
  EXPECT_TRUE(handler.bodies.empty());
  EXPECT_EQ(peer->received, "");
  slow->admit(0);
  slow->admit(1);
  EXPECT_EQ(answer_of(*grpc, id).fields.at("grpc-status"), "0");
  ASSERT_TRUE(asked(3));
  slow->admit(2);
  ASSERT_TRUE(run_until([&] { return handler.bodies.size() == 3; }));
  for (const Request& request : handler.requests) {
    EXPECT_EQ(request.pass.identity->name, "alice");
    EXPECT_EQ(request.metadata->find("x-pass"), "");
    EXPECT_EQ(request.metadata->find(":auth.username"), "alice");
  }
}

TEST_F(LateGateTest, LateRefusalAnswersTheWholeRequest) {
  start();
  auto peer = raw();
  peer->send(head("Content-Length: 2\r\n") + "no");
  auto grpc = http2();
  const int32_t id = grpc->grpc("hello");
  ASSERT_TRUE(asked(2));
  world.run_for(1s);
  slow->refuse(0);
  slow->refuse(1);
  ASSERT_TRUE(run_until([&] { return peer->received.contains("wrong password"); }));
  EXPECT_TRUE(peer->received.starts_with("HTTP/1.1 401 ")) << peer->received;
  EXPECT_EQ(answer_of(*grpc, id).fields.at("grpc-status"), "16");
  EXPECT_TRUE(handler.bodies.empty());
  EXPECT_EQ(observer.reasons, (std::vector<std::string>{"unauthenticated", "unauthenticated"}));
  peer->received.clear();
  peer->send(head("Content-Length: 2\r\n") + "ok");
  ASSERT_TRUE(asked(3));
  slow->admit(2);
  ASSERT_TRUE(run_until([&] { return peer->received.contains(" 200 "); })) << "it goes on";
}

TEST_F(LateGateTest, DecisionComesWhileTheBodyIsStillComing) {
  start();
  auto let_in = raw();
  let_in->send(head("Content-Length: 4\r\n") + "ab");
  ASSERT_TRUE(asked(1));
  auto refused = raw();
  refused->send(head("Content-Length: 4\r\n") + "ab");
  ASSERT_TRUE(asked(2));
  auto grpc = http2();
  const int32_t id = grpc->request(testing::Http2Peer::grpc_fields(Signal::kTraces), "", false);
  ASSERT_TRUE(asked(3));
  slow->admit(0);
  slow->refuse(1);
  slow->refuse(2);
  ASSERT_TRUE(run_until([&] { return refused->received.contains(" 401 "); }));
  EXPECT_EQ(answer_of(*grpc, id).fields.at("grpc-status"), "16");
  let_in->send("cd");
  ASSERT_TRUE(run_until([&] { return let_in->received.contains(" 200 "); }));
  EXPECT_EQ(handler.bodies, std::vector<std::string>{"abcd"});
}

TEST_F(LateGateTest, PeerThatWaitsForLeaveGetsItWithTheDecision) {
  start();
  auto peer = raw();
  peer->send(head("Content-Length: 2\r\nExpect: 100-continue\r\n"));
  ASSERT_TRUE(asked(1));
  world.run_for(1s);
  EXPECT_EQ(peer->received, "");
  slow->admit(0);
  ASSERT_TRUE(run_until([&] { return peer->received.contains(" 100 "); }));
  peer->send("ok");
  ASSERT_TRUE(run_until([&] { return peer->received.contains(" 200 "); }));
}

TEST_F(LateGateTest, DecisionForAPeerThatHasGoneIsIgnored) {
  start();
  auto half = raw();
  half->send(head("Content-Length: 2\r\n") + "o");
  auto grpc = http2();
  grpc->request(testing::Http2Peer::grpc_fields(Signal::kTraces), "", false);
  ASSERT_TRUE(asked(2));
  world.run_for(1s);
  half.reset();
  grpc.reset();
  ASSERT_TRUE(run_until([&] { return server->connection_count() == 0; }));
  for (size_t i = 0; i < 2; ++i) slow->admit(i);
  world.run_for(1s);
  EXPECT_TRUE(handler.bodies.empty());
}

TEST_F(LateGateTest, DecisionBehindTheEndOfTheServerIsIgnored) {
  start();
  auto whole = raw();
  whole->send(head("Content-Length: 2\r\n") + "ok");
  auto grpc = http2();
  grpc->grpc("hello");
  ASSERT_TRUE(asked(2));
  world.run_for(1s);
  server.reset();
  for (size_t i = 0; i < 2; ++i) slow->admit(i);
  world.run_for(1s);
  EXPECT_TRUE(handler.bodies.empty());
}

TEST_F(LateGateTest, GatesBehindItAreAskedWithTheIdentityAndTheHead) {
  options.gates.push_back(gate);
  start();
  auto peer = raw();
  peer->send(head("Content-Length: 2\r\nX-Pass: yes\r\n") + "ok");
  ASSERT_TRUE(asked(1));
  auto other = raw();
  other->send(head("Content-Length: 2\r\n") + "no");
  ASSERT_TRUE(asked(2));
  EXPECT_TRUE(gate->peers.empty());
  slow->admit(0);
  slow->admit(1);
  ASSERT_TRUE(run_until([&] { return peer->received.contains(" 200 "); }));
  ASSERT_TRUE(run_until([&] { return other->received.contains("no token"); }));
  EXPECT_EQ(gate->peers.size(), 2u);
  EXPECT_EQ(gate->bytes, std::vector<uint64_t>{2}) << "charged when it is let in";
}

// A sender without a decision cannot fill the memory with bodies.
TEST_F(LateGateTest, BodiesOfTheUndecidedHaveASmallShare) {
  start();
  const size_t share = budget->limit() / 32;
  auto first = raw();
  first->send(head("Content-Length: " + std::to_string(share) + "\r\n"));
  ASSERT_TRUE(asked(1));
  auto second = raw();
  second->send(head("Content-Length: 1\r\n") + "x");
  ASSERT_TRUE(run_until([&] { return second->received.contains(" 503 "); }));
  auto chunked = raw();
  chunked->send(head("Transfer-Encoding: chunked\r\n") + "1\r\nx\r\n");
  ASSERT_TRUE(run_until([&] { return chunked->received.contains(" 503 "); }));
  EXPECT_EQ(observer.reasons, (std::vector<std::string>{"memory", "memory"}));
  first.reset();
  ASSERT_TRUE(run_until([&] { return server->connection_count() < 3; }));
  world.run_for(1s);
  auto third = raw();
  third->send(head("Content-Length: 1\r\n") + "x");
  ASSERT_TRUE(asked(4));
  slow->admit(3);
  ASSERT_TRUE(run_until([&] { return third->received.contains(" 200 "); }));
}

TEST_F(RequestGateTest, FirstGateThatRefusesAnswers) {
  auto second = std::make_shared<FakeGate>();
  options.gates.push_back(second);
  start();
  auto peer = http2();
  EXPECT_EQ(answer_of(*peer, peer->grpc("x")).fields.at("grpc-status"), "16");
  EXPECT_EQ(gate->peers.size(), 1u);
  EXPECT_TRUE(second->peers.empty());
}

}  // namespace
}  // namespace millrace::transport
