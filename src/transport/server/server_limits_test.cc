// Limits on a peer, in either protocol: floods, silence, too many connections, too much
// announced. Each limit names itself to the observer, and the memory held is released.
#include <gtest/gtest.h>

#include <algorithm>

#include "transport/server/server_connection.h"
#include "transport/server/server_test_support.h"

namespace millrace::transport {
namespace {

using testing::Http2Peer;
using testing::ServerTest;

std::string frame(uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload) {
  std::string made;
  made += static_cast<char>(payload.size() >> 16);
  made += static_cast<char>(payload.size() >> 8);
  made += static_cast<char>(payload.size());
  made += static_cast<char>(type);
  made += static_cast<char>(flags);
  for (int shift = 24; shift >= 0; shift -= 8) made += static_cast<char>(stream >> shift);
  return made.append(payload);
}

constexpr std::string_view kGet = "GET /page HTTP/1.1\r\nhost: c\r\n\r\n";
// A literal field without indexing, "x: y" (RFC 7541 section 6.2.2).
constexpr std::string_view kField{"\0\1x\1y", 5};

class ServerLimitsTest : public ServerTest {
 protected:
  void expect_goaway(Http2Peer& peer, uint32_t code, std::string_view reason) {
    ASSERT_TRUE(run_until([&] { return !peer.goaways.empty(); })) << reason;
    EXPECT_EQ(peer.goaways[0].error, code) << reason;
    EXPECT_EQ(observer.reasons, std::vector<std::string>{std::string(reason)});
    EXPECT_TRUE(run_until([&] { return server->connection_count() == 0; })) << reason;
  }
  void serve_page(size_t body_bytes) {
    options.page_routes.push_back({"/page", [body_bytes](const PageRequest&) {
                                     return PageReply{.body = std::string(body_bytes, 'p')};
                                   }});
  }
};

TEST_F(ServerLimitsTest, ContinuationFloodIsToldToCalmDown) {
  start();
  auto peer = http2();
  world.run_for(10ms);
  std::string flood = frame(NGHTTP2_HEADERS, 0, 1, kField);
  for (int i = 0; i < 100; ++i) flood += frame(NGHTTP2_CONTINUATION, 0, 1, kField);
  peer->peer.send(flood);
  expect_goaway(*peer, NGHTTP2_ENHANCE_YOUR_CALM, "header_flood");
  EXPECT_TRUE(handler.requests.empty());
}

struct Flood {
  const char* name;
  std::string frame;
};

TEST_F(ServerLimitsTest, FramesThatCostTheirSenderNothingAreCounted) {
  options.ping_min_interval = Duration::zero();
  options.ping_without_stream = true;
  start();
  const Flood kFloods[] = {
      {"SETTINGS", frame(NGHTTP2_SETTINGS, 0, 0, "")},
      {"PING", frame(NGHTTP2_PING, 0, 0, "12345678")},
      {"PRIORITY", frame(NGHTTP2_PRIORITY, 0, 1, std::string("\0\0\0\0\1", 5))},
  };
  for (const Flood& flood : kFloods) {
    SCOPED_TRACE(flood.name);
    observer.reasons.clear();
    auto peer = raw();
    peer->send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(NGHTTP2_SETTINGS, 0, 0, ""));
    std::string portion;
    for (int i = 0; i < 500; ++i) portion += flood.frame;
    // In portions, so that acknowledgements are sent between them.
    for (int i = 0; i < 60 && observer.reasons.empty(); ++i) {
      peer->send(portion);
      world.run_for(5ms);
    }
    EXPECT_EQ(observer.reasons, std::vector<std::string>{"frame_flood"});
    EXPECT_TRUE(run_until([&] { return server->connection_count() == 0; }));
  }
}

TEST_F(ServerLimitsTest, EmptyDataFramesAreCounted) {
  start();
  auto peer = http2();
  const int32_t id = peer->request(Http2Peer::grpc_fields(Signal::kTraces), "", false);
  world.run_for(10ms);
  std::string flood;
  for (int i = 0; i < 12'000; ++i) {
    flood += frame(NGHTTP2_DATA, 0, static_cast<uint32_t>(id), "");
  }
  peer->peer.send(flood);
  expect_goaway(*peer, NGHTTP2_ENHANCE_YOUR_CALM, "frame_flood");
}

TEST_F(ServerLimitsTest, HalfAHeaderSectionThenSilenceEndsTheHttp2Connection) {
  options.header_timeout = 5s;
  start();
  auto peer = http2();
  world.run_for(10ms);
  peer->peer.send(frame(NGHTTP2_HEADERS, 0, 1, kField));
  world.run_for(4s);
  EXPECT_TRUE(peer->goaways.empty());
  ASSERT_TRUE(run_until([&] { return !peer->goaways.empty(); }, 2s));
  ASSERT_TRUE(run_until([&] { return server->connection_count() == 0; }, 5s));
  EXPECT_EQ(observer.reasons, std::vector<std::string>{"timeout"});
}

TEST_F(ServerLimitsTest, AHeaderSectionThatTricklesHasNoMoreTime) {
  options.header_timeout = 5s;
  start();
  auto peer = http2();
  world.run_for(10ms);
  const std::string head = frame(NGHTTP2_HEADERS, 0, 1, kField);
  peer->peer.send(head.substr(0, 10));  // the frame's head and a byte
  for (size_t at = 10; at < head.size(); ++at) {
    world.run_for(1s);
    peer->peer.send(head.substr(at, 1));
  }
  EXPECT_TRUE(peer->goaways.empty());
  ASSERT_TRUE(run_until([&] { return !peer->goaways.empty(); }, 2s));
  EXPECT_EQ(observer.reasons, std::vector<std::string>{"timeout"});
}

TEST_F(ServerLimitsTest, AnEndedHeaderSectionHasNoTimeout) {
  options.header_timeout = 5s;
  handler.hold = true;
  start();
  auto peer = http2();
  peer->grpc("x");
  world.run_for(20s);
  EXPECT_TRUE(peer->goaways.empty());
  EXPECT_EQ(server->connection_count(), 1U);
  EXPECT_TRUE(observer.reasons.empty());
}

TEST_F(ServerLimitsTest, AHeaderTimeoutOfZeroIsNone) {
  options.header_timeout = 0s;
  start();
  auto peer = http2();
  world.run_for(10ms);
  peer->peer.send(frame(NGHTTP2_HEADERS, 0, 1, kField));
  world.run_for(10min);
  EXPECT_TRUE(peer->goaways.empty());
  EXPECT_EQ(server->connection_count(), 1U);
}

TEST_F(ServerLimitsTest, OneByteThenSilenceEndsTheConnection) {
  options.header_timeout = 5s;
  start();
  auto peer = raw();
  peer->send("P");
  world.run_for(4s);
  EXPECT_EQ(server->connection_count(), 1u);
  ASSERT_TRUE(run_until([&] { return server->connection_count() == 0; }, 3s));
  EXPECT_EQ(observer.reasons, std::vector<std::string>{"timeout"});
}

TEST_F(ServerLimitsTest, WhoDoesNotReadItsAnswersIsClosed) {
  options.write_timeout = 10s;
  serve_page(16 << 20);
  start();
  auto peer = raw();
  peer->stop_reading();
  peer->send(kGet);
  world.run_for(8s);
  EXPECT_EQ(server->connection_count(), 1u);
  ASSERT_TRUE(run_until([&] { return server->connection_count() == 0; }, 5s));
  EXPECT_EQ(observer.reasons, std::vector<std::string>{"write_timeout"});
}

TEST_F(ServerLimitsTest, IdleConnectionsEndOnlyWithoutRequests) {
  options.idle_max = 10s;
  handler.hold = true;
  start();
  auto idle = http2();
  auto busy = http2();
  const int32_t id = busy->grpc("x");
  auto idle_http1 = raw();
  idle_http1->send("GET /nothing HTTP/1.1\r\nhost: c\r\n\r\n");
  ASSERT_TRUE(run_until([&] { return idle_http1->ended; }, 15s));
  // This client does not answer pings, so the second GOAWAY comes when the wait for that is over.
  ASSERT_TRUE(run_until([&] { return idle->peer.ended; }, 6s));
  ASSERT_FALSE(idle->goaways.empty());
  EXPECT_EQ(idle->goaways[0].error, static_cast<uint32_t>(NGHTTP2_NO_ERROR));
  idle->peer.close();
  idle_http1->close();
  ASSERT_TRUE(run_until([&] { return server->connection_count() == 1; }));
  EXPECT_TRUE(busy->goaways.empty());
  handler.held.at(0).reply(Reply());
  EXPECT_EQ(answer_of(*busy, id).fields.at("grpc-status"), "0");
  EXPECT_TRUE(run_until([&] { return server->connection_count() == 0; }, 20s));
}

TEST_F(ServerLimitsTest, UnfinishedBodiesOfOneConnectionAreBounded) {
  options.announced_bytes_max = 1 << 20;
  start();
  auto peer = http2();
  const std::string large = Http2Peer::framed(std::string(700 << 10, 'x'));
  const auto half = [&] {
    return peer->request(Http2Peer::grpc_fields(Signal::kTraces), large.substr(0, 1000), false);
  };
  const int32_t first = half();
  ASSERT_TRUE(run_until([&] { return budget->used() > 700 << 10; }));
  const int32_t second = half();
  EXPECT_EQ(answer_of(*peer, second).fields.at("grpc-status"), "14");
  EXPECT_EQ(observer.reasons, std::vector<std::string>{"announced_bytes"});
  EXPECT_FALSE(peer->responses[first].closed);
  // Another connection is another account.
  auto other = http2();
  EXPECT_EQ(answer_of(*other, other->grpc(std::string(700 << 10, 'y'))).fields.at("grpc-status"),
            "0");
}

TEST_F(ServerLimitsTest, RequestsSentAheadAreATermOfTheBudget) {
  handler.hold = true;
  start(kConnectionBytes + kPooledChunkBytes + 1000);
  auto peer = raw();
  const std::string request =
      "POST /v1/traces HTTP/1.1\r\nhost: c\r\ncontent-type: application/x-protobuf\r\n"
      "content-length: 1000\r\n\r\n" +
      std::string(1000, 'x');
  std::string all;
  for (int i = 0; i < 20; ++i) all += request;
  peer->send(all);
  ASSERT_TRUE(run_until([&] { return peer->ended; }));
  EXPECT_EQ(observer.reasons, std::vector<std::string>{"memory"});
  EXPECT_TRUE(run_until([&] { return server->connection_count() == 0; }));
}

TEST_F(ServerLimitsTest, WhoAsksWithoutReadingIsReadNoFurther) {
  constexpr size_t kPageBytes = 100'000;
  int served = 0;
  options.page_routes.push_back({"/page", [&served](const PageRequest&) {
                                   ++served;
                                   return PageReply{.body = std::string(kPageBytes, 'p')};
                                 }});
  start();
  auto peer = raw();
  peer->stop_reading();
  std::string all;
  for (int i = 0; i < 500; ++i) all += kGet;
  peer->send(all);
  world.run_for(5s);
  // As much as the network buffers, and a few that wait; not 50 MB.
  EXPECT_LT(served, 50);
}

TEST_F(ServerLimitsTest, AnswersThatWaitForTheWindowAreATermOfTheBudgetAndGivenUp) {
  serve_page(100'000);
  options.write_timeout = 5s;
  start(1 << 20);
  auto peer = http2();
  const nghttp2_settings_entry closed{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0};
  nghttp2_submit_settings(peer->session, 0, &closed, 1);
  peer->flush();
  const Http2Peer::Fields get = {
      {":method", "GET"}, {":scheme", "http"}, {":path", "/page"}, {":authority", "c"}};
  std::vector<int32_t> ids;
  for (int i = 0; i < 30; ++i) ids.push_back(peer->request(get, ""));
  world.run_for(1s);
  EXPECT_GE(budget->used(), 900'000u);
  EXPECT_EQ(peer->responses[ids.back()].fields[":status"], "503") << "no memory for ever more";
  EXPECT_FALSE(peer->responses[ids.front()].closed);
  world.run_for(30s);
  EXPECT_EQ(budget->used(), kConnectionBytes + kPooledChunkBytes) << "where requests land";
  EXPECT_TRUE(peer->responses[ids.front()].closed);
  EXPECT_EQ(peer->responses[ids.front()].error, static_cast<uint32_t>(NGHTTP2_CANCEL));
  EXPECT_EQ(server->connection_count(), 1u) << "only the answers are given up";
  EXPECT_EQ(std::ranges::count(observer.reasons, "write_timeout"),
            30 - std::ranges::count(observer.reasons, "memory"));
}

TEST_F(ServerLimitsTest, ASlowlyReadAnswerIsWaitedFor) {
  serve_page(100'000);
  options.write_timeout = 2s;
  start(1 << 20);
  auto peer = http2();
  const nghttp2_settings_entry closed{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0};
  nghttp2_submit_settings(peer->session, 0, &closed, 1);
  const int32_t id = peer->request(
      {{":method", "GET"}, {":scheme", "http"}, {":path", "/page"}, {":authority", "c"}}, "");
  for (int i = 0; i < 10; ++i) {
    world.run_for(1s);
    nghttp2_submit_window_update(peer->session, 0, id, 10'000);
    peer->flush();
  }
  const auto& response = answer_of(*peer, id);
  EXPECT_EQ(response.body.size(), 100'000u);
  EXPECT_EQ(response.error, 0u);
  EXPECT_TRUE(observer.reasons.empty());
}

TEST_F(ServerLimitsTest, PipelinedPagesAreAllAnsweredInTheirTime) {
  serve_page(30'000);
  start();
  auto peer = raw();
  std::string all;
  for (int i = 0; i < 200; ++i) all += kGet;
  peer->send(all);
  EXPECT_TRUE(run_until([&] { return peer->received.size() > 200 * 30'000; }));
  EXPECT_TRUE(observer.reasons.empty());
}

}  // namespace
}  // namespace millrace::transport
