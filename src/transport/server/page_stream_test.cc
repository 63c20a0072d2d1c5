// Long pages, which the server fetches piece by piece.

#include <gtest/gtest.h>

#include "transport/server/server_test_support.h"

namespace millrace::transport {
namespace {

using testing::Http2Peer;
using testing::RawPeer;

// How the pages of a test behave, and what became of them.
struct Source {
  size_t piece_count = 3;
  size_t piece_bytes = 5;
  bool breaks_off = false;
  size_t given = 0;
  int alive = 0;
};

class Pieces final : public PageStream {
 public:
  Pieces(io::Loop& loop, Source& source)
      : loop_(loop), source_(source), self_(std::make_shared<Pieces*>(this)) {
    ++source_.alive;
  }
  ~Pieces() override {
    *self_ = nullptr;
    --source_.alive;
  }
  void next(Give give) override {
    loop_.post([self = self_, give = std::move(give)]() mutable {
      if (*self != nullptr) (*self)->answer(std::move(give));
    });
  }

 private:
  void answer(Give give) {
    const bool is_last = ++index_ == source_.piece_count;
    ++source_.given;
    give({.bytes = std::string(source_.piece_bytes, static_cast<char>('a' + (index_ - 1) % 26)),
          .end = !is_last             ? End::kMore
                 : source_.breaks_off ? End::kBrokenOff
                                      : End::kComplete});
  }
  io::Loop& loop_;
  Source& source_;
  std::shared_ptr<Pieces*> self_;
  size_t index_ = 0;
};

struct OneIdentityGate final : RequestGate {
  std::optional<GateRefusal> on_head(const RequestHead& head, RequestPass&) override {
    if (head.fields.find("authorization") == "Bearer right") return std::nullopt;
    auto reply = std::make_unique<Reply>();
    reply->code = Code::kUnauthenticated;
    return GateRefusal{std::move(reply), "unauthenticated"};
  }
};

class PageStreamTest : public testing::ServerTest {
 protected:
  PageStreamTest() {
    options.page_routes.push_back({.path = "/long",
                                   .handler =
                                       [this](const PageRequest& request) {
                                         PageReply page;
                                         page.body = "accept=" + request.accept + ";";
                                         page.stream = std::make_unique<Pieces>(*loop, source);
                                         return page;
                                       },
                                   .gated_as = Signal::kMetrics});
  }
  std::string get(std::string_view more, std::string_view version = "HTTP/1.1",
                  std::string_view method = "GET") {
    auto peer = raw();
    peer->send(std::string(method) + " /long " + std::string(version) + "\r\nhost: c\r\n" +
               std::string(more) + "connection: close\r\n\r\n");
    run_until([&] { return peer->ended; });
    return peer->received;
  }
  Source source;
};

TEST_F(PageStreamTest, PiecesAreChunksOfHttp11) {
  start();
  const std::string answer = get("accept: text/plain\r\n");
  EXPECT_NE(answer.find("\r\ntransfer-encoding: chunked\r\n"), std::string::npos) << answer;
  EXPECT_EQ(answer.find("content-length"), std::string::npos);
  EXPECT_TRUE(
      answer.ends_with("\r\n\r\n12\r\naccept=text/plain;\r\n5\r\naaaaa\r\n5\r\nbbbbb\r\n"
                       "5\r\nccccc\r\n0\r\n\r\n"))
      << answer;
  EXPECT_EQ(source.alive, 0);
}

TEST_F(PageStreamTest, TheEndOfTheConnectionEndsAPageOfHttp10) {
  start();
  const std::string answer = get("", "HTTP/1.0");
  EXPECT_EQ(answer.find("chunked"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\naccept=;aaaaabbbbbccccc")) << answer;
}

TEST_F(PageStreamTest, HeadIsAnsweredWithoutPieces) {
  start();
  const std::string answer = get("", "HTTP/1.1", "HEAD");
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
  EXPECT_EQ(source.given, 0u);
  EXPECT_EQ(source.alive, 0);
}

TEST_F(PageStreamTest, ARequestBehindAPageWaitsForItsEnd) {
  start();
  auto peer = raw();
  const std::string one = "GET /long HTTP/1.1\r\nhost: c\r\n\r\n";
  peer->send(one + one);
  ASSERT_TRUE(run_until([&] { return source.given == 6; }));
  world.run_for(10ms);
  const size_t first_end = peer->received.find("0\r\n\r\n");
  EXPECT_LT(first_end, peer->received.find("HTTP/1.1", 1));
  EXPECT_TRUE(peer->received.ends_with("0\r\n\r\n"));
  EXPECT_EQ(budget->used(MemoryTerm::kAnswers), 0u);
}

TEST_F(PageStreamTest, APageThatBreaksOffIsNotCompleteForItsPeer) {
  source.breaks_off = true;
  start();
  EXPECT_FALSE(get("").ends_with("0\r\n\r\n"));
  auto peer = http2();
  const int32_t id = peer->request(
      {{":method", "GET"}, {":scheme", "http"}, {":path", "/long"}, {":authority", "c"}}, "");
  EXPECT_NE(answer_of(*peer, id).error, 0u);
  EXPECT_EQ(source.alive, 0);
}

TEST_F(PageStreamTest, Http2GetsTheSameBytes) {
  start();
  auto peer = http2();
  const int32_t id = peer->request({{":method", "GET"},
                                    {":scheme", "http"},
                                    {":path", "/long"},
                                    {":authority", "c"},
                                    {"accept", "x"}},
                                   "");
  const auto& answer = answer_of(*peer, id);
  EXPECT_EQ(answer.error, 0u);
  EXPECT_EQ(answer.body, "accept=x;aaaaabbbbbccccc");
  EXPECT_EQ(source.alive, 0);
}

TEST_F(PageStreamTest, APeerThatDoesNotReadHoldsAPieceAndIsGivenUp) {
  source.piece_count = 1000;
  source.piece_bytes = PageStream::kPieceBytesMax;
  options.write_timeout = 5s;
  start();
  auto peer = raw();
  peer->stop_reading();
  peer->send("GET /long HTTP/1.1\r\nhost: c\r\n\r\n");
  auto second = http2();
  second->peer.stop_reading();
  second->request(
      {{":method", "GET"}, {":scheme", "http"}, {":path", "/long"}, {":authority", "c"}}, "");
  world.run_for(2s);
  EXPECT_EQ(source.alive, 2);
  const size_t given = source.given;
  EXPECT_LT(given, 100u);
  EXPECT_LE(budget->used(MemoryTerm::kAnswers), 6 * PageStream::kPieceBytesMax);
  world.run_for(2s);
  EXPECT_EQ(source.given, given);
  world.run_for(10s);
  EXPECT_EQ(source.alive, 0);
  EXPECT_EQ(budget->used(MemoryTerm::kAnswers), 0u);
}

TEST_F(PageStreamTest, WithoutMemoryThePageIsRefused) {
  start(64 << 20);
  ASSERT_TRUE(budget->try_reserve(MemoryTerm::kMessages, (64 << 20) - (100 << 10)));
  EXPECT_TRUE(get("").starts_with("HTTP/1.1 503 "));
  EXPECT_EQ(source.given, 0u);
  budget->release(MemoryTerm::kMessages, (64 << 20) - (100 << 10));
}

TEST_F(PageStreamTest, GatesAreAskedForAGatedPage) {
  options.gates.push_back(std::make_shared<OneIdentityGate>());
  start();
  EXPECT_TRUE(get("").starts_with("HTTP/1.1 401 "));
  EXPECT_EQ(source.given, 0u);
  EXPECT_TRUE(get("authorization: Bearer right\r\n").ends_with("ccccc\r\n0\r\n\r\n"));
  auto peer = http2();
  Http2Peer::Fields fields = {
      {":method", "GET"}, {":scheme", "http"}, {":path", "/long"}, {":authority", "c"}};
  const int32_t refused = peer->request(fields, "");
  EXPECT_EQ(answer_of(*peer, refused).fields.at(":status"), "401");
  fields.push_back({"authorization", "Bearer right"});
  const int32_t admitted = peer->request(fields, "");
  EXPECT_EQ(answer_of(*peer, admitted).body, "accept=;aaaaabbbbbccccc");
}

}  // namespace
}  // namespace millrace::transport
