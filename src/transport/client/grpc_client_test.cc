#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/grpc_wire.h"
#include "io/sim/world.h"
#include "io/testing/stream_probe.h"
#include "transport/client/client.h"
#include "transport/rpc_status.h"
#include "transport/testing/scripted_http2_server.h"

namespace millrace::transport {
namespace {

using testing::Fields;
using testing::ScriptedHttp2Server;
using Kind = ClientAnswer::Kind;

constexpr uint16_t kPort = 4317;

class GrpcClientTest : public ::testing::Test {
 protected:
  GrpcClientTest()
      : server_loop_(world_.make_loop("server")), client_loop_(world_.make_loop("client")) {}

  void serve(ScriptedHttp2Server::OnRequest on_request) {
    peer_ = std::make_unique<ScriptedHttp2Server>(*server_loop_, std::move(on_request));
    peer_->listen(kPort);
  }
  ClientOptions options() {
    ClientOptions made;
    made.host = "server";
    made.port = kPort;
    made.user_agent = "millrace/test";
    return made;
  }
  void make_client(ClientOptions with) { client_ = make_grpc_client(*client_loop_, with); }
  // The place of the answer to come.
  std::shared_ptr<std::optional<ClientAnswer>> send(std::string_view body, Duration limit = 5s) {
    if (client_ == nullptr) make_client(options());
    auto answer = std::make_shared<std::optional<ClientAnswer>>();
    ClientRequest request;
    request.body = Rope(Bytes::copy_of(body));
    request.deadline = client_loop_->now() + limit;
    client_->send(std::move(request), [answer](ClientAnswer got) {
      EXPECT_FALSE(answer->has_value()) << "answered twice";
      *answer = std::move(got);
    });
    EXPECT_FALSE(answer->has_value()) << "answered from inside send";
    return answer;
  }
  ClientAnswer wait(const std::shared_ptr<std::optional<ClientAnswer>>& answer) {
    EXPECT_TRUE(world_.run_until([&] { return answer->has_value(); }, 10min)) << "no answer";
    return answer->value_or(ClientAnswer());
  }
  ClientAnswer ask(std::string_view body, Duration limit = 5s) { return wait(send(body, limit)); }

  io::sim::World world_{1};
  std::unique_ptr<io::Loop> server_loop_;
  std::unique_ptr<io::Loop> client_loop_;
  std::unique_ptr<ScriptedHttp2Server> peer_;
  std::unique_ptr<Client> client_;
};

TEST_F(GrpcClientTest, RequestArrivesWholeWithGrpcFields) {
  Fields fields;
  std::string body;
  serve([&](ScriptedHttp2Server::Request& request) {
    fields = request.fields;
    body = request.body;
    request.answer_grpc("reply");
  });
  ClientOptions with = options();
  with.headers = {{"x-token", "secret"}, {"trace-bin", std::string("\x01\xff", 2)}};
  make_client(with);
  const ClientAnswer answer = ask("spans");
  EXPECT_EQ(answer.kind, Kind::kAnswered);
  EXPECT_EQ(answer.code, Code::kOk);
  EXPECT_EQ(answer.body.text(), "reply");
  EXPECT_EQ(answer.server_port, kPort);
  EXPECT_EQ(answer.server_address, world_.host_address("server"));
  EXPECT_EQ(body, std::string("\0\0\0\0\x05", 5) + "spans");
  ScriptedHttp2Server::Request seen{*peer_->connections[0], 1, fields, body};
  EXPECT_EQ(seen.field(":path"), "/opentelemetry.proto.collector.trace.v1.TraceService/Export");
  EXPECT_EQ(seen.field(":authority"), "server:4317");
  EXPECT_EQ(seen.field("te"), "trailers");
  EXPECT_EQ(seen.field("content-type"), "application/grpc");
  EXPECT_EQ(seen.field("grpc-timeout"), "5000000u");
  EXPECT_EQ(seen.field("x-token"), "secret");
  EXPECT_EQ(seen.field("trace-bin"), "Af8");
  EXPECT_EQ(seen.field("user-agent"), "millrace/test");
}

TEST_F(GrpcClientTest, FramedSnappyIsNamedSnappy) {
  std::string body;
  Fields fields;
  serve([&](ScriptedHttp2Server::Request& request) {
    body = request.body;
    fields = request.fields;
    request.answer_grpc("");
  });
  make_client(options());
  ClientRequest request;
  request.body = Rope(Bytes::copy_of("packed"));
  request.coding = compress::Coding::kSnappyFramed;
  bool done = false;
  client_->send(std::move(request), [&](ClientAnswer) { done = true; });
  world_.run_for(1s);
  EXPECT_TRUE(done);
  EXPECT_EQ(body, std::string("\1\0\0\0\x06", 5) + "packed");
  ScriptedHttp2Server::Request seen{*peer_->connections[0], 1, fields, body};
  EXPECT_EQ(seen.field("grpc-encoding"), "snappy");
}

TEST_F(GrpcClientTest, LargeBodyOfManyPiecesArrivesUnchanged) {
  std::string got;
  serve([&](ScriptedHttp2Server::Request& request) {
    got = request.body;
    request.answer_grpc("");
  });
  make_client(options());
  ClientRequest request;
  std::string sent;
  for (int i = 0; i < 500; ++i) {
    const std::string piece(static_cast<size_t>(i) * 7 + 1, static_cast<char>('a' + i % 26));
    sent += piece;
    request.body.append(Bytes::copy_of(piece));
  }
  bool done = false;
  client_->send(std::move(request), [&](ClientAnswer answer) {
    EXPECT_EQ(answer.code, Code::kOk) << answer.message;
    done = true;
  });
  ASSERT_TRUE(world_.run_until([&] { return done; }, 1min));
  EXPECT_EQ(got.substr(5), sent);
}

TEST_F(GrpcClientTest, TrailersOnlyErrorIsDecoded) {
  const std::string details = encode_rpc_status(
      {.code = Code::kUnavailable, .message = "full", .retry_delay = Duration(1500ms)});
  serve([&](ScriptedHttp2Server::Request& request) {
    request.answer({{":status", "200"},
                    {"content-type", "application/grpc"},
                    {"grpc-status", "14"},
                    {"grpc-message", "queue%20full%3a caf%C3%A9"},
                    {"grpc-status-details-bin", http::encode_base64(details)}});
  });
  const ClientAnswer answer = ask("x");
  EXPECT_EQ(answer.code, Code::kUnavailable);
  EXPECT_EQ(answer.message, "queue full: café");
  ASSERT_TRUE(answer.retry_after.has_value());
  EXPECT_EQ(*answer.retry_after, Duration(1500ms));
}

struct StatusCase {
  Fields head;
  Code code;
  bool too_large;
};

TEST_F(GrpcClientTest, EachStatusHasItsCode) {
  const std::vector<StatusCase> cases = {
      {{{":status", "200"}, {"grpc-status", "3"}}, Code::kInvalidArgument, false},
      {{{":status", "200"}, {"grpc-status", "77"}}, Code::kUnknown, false},
      {{{":status", "200"}, {"content-type", "application/grpc"}}, Code::kUnknown, false},
      {{{":status", "400"}}, Code::kInternal, false},
      {{{":status", "401"}}, Code::kUnauthenticated, false},
      {{{":status", "403"}}, Code::kPermissionDenied, false},
      {{{":status", "404"}}, Code::kUnimplemented, false},
      {{{":status", "429"}}, Code::kUnavailable, false},
      {{{":status", "502"}, {"content-type", "text/html"}}, Code::kUnavailable, false},
      {{{":status", "503"}}, Code::kUnavailable, false},
      {{{":status", "504"}}, Code::kUnavailable, false},
      {{{":status", "418"}}, Code::kUnknown, false},
      {{{":status", "502"}, {"grpc-status", "7"}}, Code::kPermissionDenied, false},
      {{{":status", "200"},
        {"grpc-status", "8"},
        {"grpc-message", "grpc: received message larger than max (9 vs. 4)"}},
       Code::kResourceExhausted,
       true},
      {{{":status", "200"}, {"grpc-status", "8"}, {"grpc-message", "quota"}},
       Code::kResourceExhausted,
       false}};
  size_t next = 0;
  serve([&](ScriptedHttp2Server::Request& request) { request.answer(cases[next].head); });
  for (; next < cases.size(); ++next) {
    const ClientAnswer answer = ask("x");
    EXPECT_EQ(answer.kind, Kind::kAnswered) << next;
    EXPECT_EQ(answer.code, cases[next].code) << next << answer.message;
    EXPECT_EQ(answer.too_large, cases[next].too_large) << next;
  }
}

TEST_F(GrpcClientTest, ResetHasTheCodeOfGrpcsTable) {
  uint32_t reset_code = 0;
  serve([&](ScriptedHttp2Server::Request& request) {
    request.connection.reset(request.stream, reset_code);
  });
  const std::vector<std::pair<uint32_t, Code>> cases = {
      {NGHTTP2_INTERNAL_ERROR, Code::kInternal},
      {NGHTTP2_CANCEL, Code::kCancelled},
      {NGHTTP2_ENHANCE_YOUR_CALM, Code::kResourceExhausted},
      {NGHTTP2_INADEQUATE_SECURITY, Code::kPermissionDenied}};
  for (const auto& [code, expected] : cases) {
    reset_code = code;
    const ClientAnswer answer = ask("x");
    EXPECT_EQ(answer.kind, Kind::kBroken);
    EXPECT_EQ(answer.code, expected) << code;
  }
}

TEST_F(GrpcClientTest, RefusedStreamIsSentOnceMoreThenReported) {
  serve([&](ScriptedHttp2Server::Request& request) {
    request.connection.reset(request.stream, NGHTTP2_REFUSED_STREAM);
  });
  const ClientAnswer answer = ask("x");
  EXPECT_EQ(answer.kind, Kind::kNotSent);
  EXPECT_EQ(peer_->request_count, 2);
}

TEST_F(GrpcClientTest, RequestAboveGoawayGoesToANewConnection) {
  serve([&](ScriptedHttp2Server::Request& request) {
    if (peer_->connection_count == 1) {
      // Stream 1 is known and will be answered; stream 3 is refused.
      if (request.stream == 1) return;
      request.connection.goaway(1);
      ScriptedHttp2Server::Request first{request.connection, 1};
      first.answer_grpc("old");
    } else {
      request.answer_grpc("new:" + request.body.substr(5));
    }
  });
  const auto one = send("one");
  const auto two = send("two");
  EXPECT_EQ(wait(one).body.text(), "old");
  EXPECT_EQ(wait(two).body.text(), "new:two");
  EXPECT_EQ(peer_->connection_count, 2);
}

TEST_F(GrpcClientTest, ConnectionLostInMidFlightIsBroken) {
  serve([&](ScriptedHttp2Server::Request& request) { request.connection.close(); });
  const ClientAnswer answer = ask("x");
  EXPECT_EQ(answer.kind, Kind::kBroken);
  EXPECT_EQ(answer.code, Code::kUnavailable);
}

TEST_F(GrpcClientTest, HalfAnAnswerIsBroken) {
  serve([&](ScriptedHttp2Server::Request& request) {
    request.connection.begin_answer(request.stream,
                                    {{":status", "200"}, {"content-type", "application/grpc"}},
                                    std::string("\0\0\0\0\x09half", 9));
    request.connection.close();
  });
  EXPECT_EQ(ask("x").kind, Kind::kBroken);
}

// The status is what counts: the peer took the request, only its words about it are lost.
TEST_F(GrpcClientTest, OkBehindAMessageCutShortStaysOk) {
  serve([&](ScriptedHttp2Server::Request& request) {
    request.connection.answer(request.stream,
                              {{":status", "200"}, {"content-type", "application/grpc"}},
                              std::string("\0\0\0\0\x09half", 9), {{"grpc-status", "0"}});
  });
  const ClientAnswer answer = ask("x");
  EXPECT_EQ(answer.kind, Kind::kAnswered);
  EXPECT_EQ(answer.code, Code::kOk);
  EXPECT_TRUE(answer.body.empty());
  EXPECT_EQ(answer.message, "the response message could not be read");
}

TEST_F(GrpcClientTest, DeadlineResetsTheStream) {
  serve([](ScriptedHttp2Server::Request&) {});
  const ClientAnswer answer = ask("x", 300ms);
  EXPECT_EQ(answer.kind, Kind::kTimedOut);
  EXPECT_EQ(answer.code, Code::kDeadlineExceeded);
  world_.run_for(1s);
  EXPECT_EQ(peer_->reset_count, 1);
  EXPECT_EQ(client_->in_flight_count(), 0u);
}

TEST_F(GrpcClientTest, StreamLimitMakesRequestsWait) {
  std::vector<int32_t> held;
  size_t most = 0;
  serve([&](ScriptedHttp2Server::Request& request) {
    held.push_back(request.stream);
    most = std::max(most, held.size());
    ScriptedHttp2Server::Connection* connection = &request.connection;
    world_.after(10ms, [&held, connection] {
      const int32_t id = held.front();
      held.erase(held.begin());
      ScriptedHttp2Server::Request{*connection, id}.answer_grpc("ok");
    });
  });
  peer_->streams_max = 3;
  EXPECT_EQ(ask("first").code, Code::kOk);  // after it the limit is known
  std::vector<std::shared_ptr<std::optional<ClientAnswer>>> answers;
  for (int i = 0; i < 20; ++i) answers.push_back(send("x"));
  for (const auto& answer : answers) EXPECT_EQ(wait(answer).code, Code::kOk);
  EXPECT_EQ(most, 3u);
}

// An HTTP/1.1 server, a TLS server and one that hangs up answer the client's preface.
TEST_F(GrpcClientTest, AWrongPortIsNamed) {
  const std::pair<std::string, std::string_view> kCases[] = {
      {"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", "does not speak gRPC; otlp_http"},
      {std::string("\x15\x03\x01\x00\x02\x02\x46", 7), "this port speaks TLS"},
      {"", "before it said anything"}};
  for (const auto& [said, hint] : kCases) {
    std::vector<std::unique_ptr<io::testing::StreamProbe>> probes;
    const auto listener = *server_loop_->listen(
        {.host = "", .port = kPort, .tls = nullptr}, [&](std::unique_ptr<io::Stream> stream) {
          probes.push_back(std::make_unique<io::testing::StreamProbe>(std::move(stream)));
          if (!said.empty()) probes.back()->send(said);
          probes.back()->finish();
        });
    make_client(options());
    const ClientAnswer answer = ask("spans");
    EXPECT_NE(answer.kind, Kind::kAnswered);
    EXPECT_TRUE(answer.message.contains(hint)) << answer.message;
    client_.reset();
  }
}

TEST_F(GrpcClientTest, NobodyListensIsNotSentAtOnce) {
  const MonotonicTime before = world_.now();
  EXPECT_EQ(ask("x", 1h).kind, Kind::kNotSent);
  EXPECT_LT(world_.now() - before, Duration(1min));
}

TEST_F(GrpcClientTest, UnknownNameIsNotSent) {
  ClientOptions with = options();
  with.host = "nowhere";
  make_client(with);
  EXPECT_EQ(ask("x", 1h).kind, Kind::kNotSent);
}

TEST_F(GrpcClientTest, AllAddressesDownAndBack) {
  EXPECT_EQ(ask("x").kind, Kind::kNotSent);
  serve([](ScriptedHttp2Server::Request& request) { request.answer_grpc("ok"); });
  world_.run_for(5s);  // the back-off
  EXPECT_EQ(ask("x").code, Code::kOk);
  peer_->stop();
  world_.run_for(1s);
  EXPECT_NE(ask("x").kind, Kind::kAnswered);
  peer_->listen(kPort);
  world_.run_for(5min);
  EXPECT_EQ(ask("x").code, Code::kOk);
}

TEST_F(GrpcClientTest, RoundRobinReachesEveryAddress) {
  serve([](ScriptedHttp2Server::Request& request) { request.answer_grpc("a"); });
  auto other_loop = world_.make_loop("other");
  ScriptedHttp2Server other(
      *other_loop, [](ScriptedHttp2Server::Request& request) { request.answer_grpc("b"); });
  other.listen(kPort);
  world_.set_name("both", {"server", "other"});
  ClientOptions with = options();
  with.host = "both";
  make_client(with);
  EXPECT_EQ(ask("x").code, Code::kOk);
  world_.run_for(1s);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(ask("x").code, Code::kOk);
  EXPECT_GE(peer_->request_count, 5);
  EXPECT_GE(other.request_count, 5);
  EXPECT_EQ(client_->describe(), "2 of 2 addresses connected");
  client_.reset();
  other.stop();
}

TEST_F(GrpcClientTest, PickFirstKeepsOneConnection) {
  serve([](ScriptedHttp2Server::Request& request) { request.answer_grpc("a"); });
  auto other_loop = world_.make_loop("other");
  ScriptedHttp2Server other(
      *other_loop, [](ScriptedHttp2Server::Request& request) { request.answer_grpc("b"); });
  other.listen(kPort);
  world_.set_name("both", {"server", "other"});
  ClientOptions with = options();
  with.host = "both";
  with.pick_first = true;
  make_client(with);
  for (int i = 0; i < 6; ++i) EXPECT_EQ(ask("x").code, Code::kOk);
  EXPECT_EQ(peer_->connection_count + other.connection_count, 1);
  client_.reset();
  other.stop();
}

TEST_F(GrpcClientTest, NewAddressOfANameIsUsed) {
  serve([](ScriptedHttp2Server::Request& request) { request.answer_grpc("a"); });
  auto other_loop = world_.make_loop("other");
  ScriptedHttp2Server other(
      *other_loop, [](ScriptedHttp2Server::Request& request) { request.answer_grpc("b"); });
  other.listen(kPort);
  world_.set_name("moving", {"server"});
  ClientOptions with = options();
  with.host = "moving";
  make_client(with);
  EXPECT_EQ(ask("x").body.text(), "a");
  world_.set_name("moving", {"other"});
  world_.run_for(31s);
  EXPECT_EQ(ask("x").body.text(), "b");
  client_.reset();
  other.stop();
}

TEST_F(GrpcClientTest, ResponseOverTheLimitIsNotRetryable) {
  serve([](ScriptedHttp2Server::Request& request) { request.answer_grpc(std::string(2000, 'x')); });
  ClientOptions with = options();
  with.response_bytes_max = 1000;
  make_client(with);
  const ClientAnswer answer = ask("x");
  EXPECT_EQ(answer.kind, Kind::kAnswered);
  EXPECT_EQ(answer.code, Code::kInternal);
}

TEST_F(GrpcClientTest, SilentPeerIsFoundByPing) {
  serve([](ScriptedHttp2Server::Request& request) { request.connection.silent = true; });
  ClientOptions with = options();
  with.ping_after = 10s;
  with.ping_timeout = 5s;
  make_client(with);
  const MonotonicTime before = world_.now();
  const ClientAnswer answer = ask("x", 1h);
  EXPECT_EQ(answer.kind, Kind::kBroken);
  EXPECT_LT(world_.now() - before, Duration(1min));
}

TEST_F(GrpcClientTest, GarbageFromThePeerBreaksTheConnection) {
  serve([](ScriptedHttp2Server::Request& request) {
    request.connection.send_raw(std::string("\0\0\x08\x08\0\0\0\0\0zzz", 12));
    request.connection.send_raw(std::string(100, '\xff'));
  });
  EXPECT_EQ(ask("x").kind, Kind::kBroken);
}

TEST_F(GrpcClientTest, DestroyingTheClientCancelsWhatIsInFlight) {
  serve([](ScriptedHttp2Server::Request&) {});
  const auto waits = send("x");
  world_.run_for(1s);
  const auto queued = send("y");
  client_.reset();
  ASSERT_TRUE(waits->has_value());
  ASSERT_TRUE(queued->has_value());
  EXPECT_EQ((*waits)->kind, Kind::kCancelled);
  EXPECT_EQ((*queued)->kind, Kind::kCancelled);
}

TEST_F(GrpcClientTest, ClientMayBeDestroyedByAnAnswer) {
  serve([](ScriptedHttp2Server::Request& request) { request.answer_grpc("ok"); });
  make_client(options());
  int answers = 0;
  for (int i = 0; i < 3; ++i) {
    client_->send({}, [&](ClientAnswer) {
      ++answers;
      client_.reset();
    });
  }
  world_.run_for(1min);
  EXPECT_EQ(answers, 3);
}

// Whatever the network does, each request is answered exactly once (send() checks).
TEST(GrpcClientStormTest, EveryRequestIsAnsweredOnce) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    io::sim::World world(seed, io::sim::NetworkFaults::hostile());
    auto server_loop = world.make_loop("server");
    auto client_loop = world.make_loop("client");
    ScriptedHttp2Server peer(
        *server_loop, [](ScriptedHttp2Server::Request& request) { request.answer_grpc("ok"); });
    peer.listen(kPort);
    ClientOptions options;
    options.host = "server";
    options.port = kPort;
    auto client = make_grpc_client(*client_loop, options);
    int sent = 0, answered = 0, good = 0;
    for (int i = 0; i < 200; ++i) {
      world.after(Duration(1s) * i / 4, [&, i] {
        ClientRequest request;
        request.body = Rope(Bytes::copy_of(std::string(static_cast<size_t>(i) * 50, 'b')));
        request.deadline = client_loop->now() + 5s;
        ++sent;
        client->send(std::move(request), [&](ClientAnswer answer) {
          ++answered;
          good += answer.kind == Kind::kAnswered && answer.code == Code::kOk;
        });
      });
    }
    world.run_until([&] { return answered == 200; }, 10min);
    EXPECT_EQ(sent, 200);
    EXPECT_EQ(answered, 200) << "seed " << seed;
    EXPECT_GT(good, 20) << "seed " << seed;
    client.reset();
    peer.stop();
  }
}

}  // namespace
}  // namespace millrace::transport
