// A server that attacks its client over HTTP/2: each attack ends the connection with the name of
// the bound it passed, whatever the size of the pieces, and holds nothing that grows.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "http/http2_client_session.h"
#include "http/testing/http2_frames.h"

namespace millrace::http {
namespace {

using namespace testing;

const std::string k200 = "\x88";
const std::string k100 =
    "\x08\x03"
    "100";
const std::string kLarge = field(0x40, "x", std::string(3900, 'v'));  // then 0xbe stands for it

struct Response final : Http2ResponseHandler {
  void on_header(std::string_view name, std::string_view value) override {
    head_bytes += name.size() + value.size() + 32;
  }
  bool on_body(std::span<const uint8_t> bytes) override {
    body_bytes += bytes.size();
    return body_bytes <= 100'000;
  }
  void on_end(Http2End end, Http2ErrorCode, Rope) override {
    ended = true;
    how = end;
  }
  size_t head_bytes = 0;
  size_t body_bytes = 0;
  bool ended = false;
  Http2End how = Http2End::kComplete;
};

struct Attack {
  const char* name;
  std::string begin;
  std::string rest;  // again and again
  ResponseLimit limit;
  bool reads = true;  // what the client writes
};

const std::vector<Attack> kAttacks = {
    {"settings", "", frame(kSettings, 0, 0, ""), ResponseLimit::kFrames},
    {"pings", "", frame(kPing, 0, 0, "12345678"), ResponseLimit::kFrames},
    {"pings, not reading", "", frame(kPing, 0, 0, "12345678"), ResponseLimit::kUnreadOutput, false},
    {"window updates", "", frame(kWindow, 0, 1, std::string("\0\0\0\1", 4)),
     ResponseLimit::kFrames},
    {"interim", "", frame(kHeaders, kEndHeaders, 1, k100), ResponseLimit::kInterim},
    {"header block", frame(kHeaders, 0, 1, k200 + kLarge),
     frame(kContinuation, 0, 1, std::string(1000, '\xbe')), ResponseLimit::kHead},
    {"interim header block", frame(kHeaders, kEndHeaders, 1, k100 + kLarge),
     frame(kHeaders, kEndHeaders, 1, k100 + std::string(9000, '\xbe')), ResponseLimit::kHead},
    {"fields", frame(kHeaders, 0, 1, k200), frame(kContinuation, 0, 1, std::string(1100, '\xa0')),
     ResponseLimit::kHead},
    {"blocks of a stream that is over", frame(kHeaders, kEndHeaders | kEndStream, 1, k200 + kLarge),
     frame(kHeaders, kEndHeaders | kEndStream, 1, std::string(9000, '\xbe')),
     ResponseLimit::kFrames},
    {"empty data", frame(kHeaders, kEndHeaders, 1, k200), frame(kData, 0, 1, ""),
     ResponseLimit::kFrames},
    {"padding", frame(kHeaders, kEndHeaders, 1, k200),
     frame(kData, kPadded, 1, "\xff" + std::string(255, '\0')), ResponseLimit::kFrames},
    {"data behind the bound", frame(kHeaders, kEndHeaders, 1, k200),
     frame(kData, 0, 1, std::string(16000, 'a')), ResponseLimit::kFrames},
    {"unknown", "", frame(kUnknown, 0, 0, std::string(16000, 'a')), ResponseLimit::kFrames},
    {"goaway", "", frame(kGoaway, 0, 0, std::string("\x7f\xff\xff\xff\0\0\0\0\x1b[2J", 12)),
     ResponseLimit::kFrames},
    {"resets of a stream that is over", frame(kHeaders, kEndHeaders | kEndStream, 1, k200),
     frame(kReset, 0, 1, std::string(4, '\0')), ResponseLimit::kFrames},
};

void write_all(Http2ClientSession& session) {
  for (auto output = session.view_output(); !output.empty(); output = session.view_output()) {
    size_t size = 0;
    for (const iovec& piece : output) size += piece.iov_len;
    session.advance_output(size);
  }
}

void start(Http2ClientSession& session, Response& response) {
  const Http2Field fields[] = {{.name = ":method", .value = "POST"},
                               {.name = ":scheme", .value = "http"},
                               {.name = ":path", .value = "/a"},
                               {.name = ":authority", .value = "b"}};
  session.start({.fields = fields, .body = Rope(Bytes::copy_of("body"))}, response);
  write_all(session);
}

// How many bytes it took to end the connection.
size_t play(const Attack& attack, size_t piece_size, Http2ClientSession& session) {
  std::string bytes = frame(kSettings, 0, 0, "") + attack.begin;
  size_t sent = 0;
  while (sent < 64 << 20) {
    while (bytes.size() < (16 << 10)) bytes += attack.rest;
    for (size_t at = 0; at < bytes.size(); at += piece_size) {
      const size_t count = std::min(piece_size, bytes.size() - at);
      sent += count;
      const Status status = session.receive(as_span(bytes).subspan(at, count), MonotonicTime{});
      EXPECT_LE(session.queued_frame_count(), kQueuedFramesMax + (16 << 10) / 9) << attack.name;
      if (!status) return sent;
      if (attack.reads) write_all(session);
      if (session.finished()) return sent;
    }
    bytes.clear();
  }
  ADD_FAILURE() << attack.name << " has no bound";
  return sent;
}

TEST(Http2ClientLimitsTest, NoServerMakesAClientWorkForEver) {
  for (const Attack& attack : kAttacks) {
    for (const size_t piece_size : {size_t{7}, size_t{1000}, size_t{16} << 10}) {
      Response response;
      Http2ClientSession session;
      start(session, response);
      const size_t sent = play(attack, piece_size, session);
      EXPECT_EQ(response_limit_name(session.limit()), response_limit_name(attack.limit))
          << attack.name << " in pieces of " << piece_size;
      EXPECT_LE(sent, size_t{16} << 20) << attack.name;
      EXPECT_LE(response.head_bytes, 2 * kResponseHeadBytesMax) << attack.name;
      EXPECT_LE(session.goaway_text().size(), 300u);
      session.close();
      EXPECT_TRUE(response.ended) << attack.name;
    }
  }
}

TEST(Http2ClientLimitsTest, PromisesEndTheConnection) {
  Response response;
  Http2ClientSession session;
  start(session, response);
  const Attack attack{"", "", frame(kPush, kEndHeaders, 1, std::string("\0\0\0\2\x82\x87\x84", 7)),
                      ResponseLimit::kNone};
  EXPECT_LE(play(attack, 16 << 10, session), size_t{16} << 10);
}

TEST(Http2ClientLimitsTest, FramesThatComeWithOurOwnAreNoAttack) {
  Http2ClientSession session;
  ASSERT_TRUE(session.receive(as_span(frame(kSettings, 0, 0, "")), MonotonicTime{}));
  for (int i = 0; i < 20'000; ++i) {
    Response response;
    start(session, response);
    const std::string id = {static_cast<char>(i >> 15), static_cast<char>(i >> 7),
                            static_cast<char>(i << 1 | 1)};
    std::string answer = frame(kPing, 0, 0, "12345678") +
                         frame(kWindow, 0, 0, std::string("\0\0\0\1", 4)) +
                         frame(kWindow, 0, 0, std::string("\0\0\0\1", 4)) +
                         frame(kHeaders, kEndHeaders, 0, k200) + frame(kData, 0, 0, "abcde") +
                         frame(kHeaders, kEndHeaders | kEndStream, 0, field(0, "x", "y"));
    const size_t places[] = {17 + 13 + 13 + 9 - 3, 17 + 13 + 13 + 10 + 9 - 3,
                             17 + 13 + 13 + 10 + 14 + 9 - 3};
    for (const size_t place : places) id.copy(answer.data() + place, 3);
    const Status status = session.receive(as_span(answer), MonotonicTime{});
    ASSERT_TRUE(status) << status.error().message << " at " << i;
    ASSERT_TRUE(response.ended && response.how == Http2End::kComplete) << i;
  }
}

TEST(Http2ClientLimitsTest, FramesOfAQuietConnectionAreForgivenWithTime) {
  Http2ClientSession session;
  ASSERT_TRUE(session.receive(as_span(frame(kSettings, 0, 0, "")), MonotonicTime{}));
  MonotonicTime now{};
  for (int i = 0; i < 100'000; ++i) {
    now += 10ms;
    ASSERT_TRUE(session.receive(as_span(frame(kPing, 0, 0, "12345678")), now));
    write_all(session);
  }
}

}  // namespace
}  // namespace millrace::http
