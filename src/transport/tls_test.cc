// Our client and our server over TLS, on sockets and on the simulated network: which protocol ALPN
// chooses, what it falls back to, and which peers are refused.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "io/testing/loop_pair.h"
#include "io/testing/stream_probe.h"
#include "io/testing/test_certificates.h"
#include "io/tls.h"
#include "memory/chunk_pool.h"
#include "transport/client/client.h"
#include "transport/server/server.h"
#include "transport/server/server_connection.h"
#include "transport/server/server_test_support.h"

namespace millrace::transport {
namespace {

using io::testing::LoopPair;
using io::testing::TestAuthority;
using testing::RecordingHandler;
using testing::RecordingObserver;
using Kind = ClientAnswer::Kind;

// The http2 of a page's request cannot be seen from a handler, so the tests see it by what only
// one of the protocols does.
class TransportTlsTest : public ::testing::TestWithParam<std::unique_ptr<LoopPair> (*)()> {
 protected:
  TransportTlsTest() {
    identify(server_tls, authority);
    server_tls.alpn = {"h2", "http/1.1"};
    client_tls.ca_pem = authority.certificate_pem();
    server_options.otlp_routes.push_back({Signal::kTraces, "/v1/traces", &handler});
  }
  ~TransportTlsTest() override {
    client.reset();
    server.reset();
  }
  static void identify(io::TlsOptions& options, TestAuthority& by) {
    const io::testing::IssuedCertificate issued = by.issue({});
    options.cert_pem = issued.certificate_pem;
    options.key_pem = issued.key_pem;
  }
  void serve() {
    auto context = io::make_tls_server_context(server_tls);
    ASSERT_TRUE(context) << context.error().message;
    server = make_server(pair->server(), pool, server_options, observer);
    io::ListenOptions where;
    where.host = pair->server_ip();
    where.tls = *context;
    const auto listened = server->listen(where);
    ASSERT_TRUE(listened) << listened.error().message;
    port = *listened;
  }
  ClientOptions client_options() {
    auto context = io::make_tls_client_context(client_tls);
    EXPECT_TRUE(context) << context.error().message;
    ClientOptions options;
    options.host = pair->server_ip();
    options.port = port;
    options.scheme = "https";
    options.paths[index_of(Signal::kTraces)] = "/v1/traces";
    options.tls = *context;
    options.tls_server_name = "localhost";
    return options;
  }
  ClientAnswer ask(std::string_view body) {
    std::optional<ClientAnswer> answer;
    ClientRequest request;
    request.body = Rope(Bytes::copy_of(body));
    request.deadline = pair->client().now() + 20s;
    client->send(std::move(request), [&](ClientAnswer got) { answer = std::move(got); });
    EXPECT_TRUE(pair->run_until([&] { return answer.has_value(); }));
    return answer.value_or(ClientAnswer());
  }

  std::unique_ptr<LoopPair> pair = GetParam()();
  TestAuthority authority{"Millrace test authority"};
  TestAuthority stranger{"Somebody else's authority"};
  io::TlsOptions server_tls, client_tls;
  ServerOptions server_options;
  RecordingObserver observer;
  Budget budget{64 << 20};
  RecordingHandler handler;
  ChunkPool pool{budget, 0};
  std::unique_ptr<Server> server;
  std::unique_ptr<Client> client;
  uint16_t port = 0;
};

TEST_P(TransportTlsTest, GrpcIsSpokenOverH2) {
  serve();
  client = make_grpc_client(pair->client(), client_options());
  const std::string large(300'000, 's');
  for (const std::string& body : {std::string("spans"), large}) {
    const ClientAnswer answer = ask(body);
    EXPECT_EQ(answer.kind, Kind::kAnswered) << answer.message;
    EXPECT_EQ(answer.code, Code::kOk) << answer.message;
    EXPECT_EQ(handler.requests.back().protocol, Protocol::kGrpc);
    EXPECT_TRUE(handler.bodies.back() == body);
  }
  EXPECT_EQ(server->connection_count(), 1u);
}

TEST_P(TransportTlsTest, HttpTakesH2WhereItIsOffered) {
  handler.hold = true;
  serve();
  ClientOptions options = client_options();
  client = make_http_client(pair->client(), options);
  std::vector<ClientAnswer> answers;
  // Three requests under way on one connection: only HTTP/2 does that.
  for (int i = 0; i < 3; ++i) {
    ClientRequest request;
    request.body = Rope(Bytes::copy_of("spans"));
    request.deadline = pair->client().now() + 20s;
    client->send(std::move(request), [&](ClientAnswer got) { answers.push_back(std::move(got)); });
  }
  ASSERT_TRUE(pair->run_until([&] { return handler.held.size() == 3; }));
  EXPECT_EQ(server->connection_count(), 1u);
  for (Exchange& exchange : handler.held) exchange.reply(Reply());
  ASSERT_TRUE(pair->run_until([&] { return answers.size() == 3; }));
  for (const ClientAnswer& answer : answers) {
    EXPECT_EQ(answer.code, Code::kOk) << answer.message;
    EXPECT_EQ(answer.http_status, 200);
  }
  EXPECT_EQ(handler.requests[0].protocol, Protocol::kHttp);
}

TEST_P(TransportTlsTest, HttpFallsBackToHttp1) {
  server_tls.alpn = {"http/1.1"};
  serve();
  client = make_http_client(pair->client(), client_options());
  for (int i = 0; i < 3; ++i) {
    const ClientAnswer answer = ask("spans");
    EXPECT_EQ(answer.http_status, 200) << answer.message;
  }
  EXPECT_EQ(handler.bodies.size(), 3u);
  EXPECT_EQ(server->connection_count(), 1u) << "kept alive";
}

TEST_P(TransportTlsTest, HttpWithoutAlpnIsHttp1) {
  server_tls.alpn = {};
  serve();
  client = make_http_client(pair->client(), client_options());
  EXPECT_EQ(ask("spans").http_status, 200);
}

TEST_P(TransportTlsTest, Http2CanBeSwitchedOff) {
  handler.hold = true;
  serve();
  ClientOptions options = client_options();
  options.http2 = false;
  client = make_http_client(pair->client(), options);
  int answered = 0;
  for (int i = 0; i < 2; ++i) {
    ClientRequest request;
    request.body = Rope(Bytes::copy_of("spans"));
    request.deadline = pair->client().now() + 20s;
    client->send(std::move(request), [&](ClientAnswer) { ++answered; });
  }
  ASSERT_TRUE(pair->run_until([&] { return handler.held.size() == 2; }));
  EXPECT_EQ(server->connection_count(), 2u) << "one request a connection";
  for (Exchange& exchange : handler.held) exchange.reply(Reply());
  ASSERT_TRUE(pair->run_until([&] { return answered == 2; }));
}

TEST_P(TransportTlsTest, GrpcWithoutH2FailsWithTheReason) {
  server_tls.alpn = {};
  serve();
  client = make_grpc_client(pair->client(), client_options());
  const ClientAnswer answer = ask("spans");
  EXPECT_EQ(answer.kind, Kind::kNotSent);
  EXPECT_TRUE(answer.message.contains("h2")) << answer.message;
  EXPECT_TRUE(handler.requests.empty());
}

TEST_P(TransportTlsTest, ClientsShowTheirCertificateWhereItIsAskedFor) {
  server_tls.client_ca_pem = authority.certificate_pem();
  serve();
  identify(client_tls, authority);
  client = make_grpc_client(pair->client(), client_options());
  const ClientAnswer answer = ask("spans");
  EXPECT_EQ(answer.code, Code::kOk) << answer.message;
  EXPECT_EQ(handler.bodies.size(), 1u);
}

TEST_P(TransportTlsTest, ClientsWithoutATrustedCertificateAreRefused) {
  server_tls.client_ca_pem = authority.certificate_pem();
  serve();
  for (const bool has_one : {false, true}) {
    if (has_one) identify(client_tls, stranger);
    client = make_grpc_client(pair->client(), client_options());
    const ClientAnswer answer = ask("spans");
    EXPECT_NE(answer.kind, Kind::kAnswered);
    EXPECT_EQ(answer.code, Code::kUnavailable) << answer.message;
  }
  EXPECT_TRUE(handler.requests.empty());
}

TEST_P(TransportTlsTest, AServerOfAnotherAuthorityIsNotTrusted) {
  client_tls.ca_pem = stranger.certificate_pem();
  serve();
  client = make_grpc_client(pair->client(), client_options());
  const ClientAnswer answer = ask("spans");
  EXPECT_EQ(answer.kind, Kind::kNotSent);
  EXPECT_TRUE(answer.message.contains("certificate")) << answer.message;
  EXPECT_TRUE(handler.requests.empty());
}

TEST_P(TransportTlsTest, HandshakesUnderWayAreCountedAndReserved) {
  server_tls.handshake_timeout = 100ms;
  serve();
  testing::RawPeer silent(pair->client(), pair->server_ip() + ":" + std::to_string(port));
  ASSERT_TRUE(pair->run_until([&] { return server->connection_count() == 1; }));
  EXPECT_EQ(observer.connections, 1);
  EXPECT_EQ(budget.used(MemoryTerm::kNewConnections), kConnectionBytes + kTlsConnectionBytes);
  ASSERT_TRUE(pair->run_until([&] { return server->connection_count() == 0; }));
  EXPECT_EQ(observer.reasons, std::vector<std::string>{"tls_handshake_timeout"});
  EXPECT_EQ(budget.used(), 0u);
}

TEST_P(TransportTlsTest, HandshakesUnderWayMakeWayForOthers) {
  server_options.connections_max = 8;
  serve();
  std::vector<std::unique_ptr<testing::RawPeer>> silent;
  for (int i = 0; i < 20; ++i) {
    silent.push_back(std::make_unique<testing::RawPeer>(
        pair->client(), pair->server_ip() + ":" + std::to_string(port)));
  }
  ASSERT_TRUE(pair->run_until([&] { return observer.reasons.size() == 12; }));
  EXPECT_EQ(server->connection_count(), 8u);
  client = make_grpc_client(pair->client(), client_options());
  const ClientAnswer answer = ask("spans");
  EXPECT_EQ(answer.code, Code::kOk) << answer.message;
  EXPECT_EQ(observer.reasons, std::vector<std::string>(13, "evicted"));
}

// Health checks of load balancers connect and leave.
TEST_P(TransportTlsTest, AProbeThatSaysNothingIsNoFailedHandshake) {
  serve();
  auto probe = std::make_unique<testing::RawPeer>(pair->client(),
                                                  pair->server_ip() + ":" + std::to_string(port));
  ASSERT_TRUE(pair->run_until([&] { return server->connection_count() == 1; }));
  probe.reset();
  ASSERT_TRUE(pair->run_until([&] { return server->connection_count() == 0; }));
  EXPECT_EQ(observer.reasons, std::vector<std::string>());
  io::testing::StreamProbe half(
      pair->client().connect({.address = {pair->server_ip() + ":" + std::to_string(port)}}));
  half.send("\x16\x03\x01");
  half.finish();
  ASSERT_TRUE(pair->run_until([&] { return !observer.reasons.empty(); }));
  EXPECT_EQ(observer.reasons[0], "tls_handshake");
}

// A proxy in front of the server, which the client cannot reach otherwise.
TEST_P(TransportTlsTest, ATunnelThroughAProxyCarriesTls) {
  serve();
  const std::string server_address = pair->server_ip() + ":" + std::to_string(port);
  std::unique_ptr<io::testing::StreamProbe> near;
  std::unique_ptr<io::testing::StreamProbe> far;
  auto proxy = *pair->server().listen({.host = ""}, [&](std::unique_ptr<io::Stream> stream) {
    near = std::make_unique<io::testing::StreamProbe>(std::move(stream));
  });
  std::string asked;
  const auto relay = [&] {
    if (near == nullptr) return;
    if (far == nullptr && near->received.ends_with("\r\n\r\n")) {
      asked = std::exchange(near->received, {});
      far = std::make_unique<io::testing::StreamProbe>(
          pair->server().connect({.address = {server_address}}));
      near->send("HTTP/1.1 200 OK\r\n\r\n");
    }
    if (far == nullptr) return;
    if (!near->received.empty()) far->send(std::exchange(near->received, {}));
    if (!far->received.empty()) near->send(std::exchange(far->received, {}));
  };
  ClientOptions options = client_options();
  options.proxy = Proxy{pair->server_ip(), proxy->port(), ""};
  for (const bool grpc : {true, false}) {
    near.reset();
    far.reset();
    client = grpc ? make_grpc_client(pair->client(), options)
                  : make_http_client(pair->client(), options);
    std::optional<ClientAnswer> answer;
    ClientRequest request;
    request.body = Rope(Bytes::copy_of("spans"));
    client->send(std::move(request), [&](ClientAnswer got) { answer = std::move(got); });
    EXPECT_TRUE(pair->run_until([&] {
      relay();
      return answer.has_value();
    }));
    EXPECT_TRUE(asked.starts_with("CONNECT " + options.host + ":")) << asked;
    EXPECT_EQ(answer->code, Code::kOk) << answer->message;
    client.reset();
  }
  EXPECT_EQ(handler.bodies, (std::vector<std::string>{"spans", "spans"}));
}

TEST_P(TransportTlsTest, ClearTextOnATlsPortIsNoRequest) {
  serve();
  ClientOptions options = client_options();
  options.tls = nullptr;
  options.scheme = "http";
  client = make_http_client(pair->client(), options);
  EXPECT_NE(ask("spans").kind, Kind::kAnswered);
  EXPECT_TRUE(handler.requests.empty());
  ASSERT_FALSE(observer.reasons.empty());
  EXPECT_EQ(observer.reasons[0], "tls_handshake");
}

INSTANTIATE_TEST_SUITE_P(Over, TransportTlsTest,
                         ::testing::Values(io::testing::make_sim_pair,
                                           io::testing::make_epoll_pair),
                         [](const auto& info) {
                           return std::string(info.index == 0 ? "Simulation" : "Sockets");
                         });

}  // namespace
}  // namespace millrace::transport
