// The client's side of a connection, frame by frame.
#include "http/http2_client_session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "http/testing/http2_frames.h"

namespace millrace::http {
namespace {

using namespace testing;

struct Response final : Http2ResponseHandler {
  void on_header(std::string_view name, std::string_view value) override {
    head.append(name).append("=").append(value).append(";");
  }
  bool on_body(std::span<const uint8_t> bytes) override {
    body.append(as_text(bytes));
    return body.size() <= body_max;
  }
  void on_end(Http2End how, Http2ErrorCode error, Rope unsent) override {
    ++end_count;
    end = how;
    code = error;
    given_back = unsent.size();
  }
  std::string head;
  std::string body;
  size_t body_max = 1000;
  int end_count = 0;
  Http2End end = Http2End::kComplete;
  Http2ErrorCode code = Http2ErrorCode::kNoError;
  size_t given_back = 0;
};

const std::string k200 = "\x88";

class Connection {
 public:
  // `settings`: the server's entries.
  explicit Connection(std::string_view settings = "") {
    EXPECT_TRUE(receive(frame(kSettings, 0, 0, settings)));
    sent();
  }
  Status receive(std::string_view bytes) {
    return session.receive(as_span(bytes), MonotonicTime());
  }
  // All that the client wants to write, taken in parts of `part` bytes.
  std::string sent_bytes(size_t part = size_t{1} << 20) {
    std::string bytes;
    for (auto pieces = session.view_output(); !pieces.empty(); pieces = session.view_output()) {
      size_t gathered = 0;
      for (const iovec& piece : pieces) gathered += piece.iov_len;
      largest = std::max(largest, gathered);
      most_pieces = std::max(most_pieces, pieces.size());
      size_t left = std::min(part, gathered);
      const size_t written = left;
      for (const iovec& piece : pieces) {
        const size_t count = std::min(left, piece.iov_len);
        bytes.append(static_cast<const char*>(piece.iov_base), count);
        left -= count;
      }
      session.advance_output(written);
    }
    return bytes;
  }
  std::vector<Frame> sent() {
    std::string bytes = sent_bytes();
    if (bytes.starts_with(kClientPreface)) bytes.erase(0, kClientPreface.size());
    return frames_of(bytes);
  }
  Http2ClientSession::Stream* start(Response& response, Rope body, std::string_view prefix = "",
                                    size_t more_fields = 0) {
    std::vector<Http2Field> fields = {{.name = ":method", .value = "POST"},
                                      {.name = ":scheme", .value = "http"},
                                      {.name = ":path", .value = "/a"},
                                      {.name = ":authority", .value = "b"}};
    for (size_t i = 0; i < more_fields; ++i) {
      fields.push_back({.name = "x-more", .value = "value", .indexed = indexed});
    }
    Http2Request request{.fields = fields, .body = std::move(body)};
    std::copy(prefix.begin(), prefix.end(), request.prefix.begin());
    request.prefix_size = static_cast<uint8_t>(prefix.size());
    return session.start(std::move(request), response);
  }
  Http2ClientSession::Stream* start(Response& response, std::string_view body = "body") {
    return start(response, Rope(Bytes::copy_of(body)));
  }

  bool indexed = true;
  size_t largest = 0;
  size_t most_pieces = 0;
  Http2ClientSession session;
};

std::string setting(uint16_t id, uint32_t value) { return number(id).substr(2) + number(value); }
std::string answer(uint32_t stream) {
  return frame(kHeaders, kEndHeaders | kEndStream, stream, k200);
}
std::string goaway(uint32_t last_stream, uint32_t code, std::string_view text = "") {
  return frame(kGoaway, 0, 0, number(last_stream) + number(code) + std::string(text));
}

TEST(Http2ClientSession, PrefaceAndSettingsComeFirst) {
  Http2ClientSession session;
  std::string bytes;
  for (const iovec& piece : session.view_output()) {
    bytes.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
  }
  ASSERT_TRUE(bytes.starts_with(kClientPreface));
  const auto sent = frames_of(std::string_view(bytes).substr(kClientPreface.size()));
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[0].payload, setting(2, 0));  // no server push
  EXPECT_EQ(sent[1].type, kWindow);
  EXPECT_EQ(sent[1].stream, 0u);
  EXPECT_EQ(sent[1].number_at(0), (1u << 20) - 65'535);
}

TEST(Http2ClientSession, ThePrefixGoesBeforeTheBody) {
  Connection connection;
  Response response;
  connection.start(response, Rope(Bytes::copy_of("body")), "12345");
  const auto sent = connection.sent();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[0].flags, kEndHeaders);
  EXPECT_EQ(sent[1].payload, "12345body");
  EXPECT_EQ(sent[1].flags, kEndStream);
}

TEST(Http2ClientSession, ARequestWithoutABodyIsItsHead) {
  Connection connection;
  Response response;
  connection.start(response, "");
  const auto sent = connection.sent();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].flags, kEndHeaders | kEndStream);
}

TEST(Http2ClientSession, ARequestMayHaveManyFields) {
  for (const size_t more : {20u, 21u, 40u}) {
    Connection connection;
    connection.indexed = false;
    Response response;
    connection.start(response, Rope(), "", more);
    const std::string head = connection.sent().at(0).payload;
    // A literal that is never indexed begins with 0x10 (RFC 7541, section 6.2.3).
    EXPECT_EQ(static_cast<size_t>(std::count(head.begin(), head.end(), '\x10')), more);
  }
}

TEST(Http2ClientSession, FieldsThatMayBeIndexedAreSentOnce) {
  for (const bool indexed : {true, false}) {
    Connection connection;
    connection.indexed = indexed;
    Response first;
    Response second;
    connection.start(first, Rope(), "", 1);
    connection.start(second, Rope(), "", 1);
    const auto sent = connection.sent();
    ASSERT_EQ(sent.size(), 2u);
    // The field of the second request is one byte, or all of it again.
    EXPECT_EQ(sent[1].payload.size() + 8 <= sent[0].payload.size(), indexed);
  }
}

TEST(Http2ClientSession, AResponseIsShownWhole) {
  Connection connection;
  Response response;
  connection.start(response);
  connection.sent();
  EXPECT_EQ(connection.session.open_count(), 1u);
  EXPECT_TRUE(connection.receive(frame(kHeaders, kEndHeaders, 1, k200 + field(0x40, "x", "y")) +
                                 frame(kData, 0, 1, "one ") + frame(kData, 0, 1, "two")));
  EXPECT_EQ(response.end_count, 0);
  EXPECT_TRUE(
      connection.receive(frame(kHeaders, kEndHeaders | kEndStream, 1, field(0x40, "t", "u"))));
  EXPECT_EQ(response.head, ":status=200;x=y;t=u;");
  EXPECT_EQ(response.body, "one two");
  EXPECT_EQ(response.end_count, 1);
  EXPECT_EQ(response.end, Http2End::kComplete);
  EXPECT_EQ(connection.session.open_count(), 0u);
  EXPECT_TRUE(connection.sent().empty());
}

TEST(Http2ClientSession, DataMayEndAResponse) {
  Connection connection;
  Response response;
  connection.start(response);
  connection.sent();
  EXPECT_TRUE(connection.receive(frame(kHeaders, kEndHeaders, 1, k200) +
                                 frame(kData, kEndStream, 1, "all")));
  EXPECT_EQ(response.end_count, 1);
  EXPECT_EQ(response.body, "all");
}

TEST(Http2ClientSession, AnAnswerBeforeTheEndOfTheRequestStopsTheRequest) {
  Connection connection;
  Response response;
  connection.start(response, std::string(100'000, 'x'));  // more than the window of 65,535
  size_t data_bytes = 0;
  for (const Frame& data : of_type(connection.sent(), kData)) data_bytes += data.payload.size();
  EXPECT_EQ(data_bytes, 65'535u);
  EXPECT_TRUE(connection.receive(answer(1)));
  EXPECT_EQ(response.end, Http2End::kComplete);
  const auto sent = connection.sent();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].type, kReset);
  EXPECT_EQ(sent[0].number_at(0), 0u);  // NO_ERROR
}

TEST(Http2ClientSession, AHandlerThatRefusesTheBodyCancels) {
  Connection connection;
  Response response;
  response.body_max = 3;
  connection.start(response);
  connection.sent();
  EXPECT_TRUE(
      connection.receive(frame(kHeaders, kEndHeaders, 1, k200) + frame(kData, 0, 1, "abc")));
  EXPECT_EQ(response.end_count, 0);
  EXPECT_TRUE(connection.receive(frame(kData, 0, 1, "d")));
  EXPECT_EQ(response.end, Http2End::kReset);
  EXPECT_EQ(response.code, Http2ErrorCode::kCancel);
  EXPECT_TRUE(connection.receive(frame(kData, 0, 1, "e")));
  EXPECT_EQ(response.body, "abcd");
  EXPECT_EQ(response.end_count, 1);
  const auto resets = of_type(connection.sent(), kReset);
  ASSERT_EQ(resets.size(), 1u);
  EXPECT_EQ(resets[0].number_at(0), 8u);
}

TEST(Http2ClientSession, ACancelledRequestHearsNothing) {
  Connection connection;
  Response response;
  auto* stream = connection.start(response);
  connection.sent();
  connection.session.cancel(stream);
  EXPECT_EQ(connection.session.open_count(), 0u);
  const auto sent = connection.sent();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].number_at(0), 8u);
  EXPECT_TRUE(connection.receive(answer(1)));
  connection.session.close();
  EXPECT_EQ(response.end_count, 0);
  EXPECT_EQ(response.head, "");
}

TEST(Http2ClientSession, AResetTellsItsCodeAndWhetherTheRequestWasRead) {
  Connection connection;
  Response refused;
  Response failed;
  connection.start(refused);
  connection.start(failed);
  connection.sent();
  EXPECT_TRUE(connection.receive(frame(kReset, 0, 1, number(7)) + frame(kReset, 0, 3, number(2))));
  EXPECT_EQ(refused.end, Http2End::kNotSent);
  EXPECT_EQ(refused.code, Http2ErrorCode::kRefusedStream);
  EXPECT_EQ(refused.given_back, 4u);
  EXPECT_EQ(failed.end, Http2End::kReset);
  EXPECT_EQ(failed.code, Http2ErrorCode::kInternalError);
  EXPECT_EQ(failed.given_back, 0u);
}

TEST(Http2ClientSession, StreamsAboveTheLastOneOfAGoawayWereNotRead) {
  Connection connection;
  Response first;
  Response second;
  connection.start(first);
  connection.start(second);
  connection.sent();
  EXPECT_FALSE(connection.session.going_away());
  EXPECT_TRUE(connection.receive(goaway(1, 0)));
  EXPECT_EQ(second.end, Http2End::kNotSent);
  EXPECT_EQ(second.given_back, 4u);
  EXPECT_EQ(first.end_count, 0);
  EXPECT_TRUE(connection.session.going_away());
  EXPECT_FALSE(connection.session.can_start());
  EXPECT_FALSE(connection.session.finished());
  EXPECT_TRUE(connection.receive(answer(1)));
  EXPECT_EQ(first.end, Http2End::kComplete);
  connection.sent();
  EXPECT_TRUE(connection.session.finished());
}

TEST(Http2ClientSession, TheTextOfAGoawayIsCutAndPrintable) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "ENHANCE_YOUR_CALM"},
      {"too_many_pings", "ENHANCE_YOUR_CALM: too_many_pings"},
      {"a\x1b[2J\x7f~ \x1f", "ENHANCE_YOUR_CALM: a?[2J?~ ?"},
      {std::string(300, 'x'), "ENHANCE_YOUR_CALM: " + std::string(256, 'x')},
  };
  for (const auto& [text, shown] : cases) {
    Connection connection;
    EXPECT_TRUE(connection.receive(goaway(0, 0xb, text)));
    EXPECT_EQ(connection.session.goaway_text(), shown);
  }
}

TEST(Http2ClientSession, TheServersLimitOfStreamsIsKept) {
  Connection connection(setting(3, 2));
  Response responses[3];
  EXPECT_TRUE(connection.session.can_start());
  connection.start(responses[0]);
  EXPECT_TRUE(connection.session.can_start());
  connection.start(responses[1]);
  EXPECT_FALSE(connection.session.can_start());
  connection.sent();
  EXPECT_TRUE(connection.receive(answer(1)));
  EXPECT_TRUE(connection.session.can_start());
}

TEST(Http2ClientSession, PingsThatAreNotAnsweredAreCounted) {
  Connection connection;
  EXPECT_TRUE(connection.receive(frame(kPing, kAck, 0, std::string(8, '\0'))));
  EXPECT_EQ(connection.session.unanswered_ping_count(), 0u);
  connection.session.submit_ping();
  connection.session.submit_ping();
  EXPECT_EQ(connection.session.unanswered_ping_count(), 2u);
  EXPECT_EQ(connection.session.queued_frame_count(), 2u);
  EXPECT_EQ(of_type(connection.sent(), kPing).size(), 2u);
  EXPECT_EQ(connection.session.queued_frame_count(), 0u);
  EXPECT_TRUE(connection.receive(frame(kPing, kAck, 0, std::string(8, '\0'))));
  EXPECT_EQ(connection.session.unanswered_ping_count(), 1u);
}

TEST(Http2ClientSession, OurPingsAreNoAnswers) {
  Connection connection;
  connection.session.submit_ping();
  EXPECT_TRUE(connection.receive(frame(kPing, 0, 0, "12345678")));
  EXPECT_EQ(connection.session.unanswered_ping_count(), 1u);
}

TEST(Http2ClientSession, AnInterimResponseMayComeSixteenTimes) {
  const std::string interim =
      "\x08\x03"
      "103";
  for (const uint32_t count : {kInterimResponsesMax, kInterimResponsesMax + 1}) {
    Connection connection;
    Response response;
    connection.start(response);
    connection.sent();
    Status status;
    for (uint32_t i = 0; i < count && status; ++i) {
      status = connection.receive(frame(kHeaders, kEndHeaders, 1, interim));
    }
    EXPECT_EQ(status.has_value(), count == kInterimResponsesMax);
    EXPECT_EQ(connection.session.limit(), status ? ResponseLimit::kNone : ResponseLimit::kInterim);
    if (status) EXPECT_TRUE(connection.receive(answer(1)));
    EXPECT_EQ(response.head, status ? ":status=200;" : "");
  }
}

TEST(Http2ClientSession, AThousandFieldsAreRead) {
  for (const size_t count : {kResponseFieldsMax, kResponseFieldsMax + 1}) {
    Connection connection;
    Response response;
    connection.start(response);
    connection.sent();
    // 0xa0 is "cookie" without a value out of HPACK's static table.
    const Status status = connection.receive(
        frame(kHeaders, kEndHeaders | kEndStream, 1, k200 + std::string(count - 1, '\xa0')));
    EXPECT_EQ(status.has_value(), count == kResponseFieldsMax);
    EXPECT_EQ(response.end_count, status ? 1 : 0);
  }
}

// Names, values and 32 bytes for each field.
TEST(Http2ClientSession, AHeadOfTheLimitIsRead) {
  for (const size_t beyond : {size_t{0}, size_t{1}}) {
    Connection connection;
    Response response;
    connection.start(response);
    connection.sent();
    const size_t value_bytes = kResponseHeadBytesMax - (7 + 3 + 32) - (1 + 32) + beyond;
    const std::string block = k200 + field(0, "x", std::string(value_bytes, 'v'));
    std::string frames = frame(kHeaders, kEndStream, 1, block.substr(0, 16'000));
    for (size_t at = 16'000; at < block.size(); at += 16'000) {
      const uint8_t flags = at + 16'000 < block.size() ? 0 : kEndHeaders;
      frames += frame(kContinuation, flags, 1, block.substr(at, 16'000));
    }
    EXPECT_EQ(connection.receive(frames).has_value(), beyond == 0);
    EXPECT_EQ(response.end_count, beyond == 0 ? 1 : 0);
  }
}

// A rope of pieces of every size up to a bit more than a frame.
Rope rope_of(const std::string& text) {
  Rope rope;
  size_t size = 1;
  for (size_t at = 0; at < text.size(); size = size * 3 % 20'011 + 1) {
    const std::string_view piece = std::string_view(text).substr(at, size);
    rope.append(Bytes::copy_of(piece));
    at += piece.size();
  }
  return rope;
}

TEST(Http2ClientSession, LargeBodiesComeOutWholeHoweverTheyAreWritten) {
  std::string text;
  for (size_t i = 0; text.size() < 1'200'000; ++i) text += std::to_string(i) + ",";
  for (const size_t part : {size_t{4'001}, size_t{1} << 24}) {
    Connection connection(setting(4, 1u << 30));
    EXPECT_TRUE(connection.receive(frame(kWindow, 0, 0, number(1u << 30))));
    Response first;
    Response second;
    connection.start(first, rope_of(text), "12345");
    connection.start(second, rope_of(text));
    const auto sent = frames_of(connection.sent_bytes(part));
    std::string bodies[2];
    for (const Frame& data : of_type(sent, kData)) bodies[data.stream / 2] += data.payload;
    EXPECT_TRUE(bodies[0] == "12345" + text);
    EXPECT_TRUE(bodies[1] == text);
    EXPECT_GE(connection.largest, size_t{1} << 19);
    EXPECT_LE(connection.largest, (size_t{1} << 20) + (size_t{64} << 10));
    EXPECT_LE(connection.most_pieces, 1028u);
  }
}

TEST(Http2ClientSession, ManySmallRequestsComeOutWhole) {
  Connection connection(setting(3, 5000));
  EXPECT_TRUE(connection.receive(frame(kWindow, 0, 0, number(1u << 30))));
  std::vector<Response> responses(3000);
  for (Response& response : responses) connection.start(response, "12345678901234567890");
  const auto sent = connection.sent();
  EXPECT_EQ(of_type(sent, kHeaders).size(), 3000u);
  const auto data = of_type(sent, kData);
  ASSERT_EQ(data.size(), 3000u);
  for (const Frame& one : data) ASSERT_EQ(one.payload, "12345678901234567890");
  EXPECT_LE(connection.most_pieces, 1028u);
}

// Output may still point into the body of a request that has ended.
TEST(Http2ClientSession, ABodyOutlivesItsRequestWhileItIsWritten) {
  Connection connection;
  Response response;
  connection.start(response, std::string(10'000, 'x'));
  ASSERT_FALSE(connection.session.view_output().empty());
  EXPECT_TRUE(connection.receive(frame(kReset, 0, 1, number(2))));
  EXPECT_EQ(response.end, Http2End::kReset);
  const auto data = of_type(connection.sent(), kData);
  ASSERT_EQ(data.size(), 1u);
  EXPECT_EQ(data[0].payload, std::string(10'000, 'x'));
}

TEST(Http2ClientSession, ClosingEndsEachRequestOnce) {
  Connection connection;
  Response written;
  Response unwritten;
  connection.start(written);
  connection.sent();
  connection.start(unwritten);
  connection.session.close();
  connection.session.close();
  EXPECT_EQ(written.end, Http2End::kBroken);
  EXPECT_EQ(unwritten.end, Http2End::kNotSent);
  EXPECT_EQ(written.end_count + unwritten.end_count, 2);
  EXPECT_FALSE(connection.session.can_start());
}

TEST(Http2ClientSession, AServerThatSpeaksHttp1IsAnError) {
  Http2ClientSession session;
  const Status status =
      session.receive(as_span(std::string_view("HTTP/1.1 400 Bad Request\r\n\r\n")), {});
  // Its bytes are no SETTINGS frame; the connection ends at once or with the next output.
  if (status) {
    session.view_output();
    EXPECT_TRUE(session.going_away() || session.finished() || session.queued_frame_count() == 0);
  } else {
    EXPECT_TRUE(status.error().message.starts_with("HTTP/2: ")) << status.error().message;
  }
}

TEST(Http2ErrorName, EveryCodeHasItsName) {
  EXPECT_EQ(http2_error_name(Http2ErrorCode::kNoError), "NO_ERROR");
  EXPECT_EQ(http2_error_name(Http2ErrorCode::kEnhanceYourCalm), "ENHANCE_YOUR_CALM");
  EXPECT_EQ(http2_error_name(Http2ErrorCode::kHttp11Required), "HTTP_1_1_REQUIRED");
  EXPECT_EQ(http2_error_name(static_cast<Http2ErrorCode>(14)), "unknown HTTP/2 error");
}

}  // namespace
}  // namespace millrace::http
