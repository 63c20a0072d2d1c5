#include <gtest/gtest.h>

#include "compress/compressor.h"
#include "transport/rpc_status.h"
#include "transport/server/server_connection.h"
#include "transport/server/server_test_support.h"

namespace millrace::transport {
namespace {

using testing::RawPeer;

class HttpServerTest : public testing::ServerTest {
 protected:
  HttpServerTest() {
    options.page_routes.push_back({"/health", [](const PageRequest& request) {
                                     PageReply page;
                                     page.body = request.method + " " + request.query;
                                     return page;
                                   }});
  }
  // Sends, and waits until `count` answers with their bodies have come or the peer has closed.
  std::string exchange(RawPeer& peer, std::string_view bytes, size_t count = 1) {
    peer.received.clear();
    peer.send(bytes);
    run_until([&] { return peer.ended || answers_in(peer.received) >= count; });
    return peer.received;
  }
  std::string exchange(std::string_view bytes, size_t count = 1) {
    auto peer = raw();
    return exchange(*peer, bytes, count);
  }
  static size_t answers_in(std::string_view text) {
    size_t count = 0;
    for (size_t at = 0; (at = text.find("\r\n\r\n", at)) != std::string_view::npos; ++count) {
      const size_t field = text.rfind("content-length: ", at);
      at += 4;
      if (field != std::string_view::npos && field < at) {
        const size_t size = std::stoul(std::string(text.substr(field + 16, 10)));
        if (text.size() - at < size) break;
        at += size;
      }
    }
    return count;
  }
  static std::string post(std::string_view path, std::string_view type, std::string_view body,
                          std::string_view more = "") {
    return "POST " + std::string(path) +
           " HTTP/1.1\r\nHost: c\r\nContent-Type: " + std::string(type) +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string(more) +
           "\r\n" + std::string(body);
  }
  static bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
  }
};

constexpr std::string_view kProtobuf = "application/x-protobuf";

TEST_F(HttpServerTest, ProtobufIsAnsweredWithAnEmptyMessageAndTheConnectionIsKept) {
  start();
  auto peer = raw();
  for (int i = 0; i < 3; ++i) {
    const std::string answer = exchange(*peer, post("/v1/traces", kProtobuf, "hello"));
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
    EXPECT_TRUE(has(answer, "content-type: application/x-protobuf\r\ncontent-length: 0\r\n"));
    EXPECT_FALSE(has(answer, "connection:"));
  }
  EXPECT_EQ(handler.bodies, (std::vector<std::string>{"hello", "hello", "hello"}));
  EXPECT_EQ(server->connection_count(), 1u);
}

TEST_F(HttpServerTest, JsonIsAnsweredInJson) {
  start();
  const std::string answer = exchange(post("/v1/logs", "application/json; charset=utf-8", "{}"));
  EXPECT_TRUE(has(answer, "content-type: application/json\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n{\"partialSuccess\":{}}"));
  EXPECT_EQ(handler.requests.at(0).format, BodyFormat::kJson);
  EXPECT_EQ(handler.requests.at(0).signal, Signal::kLogs);
}

TEST_F(HttpServerTest, EveryCutOfARequestGivesTheSameBody) {
  start();
  const std::string chunked =
      "POST /v1/traces HTTP/1.1\r\nhost: c\r\ncontent-type: application/x-protobuf\r\n"
      "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\nt: v\r\n\r\n";
  for (const std::string& whole : {post("/v1/traces", kProtobuf, "hello, world"), chunked}) {
    for (size_t cut = 1; cut < whole.size(); ++cut) {
      auto peer = raw();
      peer->send(std::string_view(whole).substr(0, cut));
      world.run_for(5ms);
      peer->send(std::string_view(whole).substr(cut));
      ASSERT_TRUE(run_until([&] { return answers_in(peer->received) == 1; })) << cut;
      ASSERT_EQ(handler.bodies.back(), "hello, world") << cut;
    }
  }
}

TEST_F(HttpServerTest, PipelinedRequestsAreAnsweredInOrder) {
  start();
  const std::string one = post("/v1/traces", kProtobuf, "one");
  const std::string page = "GET /health?2 HTTP/1.1\r\nhost: c\r\n\r\n";
  const std::string answer =
      exchange(one + page + post("/v1/metrics", "application/json", "{}") + one, 4);
  EXPECT_EQ(answers_in(answer), 4u);
  EXPECT_LT(answer.find("GET 2"), answer.find("partialSuccess"));
  EXPECT_EQ(handler.bodies, (std::vector<std::string>{"one", "{}", "one"}));
}

TEST_F(HttpServerTest, MistakesAreNamed) {
  options.header_bytes_max = 1024;
  options.http_body_bytes_max = 100;
  start();
  const std::string long_field = "x: " + std::string(2000, 'a') + "\r\n";
  const struct {
    std::string request;
    std::string_view status, text, reason;
  } kCases[] = {
      {post("/v1/nothing", kProtobuf, "x"), "404",
       "404 page not found: \"/v1/nothing\"; OTLP is served at /v1/traces", "bad_path"},
      {post("/v1/profiles", kProtobuf, "x"), "404",
       "404 page not found: \"/v1/profiles\"; OTLP is served at /v1/traces", "bad_path"},
      {"GET /v1/traces HTTP/1.1\r\nhost: c\r\n\r\n", "405", "supported: [POST]", "wrong_method"},
      {post("/v1/traces", "text/plain", "x"), "415",
       "supported: [application/json, application/x-protobuf]", "wrong_content_type"},
      {post("/v1/traces", "application/grpc", "x"), "415", "gRPC needs HTTP/2", "grpc_over_http1"},
      {post("/v1/traces", "application/json", "x", "content-encoding: br\r\n"), "400",
       R"({"code":3,"message":"unsupported Content-Encoding: br"})", "bad_compression"},
      {post("/v1/traces", "application/json", "xx", "content-encoding: gzip\r\n"), "400",
       R"({"code":3,"message":"the body cannot be decompressed)", "bad_compression"},
      {post("/v1/traces", kProtobuf, std::string(101, 'x')), "413", "too large", "too_large"},
      {"POST /v1/traces HTTP/1.1\r\nhost: c\r\n" + long_field + "\r\n", "431", "1024",
       "header_too_large"},
      {"POST /v1/traces HTTP/1.1\r\nhost: c\r\ncontent-length: 3\r\ntransfer-encoding: "
       "chunked\r\n\r\n0\r\n\r\n",
       "400", "", "smuggling"},
      {"POST /v1/traces HTTP/1.1\r\nhost: c\r\ntransfer-encoding: gzip, chunked\r\n\r\n", "501",
       "chunked", "bad_http"},
      {"POST /v1/traces HTTP/1.1\r\nhost: c\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\n",
       "400", "", "bad_http"},
      {"POST /v1/traces HTTP/1.1\r\n\r\n", "400", "", "bad_http"},
      {"POST /v1/traces HTTP/1.1\r\nhost c\r\n\r\n", "400", "malformed", "bad_http"},
  };
  for (const auto& [request, status, text, reason] : kCases) {
    observer.reasons.clear();
    const std::string answer = exchange(request);
    EXPECT_EQ(answer.substr(0, 12), "HTTP/1.1 " + std::string(status)) << request;
    EXPECT_TRUE(has(answer, text)) << answer;
    ASSERT_EQ(observer.reasons.size(), 1u) << request;
    EXPECT_EQ(observer.reasons[0], reason) << request;
  }
  EXPECT_TRUE(handler.bodies.empty());
}

TEST_F(HttpServerTest, AfterARefusalTheConnectionIsStillOfUse) {
  options.http_body_bytes_max = 100;
  start();
  auto peer = raw();
  const std::string answers = exchange(*peer,
                                       post("/v1/traces", kProtobuf, std::string(70'000, 'x')) +
                                           post("/v1/traces", kProtobuf, "fits"),
                                       2);
  EXPECT_TRUE(answers.starts_with("HTTP/1.1 413 "));
  EXPECT_TRUE(has(answers, "HTTP/1.1 200 OK"));
  EXPECT_EQ(handler.bodies, std::vector<std::string>{"fits"});
}

TEST_F(HttpServerTest, ChunkedBodyOverTheLimitIs413) {
  options.http_body_bytes_max = 100;
  start();
  const std::string answer = exchange(
      "POST /v1/traces HTTP/1.1\r\nhost: c\r\ncontent-type: application/json\r\n"
      "transfer-encoding: chunked\r\n\r\n64\r\n" +
      std::string(100, 'x') + "\r\n1\r\nx\r\n0\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 413 ")) << answer;
  EXPECT_TRUE(has(answer, "content-type: application/json"));
  EXPECT_FALSE(has(answer, "retry-after"));
}

TEST_F(HttpServerTest, OverTheMemoryBudgetIs503WithRetryAfter) {
  start(100'000);  // not even one chunk
  auto peer = raw();
  const std::string answer = exchange(*peer, post("/v1/traces", "application/json", "{}"));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 ")) << answer;
  EXPECT_TRUE(has(answer, "\r\nretry-after: 1\r\n"));
  EXPECT_TRUE(has(answer, "\"code\":14"));
  EXPECT_EQ(observer.reasons.at(0), "memory");
  EXPECT_EQ(budget->used(), kConnectionBytes);
  EXPECT_TRUE(has(exchange(*peer, "GET /health HTTP/1.1\r\nhost: c\r\n\r\n"), "200 OK"));
}

TEST_F(HttpServerTest, ExpectIsAnsweredBeforeTheBody) {
  start();
  auto peer = raw();
  peer->send(
      "POST /v1/traces HTTP/1.1\r\nhost: c\r\ncontent-type: application/json\r\n"
      "expect: 100-continue\r\ncontent-length: 2\r\n\r\n");
  ASSERT_TRUE(run_until([&] { return peer->received == "HTTP/1.1 100 Continue\r\n\r\n"; }));
  EXPECT_TRUE(has(exchange(*peer, "{}"), "HTTP/1.1 200 OK"));
}

TEST_F(HttpServerTest, RefusedExpectClosesTheConnection) {
  start();
  auto peer = raw();
  const std::string answer =
      exchange(*peer,
               "POST /v1/traces HTTP/1.1\r\nhost: c\r\ncontent-type: application/json\r\n"
               "expect: 100-continue\r\ncontent-length: 99999999\r\n\r\n");
  EXPECT_TRUE(has(answer, "HTTP/1.1 413"));
  EXPECT_TRUE(has(answer, "connection: close"));
  EXPECT_TRUE(run_until([&] { return peer->ended; }));
}

TEST_F(HttpServerTest, OldVersionsAndCloseEndTheConnection) {
  start();
  for (const std::string& request :
       {std::string("GET /health HTTP/1.0\r\n\r\n"),
        std::string("GET /health HTTP/1.1\r\nhost: c\r\nconnection: close\r\n\r\n")}) {
    auto peer = raw();
    EXPECT_TRUE(has(exchange(*peer, request), "connection: close")) << request;
    EXPECT_TRUE(run_until([&] { return peer->ended; }));
  }
  auto peer = raw();
  EXPECT_TRUE(has(exchange(*peer, "GET /health HTTP/1.0\r\nconnection: keep-alive\r\n\r\n"),
                  "connection: keep-alive"));
}

TEST_F(HttpServerTest, HeadHasNoBody) {
  start();
  const std::string answer = exchange("HEAD /health HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(has(answer, "content-length: 5\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(HttpServerTest, HalfARequestThenSilenceIs408) {
  start();
  const std::string whole = post("/v1/traces", kProtobuf, "hello");
  for (const size_t cut : {size_t{30}, whole.size() - 2}) {
    observer.reasons.clear();
    auto peer = raw();
    peer->send(std::string_view(whole).substr(0, cut));
    ASSERT_TRUE(run_until([&] { return peer->ended; }, 70s)) << cut;
    EXPECT_TRUE(peer->received.starts_with("HTTP/1.1 408 ")) << cut;
    EXPECT_EQ(observer.reasons, std::vector<std::string>{"timeout"});
  }
  ASSERT_TRUE(run_until([&] { return server->connection_count() == 0; }));
  EXPECT_LE(budget->used(), kPooledChunkBytes);  // the one that lies ready for the next reader
}

TEST_F(HttpServerTest, GzipBodiesAreUndoneWithAndWithoutLength) {
  start();
  const std::string text(5000, 'z');
  compress::Compressor compressor(compress::Coding::kGzip, compress::kDefaultLevel);
  const auto packed = compressor.compress(Rope(Bytes::copy_of(text)));
  ASSERT_TRUE(packed);
  const std::string body(packed->text());
  exchange(post("/v1/traces", kProtobuf, body, "content-encoding: gzip\r\n"));
  char size[16];
  snprintf(size, sizeof size, "%zx", body.size());
  exchange(
      "POST /v1/traces HTTP/1.1\r\nhost: c\r\ncontent-type: application/x-protobuf\r\n"
      "content-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n" +
      std::string(size) + "\r\n" + body + "\r\n0\r\n\r\n");
  ASSERT_EQ(handler.bodies, (std::vector<std::string>{text, text}));
  EXPECT_EQ(handler.requests[0].wire_bytes, body.size());
}

TEST_F(HttpServerTest, EveryContentEncodingOfOtelcolButLz4IsUndone) {
  start();
  const std::string text(5000, 'z');
  for (const auto coding :
       {compress::Coding::kGzip, compress::Coding::kZstd, compress::Coding::kDeflate,
        compress::Coding::kZlib, compress::Coding::kSnappy, compress::Coding::kSnappyFramed}) {
    const std::string name(compress::coding_name(coding));
    const auto packed =
        compress::Compressor(coding, compress::kDefaultLevel).compress(Rope(Bytes::copy_of(text)));
    ASSERT_TRUE(packed);
    exchange(post("/v1/traces", kProtobuf, packed->text(), "content-encoding: " + name + "\r\n"));
    ASSERT_FALSE(handler.bodies.empty()) << name;
    EXPECT_TRUE(handler.bodies.back() == text) << name;
  }
  EXPECT_EQ(handler.bodies.size(), 6u);
  // The framed format under the name of the block, as older collectors send it.
  const auto framed =
      compress::Compressor(compress::Coding::kSnappyFramed, 1).compress(Rope(Bytes::copy_of(text)));
  exchange(post("/v1/traces", kProtobuf, framed->text(), "content-encoding: snappy\r\n"));
  EXPECT_TRUE(handler.bodies.size() == 7 && handler.bodies.back() == text);
}

TEST_F(HttpServerTest, AZipBombIs413) {
  options.http_body_bytes_max = 1 << 20;
  start();
  compress::Compressor compressor(compress::Coding::kGzip, compress::kDefaultLevel);
  const auto packed = compressor.compress(Rope(Bytes::copy_of(std::string(8 << 20, '\0'))));
  ASSERT_TRUE(packed);
  const std::string answer =
      exchange(post("/v1/traces", kProtobuf, packed->text(), "content-encoding: gzip\r\n"));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 413 ")) << answer;
  EXPECT_EQ(observer.reasons, std::vector<std::string>{"too_large"});
}

TEST_F(HttpServerTest, PreflightAndOriginsFollowCors) {
  options.cors.allowed_origins = {"https://*.example.com"};
  options.cors.allowed_headers = {"x-tenant"};
  options.cors.max_age_s = 7200;
  options.response_headers = {{"x-served-by", "millrace"}};
  start();
  const std::string preflight = exchange(
      "OPTIONS /v1/traces HTTP/1.1\r\nhost: c\r\norigin: https://a.example.com\r\n"
      "access-control-request-method: POST\r\n\r\n");
  EXPECT_TRUE(preflight.starts_with("HTTP/1.1 204 "));
  EXPECT_TRUE(has(preflight, "access-control-allow-origin: https://a.example.com\r\n"));
  EXPECT_TRUE(has(preflight, "access-control-allow-headers: content-type, x-tenant\r\n"));
  EXPECT_TRUE(has(preflight, "access-control-max-age: 7200\r\n"));
  EXPECT_TRUE(has(
      exchange(post("/v1/traces", "application/json", "{}", "origin: https://b.example.com\r\n")),
      "access-control-allow-origin: https://b.example.com\r\n"));
  const std::string other =
      exchange(post("/v1/traces", "application/json", "{}", "origin: https://evil.test\r\n"));
  EXPECT_FALSE(has(other, "access-control"));
  EXPECT_TRUE(has(other, "x-served-by: millrace\r\n"));
}

TEST_F(HttpServerTest, TlsOnAClearTextPortIsReportedWithThePort) {
  options.port_protocol = Protocol::kHttp;
  observer.last_protocol = Protocol::kGrpc;
  start();
  auto peer = raw();
  peer->send(std::string_view("\x16\x03\x01\x02\x00\x01", 6));
  EXPECT_TRUE(run_until([&] { return peer->ended; }));
  EXPECT_EQ(observer.reasons, std::vector<std::string>{"tls_on_clear_text_port"});
  EXPECT_TRUE(observer.details[0].contains(address + ", which has no tls")) << observer.details[0];
  EXPECT_EQ(observer.last_protocol, Protocol::kHttp) << "although the port serves gRPC as well";
}

TEST_F(HttpServerTest, WhatIsNoRequestLineEndsTheConnection) {
  start();
  EXPECT_EQ(exchange("INVALID CONNECTION PREFACE\r\n\r\n"), "");
  EXPECT_EQ(observer.reasons, std::vector<std::string>{"not_http"});
}

TEST_F(HttpServerTest, HttpIsNotServedWhereItIsOff) {
  options.serves_http = false;
  start();
  const std::string answer = exchange(post("/v1/traces", kProtobuf, "x"));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 404 "));
  EXPECT_EQ(observer.reasons, std::vector<std::string>{"http_not_served"});
}

TEST_F(HttpServerTest, MetadataIsKeptWhenAskedFor) {
  options.include_metadata = true;
  start();
  exchange(post("/v1/traces", kProtobuf, "x", "X-Tenant: acme\r\n"));
  ASSERT_TRUE(handler.requests.at(0).metadata);
  EXPECT_EQ(handler.requests[0].metadata->find("x-tenant"), "acme");
  EXPECT_TRUE(handler.requests[0].metadata->client_address.starts_with("10."));
}

TEST_F(HttpServerTest, AHeaderThatIsNotUtf8IsRepairedInTheMetadata) {
  options.include_metadata = true;
  start();
  exchange(post("/v1/traces", kProtobuf, "x", "X-Tenant: caf\xe9\r\n"));
  ASSERT_TRUE(handler.requests.at(0).metadata);
  EXPECT_EQ(handler.requests[0].metadata->find("x-tenant"), "caf\xef\xbf\xbd");
}

TEST_F(HttpServerTest, MetadataIsReservedAndRefusedWithoutRoom) {
  options.include_metadata = true;
  handler.hold = true;
  start();
  const std::string header = "X-Tenant: " + std::string(4000, 'a') + "\r\n";
  auto peer = raw();
  peer->send(post("/v1/traces", kProtobuf, "x", header));
  ASSERT_TRUE(run_until([&] { return handler.requests.size() == 1; }));
  const size_t with_one = budget->used(MemoryTerm::kMessages);
  auto second = raw();
  second->send(post("/v1/traces", kProtobuf, "x", header));
  ASSERT_TRUE(run_until([&] { return handler.requests.size() == 2; }));
  EXPECT_GE(budget->used(MemoryTerm::kMessages), with_one + 4000);
  auto third = raw();
  exchange(*third, post("/v1/traces", "text/plain", "x"));  // refused for its type
  const Reservation rest = Reservation::try_make(
      *budget, MemoryTerm::kMessages, budget->limit_of_messages() - budget->used() - 2000);
  ASSERT_TRUE(rest);
  const std::string answer = exchange(*third, post("/v1/traces", kProtobuf, "x", header));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 ")) << answer;
  EXPECT_TRUE(answer.contains("retry-after")) << answer;
  EXPECT_EQ(handler.requests.size(), 2u);
}

TEST_F(HttpServerTest, DrainFinishesTheRequestUnderWay) {
  handler.hold = true;
  start();
  auto idle = raw();
  auto busy = raw();
  exchange(*idle, "GET /health HTTP/1.1\r\nhost: c\r\n\r\n");
  busy->send(post("/v1/traces", kProtobuf, "x"));
  ASSERT_TRUE(run_until([&] { return !handler.held.empty(); }));
  bool drained = false;
  server->drain([&] { drained = true; });
  ASSERT_TRUE(run_until([&] { return idle->ended; }));
  EXPECT_FALSE(drained);
  handler.held[0].reply(Reply());
  ASSERT_TRUE(run_until([&] { return drained && busy->ended; }));
  EXPECT_TRUE(has(busy->received, "HTTP/1.1 200 OK"));
  EXPECT_TRUE(has(busy->received, "connection: close"));
}

TEST_F(HttpServerTest, APlainRouteTakesAnyTypeAndAnswersWithoutABodyOrWithText) {
  options.otlp_routes = {{Signal::kTraces, "/api/v2/spans", &handler, RouteStyle::kPlain}};
  start();
  const std::string accepted = exchange(post("/api/v2/spans", "text/plain", "[]"));
  EXPECT_TRUE(accepted.starts_with("HTTP/1.1 202 ")) << accepted;
  EXPECT_TRUE(has(accepted, "content-length: 0\r\n")) << accepted;
  ASSERT_EQ(handler.requests.size(), 1u);
  EXPECT_EQ(handler.requests[0].format, BodyFormat::kJson);
  handler.answer.code = Code::kInvalidArgument;
  handler.answer.message = "spans[0].id: is missing";
  const std::string refused = exchange(post("/api/v2/spans", kProtobuf, "x"));
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 400 ")) << refused;
  EXPECT_TRUE(has(refused, "text/plain")) << refused;
  EXPECT_TRUE(refused.ends_with("spans[0].id: is missing\n")) << refused;
  EXPECT_EQ(handler.requests[1].format, BodyFormat::kProtobuf);
  EXPECT_TRUE(has(exchange(post("/api/v1/spans", "application/json", "[]")),
                  "this port serves /api/v2/spans"));
}

}  // namespace
}  // namespace millrace::transport
