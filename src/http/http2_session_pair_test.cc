// A client session and a server session that read what the other writes, in pieces of every size.
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "http/http2_client_session.h"
#include "http/http2_server_session.h"
#include "http/testing/http2_frames.h"

namespace millrace::http {
namespace {

using testing::field;
using testing::frame;
using testing::kEndHeaders;
using testing::kEndStream;

struct Response final : Http2ResponseHandler {
  void on_header(std::string_view name, std::string_view value) override {
    head += std::string(name) + "=" + std::string(value) + ";";
  }
  bool on_body(std::span<const uint8_t> bytes) override {
    body.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return true;
  }
  void on_end(Http2End end, Http2ErrorCode, Rope unsent) override {
    ++end_count;
    how = end;
    body_given_back = unsent.size();
  }
  std::string head;
  std::string body;
  int end_count = 0;
  Http2End how = Http2End::kComplete;
  size_t body_given_back = 0;
};

struct Request final : Http2Stream {
  std::string body;
};

// Answers each request at its end, or leaves that to the test.
class Server final : public Http2ServerEvents {
 public:
  explicit Server(const Http2ServerOptions& options = {}) : session(options, *this) {}
  Http2Stream* on_request(int32_t id, const HeaderList&, HeadSize) override {
    requests.push_back(std::make_unique<Request>());
    requests.back()->id = id;
    return requests.back().get();
  }
  void on_data(Http2Stream& stream, std::span<uint8_t> data) override {
    static_cast<Request&>(stream).body.append(reinterpret_cast<const char*>(data.data()),
                                              data.size());
  }
  void on_request_end(Http2Stream& stream) override {
    ++ended_count;
    if (answers) session.respond_grpc_ok(stream);
  }
  void on_stream_closed(Http2Stream&, Http2Error) override { ++closed_count; }
  void on_ping() override {}
  void on_ping_answered() override {}
  void on_answer_sent() override {}

  bool answers = true;
  int ended_count = 0;
  int closed_count = 0;
  std::vector<std::unique_ptr<Request>> requests;
  Http2ServerSession session;
};

struct Pair {
  explicit Pair(size_t piece) : piece_size(piece) {}

  Http2ClientSession::Stream* start(Response& response, std::string_view body) {
    const Http2Field fields[] = {{.name = ":method", .value = "POST"},
                                 {.name = ":scheme", .value = "http"},
                                 {.name = ":path", .value = "/a"},
                                 {.name = ":authority", .value = "b"}};
    return client.start({.fields = fields, .body = Rope(Bytes::copy_of(body))}, response);
  }
  std::string output_of_client() {
    std::string bytes;
    for (auto pieces = client.view_output(); !pieces.empty(); pieces = client.view_output()) {
      size_t size = 0;
      for (const iovec& piece : pieces) {
        bytes.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
        size += piece.iov_len;
      }
      client.advance_output(size);
    }
    return bytes;
  }
  void give_to_server(std::string bytes) {
    for (size_t at = 0; at < bytes.size();) {
      const size_t size = std::min(piece_size, bytes.size() - at);
      at += server.session.receive({reinterpret_cast<uint8_t*>(bytes.data()) + at, size}, 1);
    }
  }
  void give_to_client(std::string_view bytes) {
    for (size_t at = 0; at < bytes.size(); at += piece_size) {
      const std::string_view part = bytes.substr(at, piece_size);
      const Status received = client.receive(
          {reinterpret_cast<const uint8_t*>(part.data()), part.size()}, MonotonicTime());
      ASSERT_TRUE(received) << received.error().message;
    }
  }
  void exchange() {
    for (int round = 0; round < 5; ++round) {
      give_to_server(output_of_client());
      std::string bytes;
      server.session.write_to(bytes, 1 << 20);
      give_to_client(bytes);
    }
  }

  size_t piece_size;
  Http2ClientSession client;
  Server server;
};

TEST(Http2SessionPair, RequestAndAnswerPassInPiecesOfEverySize) {
  for (const size_t piece : {1UL, 2UL, 3UL, 5UL, 8UL, 13UL, 100UL, 1UL << 20}) {
    Pair pair(piece);
    Response first;
    Response second;
    pair.start(first, "one");
    pair.start(second, std::string(40'000, 'x'));
    pair.exchange();
    ASSERT_EQ(pair.server.requests.size(), 2U) << piece;
    EXPECT_EQ(pair.server.requests[0]->body, "one");
    EXPECT_EQ(pair.server.requests[1]->body.size(), 40'000U);
    EXPECT_EQ(first.how, Http2End::kComplete);
    EXPECT_EQ(first.end_count + second.end_count, 2);
    EXPECT_EQ(first.body, std::string(5, '\0'));
    EXPECT_TRUE(first.head.starts_with(":status=200;")) << first.head;
    EXPECT_TRUE(first.head.ends_with("grpc-status=0;")) << first.head;
    EXPECT_EQ(pair.server.session.stream_count(), 0U);
    EXPECT_EQ(pair.client.open_count(), 0U);
  }
}

TEST(Http2SessionPair, OneUnitAtATimeIsConsumed) {
  Pair pair(1 << 20);
  Response first;
  Response second;
  pair.start(first, "one");
  pair.start(second, "two");
  std::string bytes = pair.output_of_client();
  const std::span<uint8_t> all(reinterpret_cast<uint8_t*>(bytes.data()), bytes.size());
  // A call takes one beginning or end of a request at the most.
  size_t consumed = 0;
  while (pair.server.requests.empty()) {
    consumed += pair.server.session.receive(all.subspan(consumed), 1);
  }
  EXPECT_EQ(pair.server.ended_count, 0);
  while (consumed < all.size()) {
    const int ended_before = pair.server.ended_count;
    consumed += pair.server.session.receive(all.subspan(consumed), 1);
    EXPECT_LE(pair.server.ended_count, ended_before + 1);
  }
  EXPECT_EQ(pair.server.ended_count, 2);
}

TEST(Http2SessionPair, AnInterimResponseIsNotShownAndTheFinalOneIs) {
  Pair pair(1);
  Response response;
  pair.start(response, "body");
  pair.output_of_client();
  const std::string interim(
      "\x08\x03"
      "100",
      5);
  pair.give_to_client(frame(4, 0, 0, "") + frame(1, kEndHeaders, 1, interim) +
                      frame(1, kEndHeaders, 1, interim) +
                      frame(1, kEndHeaders | kEndStream, 1, "\x88"));
  EXPECT_EQ(response.head, ":status=200;");
  EXPECT_EQ(response.how, Http2End::kComplete);
}

// The bound is that of one block, not that of all blocks of the connection.
TEST(Http2SessionPair, TheSizeOfEachHeaderBlockIsCountedAnew) {
  Pair pair(1 << 14);
  const std::string value(kResponseHeadBytesMax / 8, 'v');
  for (int request = 0; request < 12; ++request) {
    Response response;
    pair.start(response, "body");
    pair.output_of_client();
    const std::string block = "\x88" + field(0, "x", value);
    ASSERT_LT(block.size(), 16'384U);
    pair.give_to_client(
        (request == 0 ? frame(4, 0, 0, "") : "") +
        frame(1, kEndHeaders | kEndStream, static_cast<uint32_t>(1 + 2 * request), block));
    ASSERT_EQ(response.how, Http2End::kComplete) << request;
    ASSERT_EQ(response.end_count, 1) << request;
  }
}

TEST(Http2SessionPair, OnlyWhatWasNotWrittenIsGivenBack) {
  Pair pair(100);
  Response written;
  Response unwritten;
  pair.start(written, "one");
  pair.output_of_client();
  pair.start(unwritten, "three");
  pair.client.view_output();  // produced, and not written
  pair.client.close();
  EXPECT_EQ(written.how, Http2End::kBroken);
  EXPECT_EQ(written.body_given_back, 0U);
  EXPECT_EQ(unwritten.how, Http2End::kNotSent);
  EXPECT_EQ(unwritten.body_given_back, 5U);
}

TEST(Http2SessionPair, AByteOfTheHeadersThatWasWrittenMeansThatTheRequestWasSent) {
  Pair pair(100);
  Response first;
  Response second;
  pair.start(first, "one");
  pair.output_of_client();
  pair.start(second, "two");
  ASSERT_FALSE(pair.client.view_output().empty());
  pair.client.advance_output(1);
  pair.client.close();
  EXPECT_EQ(second.how, Http2End::kBroken);
}

// nghttp2 forgets a stream that is closed and drops its DATA in silence.
TEST(Http2SessionPair, DataOnAStreamThatThePeerEndedEndsTheConnection) {
  for (const size_t piece : {1UL, 1UL << 20}) {
    Pair pair(piece);
    Response response;
    pair.start(response, "body");
    pair.exchange();
    ASSERT_EQ(pair.server.closed_count, 1);
    std::string late = frame(0, 0, 1, "late");
    for (size_t at = 0; at < late.size() && !pair.server.session.at_end();) {
      at += pair.server.session.receive(
          {reinterpret_cast<uint8_t*>(late.data()) + at, std::min(piece, late.size() - at)}, 1);
    }
    std::string out;
    pair.server.session.write_to(out, 1 << 20);
    ASSERT_GE(out.size(), 17U) << piece;
    EXPECT_EQ(out[3], 7);   // GOAWAY
    EXPECT_EQ(out[16], 5);  // STREAM_CLOSED
    EXPECT_TRUE(pair.server.session.finished());
  }
}

TEST(Http2SessionPair, DataOnAStreamThatWasAnsweredEarlyIsIgnored) {
  Pair pair(1 << 20);
  pair.server.answers = false;
  Response response;
  pair.start(response, "body");
  std::string bytes = pair.output_of_client();
  // Up to the frame of DATA: the request has begun and has not ended.
  const size_t head_end = bytes.size() - (9 + 4);
  pair.give_to_server(bytes.substr(0, head_end));
  ASSERT_EQ(pair.server.requests.size(), 1U);
  pair.server.session.respond_grpc_ok(*pair.server.requests[0]);
  std::string out;
  pair.server.session.write_to(out, 1 << 20);
  ASSERT_EQ(pair.server.closed_count, 1);
  pair.give_to_server(bytes.substr(head_end));
  EXPECT_FALSE(pair.server.session.at_end());
  EXPECT_EQ(pair.server.requests[0]->body, "");
}

}  // namespace
}  // namespace millrace::http
