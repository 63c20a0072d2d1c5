#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compress/compressor.h"
#include "http/http_date.h"
#include "io/sim/world.h"
#include "io/testing/stream_probe.h"
#include "transport/client/client.h"
#include "transport/rpc_status.h"

namespace millrace::transport {
namespace {

using Kind = ClientAnswer::Kind;
using io::testing::StreamProbe;

constexpr uint16_t kPort = 4318;
constexpr std::string_view kEmptyOk =
    "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n";

class HttpClientTest : public ::testing::Test {
 protected:
  HttpClientTest()
      : server_loop_(world_.make_loop("server")), client_loop_(world_.make_loop("client")) {}
  ~HttpClientTest() override {
    client_.reset();
    probes_.clear();
  }

  void listen() {
    listener_ = *server_loop_->listen(
        {.host = "", .port = kPort, .tls = nullptr}, [this](std::unique_ptr<io::Stream> stream) {
          probes_.push_back(std::make_unique<StreamProbe>(std::move(stream)));
        });
  }
  ClientOptions options() {
    ClientOptions made;
    made.host = "server";
    made.port = kPort;
    for (std::string& path : made.paths) path = "/v1/traces";
    return made;
  }
  std::shared_ptr<std::optional<ClientAnswer>> send(std::string_view body, Duration limit = 5s) {
    if (client_ == nullptr) client_ = make_http_client(*client_loop_, options());
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
  // Sends, waits until the whole request is there, and answers with those bytes.
  ClientAnswer exchange(std::string_view response, bool close = false) {
    if (listener_ == nullptr) listen();
    const auto answer = send("spans");
    world_.run_for(1s);
    if (probes_.empty()) return {};
    StreamProbe& peer = *probes_.back();
    EXPECT_TRUE(peer.received.ends_with("\r\n\r\nspans")) << peer.received;
    peer.received.clear();
    if (!response.empty()) peer.send(response);
    if (close) peer.finish();
    return wait(answer);
  }

  io::sim::World world_{1};
  std::unique_ptr<io::Loop> server_loop_;
  std::unique_ptr<io::Loop> client_loop_;
  std::unique_ptr<io::Listener> listener_;
  std::vector<std::unique_ptr<StreamProbe>> probes_;
  std::unique_ptr<Client> client_;
};

std::string response(std::string_view status, std::string_view fields, std::string_view body) {
  return "HTTP/1.1 " + std::string(status) + "\r\n" + std::string(fields) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

TEST_F(HttpClientTest, RequestIsWrittenExactly) {
  ClientOptions with = options();
  with.user_agent = "millrace/test";
  with.headers = {{"x-token", "secret"}};
  client_ = make_http_client(*client_loop_, with);
  listen();
  const auto answer = send("spans");
  world_.run_for(1s);
  ASSERT_EQ(probes_.size(), 1u);
  EXPECT_EQ(probes_[0]->received,
            "POST /v1/traces HTTP/1.1\r\nhost: server:4318\r\ncontent-length: 5\r\n"
            "user-agent: millrace/test\r\ncontent-type: application/x-protobuf\r\n"
            "accept-encoding: gzip\r\nx-token: secret\r\n\r\nspans");
  probes_[0]->send(kEmptyOk);
  const ClientAnswer got = wait(answer);
  EXPECT_EQ(got.kind, Kind::kAnswered);
  EXPECT_EQ(got.code, Code::kOk);
  EXPECT_EQ(got.http_status, 200);
  EXPECT_EQ(got.server_port, kPort);
}

TEST_F(HttpClientTest, MetadataCannotOverrideTheProtocolsFields) {
  client_ = make_http_client(*client_loop_, options());
  listen();
  ClientRequest request;
  auto metadata = std::make_shared<Metadata>();
  metadata->entries = {{"tenant", "a"},        {"host", "evil"}, {"content-length", "99"},
                       {"x-cut", "a\r\nb: c"}, {"te", "x"},      {"grpc-timeout", "1S"}};
  request.metadata = metadata;
  client_->send(std::move(request), [](ClientAnswer) {});
  world_.run_for(1s);
  EXPECT_EQ(probes_[0]->received,
            "POST /v1/traces HTTP/1.1\r\nhost: server:4318\r\ncontent-length: 0\r\n"
            "content-type: application/x-protobuf\r\naccept-encoding: gzip\r\ntenant: a\r\n\r\n");
}

// "far" has no address here: the proxy looks it up.
TEST_F(HttpClientTest, APlainRequestGoesToTheProxyWithItsWholeUrl) {
  ClientOptions with = options();
  with.host = "far";
  with.proxy = Proxy{"server", kPort, "Basic dTpw"};
  client_ = make_http_client(*client_loop_, with);
  const ClientAnswer answer = exchange(kEmptyOk);
  EXPECT_EQ(answer.code, Code::kOk);
  const auto again = send("more");
  world_.run_for(1s);
  EXPECT_EQ(probes_.back()->received,
            "POST http://far:4318/v1/traces HTTP/1.1\r\nhost: far:4318\r\ncontent-length: 4\r\n"
            "proxy-authorization: Basic dTpw\r\ncontent-type: application/x-protobuf\r\n"
            "accept-encoding: gzip\r\n\r\nmore");
  probes_.back()->send(kEmptyOk);
  EXPECT_EQ(wait(again).code, Code::kOk);
}

TEST_F(HttpClientTest, ConnectionIsKeptBetweenRequests) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(exchange(kEmptyOk).code, Code::kOk);
  EXPECT_EQ(probes_.size(), 1u);
}

TEST_F(HttpClientTest, ParallelRequestsUseParallelConnectionsUpToTheLimit) {
  ClientOptions with = options();
  with.connections_max = 3;
  client_ = make_http_client(*client_loop_, with);
  listen();
  std::vector<std::shared_ptr<std::optional<ClientAnswer>>> answers;
  for (int i = 0; i < 7; ++i) answers.push_back(send("spans", 1h));
  world_.run_for(1s);
  EXPECT_EQ(probes_.size(), 3u);
  for (int round = 0; round < 3; ++round) {
    for (auto& probe : probes_) {
      if (std::exchange(probe->received, {}).empty()) continue;
      probe->send(kEmptyOk);
    }
    world_.run_for(1s);
  }
  for (const auto& answer : answers) EXPECT_EQ(wait(answer).code, Code::kOk);
  EXPECT_EQ(probes_.size(), 3u);
}

TEST_F(HttpClientTest, ConnectionCloseIsObeyed) {
  EXPECT_EQ(exchange("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").code,
            Code::kOk);
  EXPECT_EQ(exchange(kEmptyOk).code, Code::kOk);
  EXPECT_EQ(probes_.size(), 2u);
}

TEST_F(HttpClientTest, IdleConnectionIsClosed) {
  EXPECT_EQ(exchange(kEmptyOk).code, Code::kOk);
  world_.run_for(2min);
  EXPECT_TRUE(probes_[0]->over());
  EXPECT_EQ(exchange(kEmptyOk).code, Code::kOk);
}

TEST_F(HttpClientTest, ConnectionThatThePeerClosedIsNotUsedAgain) {
  EXPECT_EQ(exchange(kEmptyOk).code, Code::kOk);
  probes_[0]->close();
  world_.run_for(1s);
  EXPECT_EQ(exchange(kEmptyOk).code, Code::kOk);
  EXPECT_EQ(probes_.size(), 2u);
}

TEST_F(HttpClientTest, CloseWithoutAnAnswerIsBrokenOnceSomethingWasWritten) {
  EXPECT_EQ(exchange("", true).kind, Kind::kBroken);
}

TEST_F(HttpClientTest, HalfAnAnswerIsBroken) {
  EXPECT_EQ(exchange("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", true).kind, Kind::kBroken);
}

TEST_F(HttpClientTest, AnswerUpToTheEndOfTheConnectionCounts) {
  const ClientAnswer answer =
      exchange("HTTP/1.1 400 Bad\r\nContent-Type: text/plain\r\n\r\nwhy", true);
  EXPECT_EQ(answer.code, Code::kInvalidArgument);
  EXPECT_EQ(answer.message, "HTTP status 400: why");
}

TEST_F(HttpClientTest, GarbageIsBroken) {
  EXPECT_EQ(exchange("SSH-2.0-OpenSSH_9.2\r\n\r\n").kind, Kind::kBroken);
}

TEST_F(HttpClientTest, AWrongPortIsNamed) {
  const ClientAnswer tls = exchange(std::string("\x15\x03\x03\x00\x02\x02\x46", 7), true);
  EXPECT_TRUE(tls.message.contains("this port speaks TLS")) << tls.message;
  const ClientAnswer grpc =
      exchange(std::string("\0\0\x06\x04\0\0\0\0\0", 9) + "\0\x04\0\0\xff\xff");
  EXPECT_TRUE(grpc.message.contains("this port speaks gRPC")) << grpc.message;
  const ClientAnswer silent = exchange("", true);
  EXPECT_TRUE(silent.message.contains("before it said anything")) << silent.message;
}

TEST_F(HttpClientTest, AnswerBeforeTheWholeRequestIsTaken) {
  listen();
  const auto answer = send(std::string(4 << 20, 'x'));
  ASSERT_TRUE(world_.run_until([&] { return !probes_.empty(); }, 1min));
  probes_[0]->reads = false;
  probes_[0]->update_interest();
  probes_[0]->send(response("413 Too Large", "", ""));
  const ClientAnswer got = wait(answer);
  EXPECT_EQ(got.http_status, 413);
  EXPECT_TRUE(got.too_large);
  world_.run_for(1s);
  EXPECT_EQ(client_->in_flight_count(), 0u);
}

TEST_F(HttpClientTest, StatusesHaveTheirCodes) {
  const std::vector<std::pair<std::string, Code>> cases = {{"202 Accepted", Code::kOk},
                                                           {"302 Found", Code::kUnknown},
                                                           {"400 Bad", Code::kInvalidArgument},
                                                           {"401 No", Code::kUnauthenticated},
                                                           {"403 No", Code::kPermissionDenied},
                                                           {"404 No", Code::kUnimplemented},
                                                           {"429 Slow", Code::kResourceExhausted},
                                                           {"500 Oops", Code::kInternal},
                                                           {"502 Bad", Code::kUnavailable},
                                                           {"503 Busy", Code::kUnavailable},
                                                           {"504 Late", Code::kUnavailable},
                                                           {"418 Tea", Code::kUnknown}};
  for (const auto& [status, code] : cases) {
    const ClientAnswer answer = exchange(response(status, "", ""));
    EXPECT_EQ(answer.kind, Kind::kAnswered);
    EXPECT_EQ(answer.code, code) << status;
    EXPECT_EQ(std::to_string(answer.http_status), status.substr(0, 3));
  }
}

TEST_F(HttpClientTest, RetryAfterIsSecondsOrADate) {
  EXPECT_EQ(exchange(response("503 Busy", "Retry-After: 7\r\n", "")).retry_after, Duration(7s));
  EXPECT_EQ(exchange(response("429 Busy", "Retry-After: soon\r\n", "")).retry_after, std::nullopt);
  const std::string date = http::write_http_date(client_loop_->wall_now() + 1h);
  const auto later =
      exchange(response("503 Busy", "Retry-After: " + date + "\r\n", "")).retry_after;
  ASSERT_TRUE(later.has_value());
  EXPECT_LT(*later, Duration(1h));
  EXPECT_GT(*later, Duration(1h) - Duration(1min));
  const std::string past = "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
  EXPECT_EQ(exchange(response("503 Busy", past, "")).retry_after, Duration(0));
}

TEST_F(HttpClientTest, StatusMessageOfTheBodyIsShown) {
  const std::string body = encode_rpc_status(
      {.code = Code::kUnavailable, .message = "queue is full", .retry_delay = Duration(2s)});
  const ClientAnswer answer =
      exchange(response("503 Busy", "Content-Type: application/x-protobuf\r\n", body));
  EXPECT_EQ(answer.message, "HTTP status 503: queue is full");
  EXPECT_EQ(answer.retry_after, Duration(2s));
}

TEST_F(HttpClientTest, CompressedResponseIsReadWithinTheLimit) {
  compress::Compressor gzip(compress::Coding::kGzip, compress::kDefaultLevel);
  const std::string fields = "Content-Type: application/json\r\nContent-Encoding: gzip\r\n";
  const Bytes small = *gzip.compress(Rope(Bytes::copy_of("{\"partialSuccess\":{}}")));
  const ClientAnswer good = exchange(response("200 OK", fields, small.text()));
  EXPECT_EQ(good.code, Code::kOk);
  EXPECT_TRUE(good.body_is_json);
  EXPECT_EQ(good.body.text(), "{\"partialSuccess\":{}}");
  const Bytes bomb = *gzip.compress(Rope(Bytes::copy_of(std::string(8 << 20, 'x'))));
  const ClientAnswer bad = exchange(response("200 OK", fields, bomb.text()));
  EXPECT_EQ(bad.kind, Kind::kAnswered);
  EXPECT_EQ(bad.code, Code::kInternal);
}

TEST_F(HttpClientTest, ResponseOverTheLimitEndsTheExchange) {
  const ClientAnswer answer = exchange(response("200 OK", "", std::string(5 << 20, 'x')));
  EXPECT_EQ(answer.kind, Kind::kAnswered);
  EXPECT_EQ(answer.code, Code::kInternal);
}

TEST_F(HttpClientTest, DeadlineEndsTheConnection) {
  listen();
  const ClientAnswer answer = wait(send("spans", 300ms));
  EXPECT_EQ(answer.kind, Kind::kTimedOut);
  world_.run_for(1s);
  EXPECT_TRUE(probes_[0]->over());
}

TEST_F(HttpClientTest, NobodyListensIsNotSent) {
  EXPECT_EQ(wait(send("spans", 1h)).kind, Kind::kNotSent);
}

TEST_F(HttpClientTest, SilenceWhileConnectingEndsAtTheConnectTimeout) {
  io::sim::NetworkFaults faults;
  faults.lose_connect = 1;
  faults.connect_timeout = 1h;
  world_.set_faults(faults);
  ClientOptions with = options();
  with.connect_timeout = 2s;
  client_ = make_http_client(*client_loop_, with);
  const MonotonicTime before = world_.now();
  EXPECT_EQ(wait(send("spans", 1h)).kind, Kind::kNotSent);
  EXPECT_LT(world_.now() - before, Duration(10s));
}

}  // namespace
}  // namespace millrace::transport
