// Peers that make the server hold or do more than they pay for: answers that no peer reads, header
// sections that inflate, a connection that would take the whole turn. The bound is what is tested;
// what a peer may do within it is in the other tests.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>

#include "transport/grpc_path.h"
#include "transport/server/server_connection.h"
#include "transport/server/server_test_support.h"
#include "transport/server/stream_memory.h"

namespace millrace::transport {
namespace {

using testing::Http2Peer;
using testing::RawPeer;
using testing::ServerTest;

constexpr size_t kStreamIncrement = 2;

std::string frame(uint8_t type, uint8_t flags, size_t stream, std::string_view payload) {
  std::string made;
  for (int shift = 16; shift >= 0; shift -= 8) made += static_cast<char>(payload.size() >> shift);
  made += static_cast<char>(type);
  made += static_cast<char>(flags);
  for (int shift = 24; shift >= 0; shift -= 8) made += static_cast<char>(stream >> shift);
  return made.append(payload);
}

std::string hpack_integer(size_t value, int bits, uint8_t first) {
  const size_t most = (size_t{1} << bits) - 1;
  if (value < most) return {static_cast<char>(first | value)};
  std::string made(1, static_cast<char>(first | most));
  for (value -= most; value >= 128; value >>= 7) made += static_cast<char>((value & 127) | 128);
  return made += static_cast<char>(value);
}

// RFC 7541, section 6.2: 0x00 without indexing, 0x40 with.
std::string field(std::string_view name, std::string_view value, uint8_t indexing = 0) {
  std::string made(1, static_cast<char>(indexing));
  made += hpack_integer(name.size(), 7, 0);
  made += name;
  made += hpack_integer(value.size(), 7, 0);
  return made += value;
}

std::string head_of(std::string_view path, std::string_view method = "POST",
                    std::string_view content_type = "application/grpc") {
  return field(":method", method) + field(":scheme", "http") + field(":path", path) +
         field(":authority", "c") + field("content-type", content_type);
}

constexpr uint8_t kWhole = NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM;

std::string opening(uint32_t window = INT32_MAX) {
  std::string settings("\0\4", 2);
  for (int shift = 24; shift >= 0; shift -= 8) settings += static_cast<char>(window >> shift);
  // The window of the connection is out of the way.
  return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(NGHTTP2_SETTINGS, 0, 0, settings) +
         frame(NGHTTP2_WINDOW_UPDATE, 0, 0, {"\x3f\xff\xff\xff", 4});
}

std::string many(size_t count, const std::string& block, uint8_t flags = kWhole, size_t first = 1) {
  std::string all;
  for (size_t i = 0; i < count; ++i) {
    all += frame(NGHTTP2_HEADERS, flags, first + kStreamIncrement * i, block);
  }
  return all;
}

class ServerPressureTest : public ServerTest {
 protected:
  size_t count_of(std::string_view reason) const {
    return static_cast<size_t>(std::ranges::count(observer.reasons, reason));
  }
  bool ends(const std::string& sent, Duration limit) {
    auto peer = raw();
    peer->send(sent);
    return run_until([&] { return peer->ended; }, limit);
  }
};

TEST_F(ServerPressureTest, Http2AnswersThatNobodyReadsStopReading) {
  start();
  auto peer = raw();
  peer->stop_reading();
  peer->send(opening() + many(40'000, head_of("/nothing", "GET", "text/plain")));
  world.run_for(5s);
  // As much as the network buffers, and a few hundred that wait.
  EXPECT_LT(count_of("bad_path"), 12'000u);
  EXPECT_GT(count_of("bad_path"), 100u);
}

TEST_F(ServerPressureTest, ResetsThatNobodyReadsStopReading) {
  start();
  auto peer = raw();
  peer->stop_reading();
  const std::string sent = opening() + many(200'000, field("no-path", "x"));
  peer->send(sent);
  world.run_for(5s);
  EXPECT_LT(budget->used(), kConnectionBytes + 2 * kPooledChunkBytes);
  EXPECT_FALSE(peer->everything_sent()) << "resets of 13 bytes are not made for ever";
}

TEST_F(ServerPressureTest, AnswersThatWaitForTheSocketAreATermOfTheBudgetAndTimed) {
  options.write_timeout = 5s;
  start();
  auto peer = raw();
  peer->stop_reading();
  peer->send(opening() + many(40'000, head_of("/nothing", "GET", "text/plain")));
  world.run_for(1s);
  EXPECT_GT(budget->used(MemoryTerm::kAnswers), 10'000u);
  ASSERT_TRUE(run_until([&] { return server->connection_count() == 0; }, 10s));
  EXPECT_EQ(count_of("write_timeout"), 1u);
  EXPECT_EQ(budget->used(MemoryTerm::kAnswers), 0u);
}

TEST_F(ServerPressureTest, WhoReadsLateGetsEveryAnswer) {
  start();
  auto peer = raw();
  peer->stop_reading();
  peer->send(opening() + many(20'000, head_of("/nothing", "GET", "text/plain")));
  world.run_for(3s);
  const size_t before = count_of("bad_path");
  peer->start_reading();
  EXPECT_LT(before, 20'000u);
  EXPECT_TRUE(run_until([&] { return count_of("bad_path") == 20'000u; }, 20s));
  EXPECT_EQ(budget->used(MemoryTerm::kAnswers), 0u);
}

TEST_F(ServerPressureTest, OnePageOfHttp1IsATermOfTheBudgetWhileItWaits) {
  options.page_routes.push_back(
      {"/page", [](const PageRequest&) { return PageReply{.body = std::string(4 << 20, 'p')}; }});
  start();
  auto peer = raw();
  peer->stop_reading();
  peer->send("GET /page HTTP/1.1\r\nhost: c\r\n\r\n");
  world.run_for(1s);
  EXPECT_GT(budget->used(MemoryTerm::kAnswers), 4u << 20);
  peer->start_reading();
  EXPECT_TRUE(run_until([&] { return peer->received.size() > 4 << 20; }, 20s));
  world.run_for(100ms);
  EXPECT_EQ(budget->used(MemoryTerm::kAnswers), 0u);
}

TEST_F(ServerPressureTest, APageOfHttp1WithoutMemoryIsRefused) {
  options.page_routes.push_back(
      {"/page", [](const PageRequest&) { return PageReply{.body = std::string(4 << 20, 'p')}; }});
  start(2 << 20);
  auto peer = raw();
  peer->send("GET /page HTTP/1.1\r\nhost: c\r\n\r\n");
  ASSERT_TRUE(run_until([&] { return peer->ended; }));
  EXPECT_TRUE(peer->received.starts_with("HTTP/1.1 503 ")) << peer->received.substr(0, 100);
  EXPECT_EQ(observer.reasons, std::vector<std::string>{"memory"});
}

TEST_F(ServerPressureTest, StreamsWithoutMemoryThatStayOpenAreFew) {
  // Room for one connection and what it reads into, and for nothing else.
  start(kConnectionBytes + kPooledChunkBytes + 1000);
  auto peer = raw();
  // A window of 0 keeps the answers, which have bodies, from being sent.
  peer->send(opening(0) + many(200, head_of("/v1/traces", "POST", "application/json"),
                               NGHTTP2_FLAG_END_HEADERS));
  ASSERT_TRUE(run_until([&] { return count_of("memory") == 200 - kStreamsIncluded; }));
  world.run_for(100ms);
  size_t refused = 0;
  for (size_t at = 0; at + 13 <= peer->received.size(); ++at) {
    const std::string_view seen = std::string_view(peer->received).substr(at);
    refused += seen.starts_with(std::string_view("\0\0\4\3\0", 5)) && seen[12] == 7 ? 1 : 0;
  }
  EXPECT_EQ(refused, 200 - kStreamsIncluded - kStreamsUncovered) << "REFUSED_STREAM";
}

TEST_F(ServerPressureTest, SmallAnswersThatWaitForAWindowAreGivenUp) {
  options.write_timeout = 5s;
  start();
  auto peer = raw();
  const std::string message = Http2Peer::framed("x");
  std::string sent = opening(0);
  for (size_t i = 0; i < 100; ++i) {
    const size_t stream = 1 + kStreamIncrement * i;
    sent += frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, stream,
                  head_of(grpc_path_of(Signal::kTraces)));
    sent += frame(NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, stream, message);
  }
  peer->send(sent);
  ASSERT_TRUE(run_until([&] { return handler.bodies.size() == 100; }));
  ASSERT_TRUE(run_until([&] { return count_of("write_timeout") == 100; }, 10s));
  EXPECT_EQ(server->connection_count(), 1u);
}

TEST_F(ServerPressureTest, AHeaderBombEndsTheConnection) {
  start();
  const std::string learn = head_of("/nothing") + field("x", std::string(3900, 'v'), 0x40);
  const std::string bomb = head_of("/nothing") + std::string(12'000, static_cast<char>(0xbe));
  EXPECT_TRUE(ends(opening() + many(1, learn) + many(1, bomb, kWhole, 3), 3s));
  EXPECT_EQ(count_of("header_flood"), 1u);
  EXPECT_EQ(count_of("bad_path"), 1u) << "what came before it";
}

TEST_F(ServerPressureTest, ATrailerBombEndsTheConnection) {
  start();
  const std::string learn =
      head_of(grpc_path_of(Signal::kTraces)) + field("x", std::string(3900, 'v'), 0x40);
  const std::string bomb(12'000, static_cast<char>(0xbe));
  EXPECT_TRUE(ends(opening() + many(1, learn, NGHTTP2_FLAG_END_HEADERS) +
                       frame(NGHTTP2_HEADERS, kWhole, 1, bomb),
                   3s));
  EXPECT_EQ(count_of("header_flood"), 1u);
}

TEST_F(ServerPressureTest, ManySmallHeaderBombsEndTheConnection) {
  start();
  const std::string learn = head_of("/nothing") + field("x", std::string(3900, 'v'), 0x40);
  const std::string bomb = head_of("/nothing") + std::string(60, static_cast<char>(0xbe));
  EXPECT_TRUE(ends(opening() + many(1, learn) + many(2'000, bomb, kWhole, 3), 3s));
  EXPECT_EQ(count_of("header_flood"), 1u);
}

TEST_F(ServerPressureTest, MalformedHeaderBombsEndTheConnection) {
  start();
  const std::string learn = head_of("/nothing") + field("x", std::string(3900, 'v'), 0x40);
  const std::string bomb = field("te", "trailers") + std::string(60, static_cast<char>(0xbe));
  EXPECT_TRUE(ends(opening() + many(1, learn) + many(2'000, bomb, kWhole, 3), 3s));
  EXPECT_EQ(count_of("header_flood"), 1u);
}

TEST_F(ServerPressureTest, ALongTokenInEveryRequestIsNoBomb) {
  start();
  std::string sent = opening();
  const std::string learn =
      head_of(grpc_path_of(Signal::kTraces)) + field("authorization", std::string(2500, 't'), 0x40);
  const std::string again =
      head_of(grpc_path_of(Signal::kTraces)) + std::string(1, static_cast<char>(0xbe));
  const std::string message = Http2Peer::framed(std::string(100, 'x'));
  for (size_t i = 0; i < 20'000; ++i) {
    const size_t stream = 1 + kStreamIncrement * i;
    sent += frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, stream, i == 0 ? learn : again);
    sent += frame(NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, stream, message);
  }
  auto peer = raw();
  peer->send(sent);
  EXPECT_TRUE(run_until([&] { return handler.bodies.size() == 20'000; }, 30s));
  EXPECT_TRUE(observer.reasons.empty());
}

TEST_F(ServerPressureTest, ALongHeaderSectionUnderWayIsATermOfTheBudget) {
  start();
  auto peer = raw();
  const std::string head = head_of("/nothing") + field("x", std::string(30'000, 'v'));
  peer->send(opening() + frame(NGHTTP2_HEADERS, 0, 1, std::string_view(head).substr(0, 16'000)));
  world.run_for(1s);
  EXPECT_GT(connection_bytes(), kConnectionBytes + 16'000);
  peer->send(frame(NGHTTP2_CONTINUATION, NGHTTP2_FLAG_END_HEADERS, 1,
                   std::string_view(head).substr(16'000)));
  world.run_for(1s);
  EXPECT_EQ(connection_bytes(), kConnectionBytes);
  EXPECT_EQ(server->connection_count(), 1u);
}

TEST_F(ServerPressureTest, HeaderSectionsThatNeverEndHaveAShareOfTheBudget) {
  constexpr size_t kLimit = 16 << 20;
  start(kLimit);
  const std::string head = head_of("/nothing") + field("x", std::string(30'000, 'v'));
  std::vector<std::unique_ptr<RawPeer>> peers;
  for (int i = 0; i < 50; ++i) {
    peers.push_back(raw());
    peers.back()->send(opening() +
                       frame(NGHTTP2_HEADERS, 0, 1, std::string_view(head).substr(0, 16'000)));
  }
  world.run_for(3s);
  const size_t left = server->connection_count();
  EXPECT_EQ(count_of("memory"), 50 - left);
  EXPECT_GT(left, 0u);
  EXPECT_LE(connection_bytes(), left * kConnectionBytes + kLimit / 32);
  peers.clear();
  ASSERT_TRUE(run_until([&] { return server->connection_count() == 0; }));
  EXPECT_EQ(connection_bytes(), 0u);
}

TEST_F(ServerPressureTest, BodiesThatNeverComeHaveAShareOfTheBudget) {
  constexpr size_t kLimit = 16 << 20;
  start(kLimit);
  std::vector<std::unique_ptr<RawPeer>> peers;
  for (int i = 0; i < 20; ++i) {
    peers.push_back(raw());
    peers.back()->send(
        opening() + many(1000, head_of(grpc_path_of(Signal::kTraces)), NGHTTP2_FLAG_END_HEADERS));
  }
  world.run_for(2s);
  EXPECT_LE(connection_bytes(),
            20 * (kConnectionBytes + 2 * kStreamsPerBlock * kStreamBytes) + kLimit / 16);
  EXPECT_GT(count_of("memory"), 10'000u);
  auto honest = http2();
  EXPECT_EQ(answer_of(*honest, honest->grpc("x")).fields.at("grpc-status"), "0");
  peers.clear();
  ASSERT_TRUE(run_until([&] { return server->connection_count() == 1; }));
  auto next = http2();
  handler.hold = true;
  for (int i = 0; i < 500; ++i) next->grpc("x");
  const size_t refused = count_of("memory");
  ASSERT_TRUE(run_until([&] { return handler.held.size() == 500; })) << "whole ones may wait";
  EXPECT_EQ(count_of("memory"), refused);
  handler.held.clear();
}

TEST_F(ServerPressureTest, BehindAGoawayLittleIsReadAndDropped) {
  start();
  auto peer = raw();
  // A second preface is no frame.
  peer->send(opening() + opening() + std::string(64 << 20, 'x'));
  ASSERT_TRUE(run_until([&] { return server->connection_count() == 0; }, 1s));
  EXPECT_FALSE(peer->everything_sent());
}

TEST_F(ServerPressureTest, CloseIsHonouredWhenARefusedBodyComesLater) {
  start();
  auto peer = raw();
  peer->send(
      "POST /nothing HTTP/1.1\r\nhost: c\r\nconnection: close\r\ncontent-length: 1000\r\n\r\n");
  ASSERT_TRUE(run_until([&] { return peer->ended; }, 100ms));
  EXPECT_TRUE(peer->received.starts_with("HTTP/1.1 404 ")) << peer->received;
  EXPECT_NE(peer->received.find("connection: close"), std::string::npos);
  // The body finds an open socket, so that it does not destroy the answer.
  EXPECT_EQ(server->connection_count(), 1u);
  peer->send(std::string(1000, 'x'));
  EXPECT_TRUE(run_until([&] { return server->connection_count() == 0; }, 3s));
}

TEST_F(ServerPressureTest, AWriterOfALargeRefusedBodyReadsItsAnswer) {
  start();
  auto peer = raw();
  peer->stop_reading();
  peer->send(
      "POST /nothing HTTP/1.1\r\nhost: c\r\nconnection: close\r\ncontent-length: 8388608\r\n\r\n" +
      std::string(8 << 20, 'x'));
  ASSERT_TRUE(run_until([&] { return peer->everything_sent(); }, 2s));
  peer->start_reading();
  ASSERT_TRUE(run_until([&] { return peer->ended; }, 3s));
  EXPECT_TRUE(peer->received.starts_with("HTTP/1.1 404 ")) << peer->received;
}

// A loop on which each look at the clock costs a time, as if the work in between did.
class SlowLoop final : public io::Loop {
 public:
  SlowLoop(std::unique_ptr<io::Loop> inner, Duration step)
      : inner_(std::move(inner)), step_(step) {}
  MonotonicTime now() const override { return inner_->now(); }
  MonotonicTime read_clock() const override {
    if (turn_ != now()) used_ = Duration::zero();
    turn_ = now();
    return now() + (used_ += step_);
  }
  WallTime wall_now() const override { return inner_->wall_now(); }
  Random& random() override { return inner_->random(); }
  std::unique_ptr<io::Timer> make_timer(io::Task task) override {
    return inner_->make_timer(std::move(task));
  }
  void post(io::Task task) override { inner_->post(std::move(task)); }
  void defer(io::Task task) override { inner_->defer(std::move(task)); }
  void drop_tasks() override { inner_->drop_tasks(); }
  Result<std::unique_ptr<io::Listener>> listen(
      const io::ListenOptions& where,
      std::function<void(std::unique_ptr<io::Stream>)> on_accept) override {
    return inner_->listen(where, std::move(on_accept));
  }
  std::unique_ptr<io::Stream> connect(const io::ConnectOptions& where) override {
    return inner_->connect(where);
  }
  std::unique_ptr<Resolution> resolve(
      const std::string& host, uint16_t port,
      std::function<void(Result<std::vector<io::Address>>)> on_done) override {
    return inner_->resolve(host, port, std::move(on_done));
  }
  void run() override { inner_->run(); }
  void stop() override { inner_->stop(); }

 private:
  std::unique_ptr<io::Loop> inner_;
  const Duration step_;
  mutable MonotonicTime turn_{};
  mutable Duration used_{};
};

class ServerSliceTest : public ServerPressureTest, public ::testing::WithParamInterface<bool> {
 protected:
  static constexpr size_t kCount = 3'000;
  // `count` requests for `path`.
  static std::string requests(size_t count, const std::string& path) {
    if (!GetParam()) {
      std::string all;
      for (size_t i = 0; i < count; ++i) all += "GET " + path + " HTTP/1.1\r\nhost: c\r\n\r\n";
      return all;
    }
    return opening() + many(count, head_of(path, "GET", "text/plain"));
  }
};

TEST_P(ServerSliceTest, OneConnectionDoesNotTakeTheWholeTurn) {
  std::vector<std::string> order;
  for (const char* path : {"/busy", "/honest"}) {
    options.page_routes.push_back({path, [&order](const PageRequest& asked) {
                                     order.push_back(asked.path);
                                     return PageReply();
                                   }});
  }
  loop = std::make_unique<SlowLoop>(std::move(loop), 1ms);
  start();
  auto busy = raw();
  busy->send(requests(1, "/busy"));
  ASSERT_TRUE(run_until([&] { return order.size() == 1; }));
  auto honest = raw();
  busy->send(GetParam() ? many(kCount, head_of("/busy", "GET", "text/plain"), kWhole, 3)
                        : requests(kCount, "/busy"));
  honest->send(requests(1, "/honest"));
  ASSERT_TRUE(run_until([&] { return order.size() == kCount + 2; }, 30s));
  const auto place = std::ranges::find(order, "/honest") - order.begin();
  EXPECT_LT(place, 600) << "of " << order.size();
  EXPECT_TRUE(observer.reasons.empty());
}

INSTANTIATE_TEST_SUITE_P(Protocols, ServerSliceTest, ::testing::Bool(), [](const auto& tested) {
  return std::string(tested.param ? "Http2" : "Http1");
});

}  // namespace
}  // namespace millrace::transport
