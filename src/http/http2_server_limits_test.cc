// The server's side of a connection: header sections, floods and frames that break the rules.
#include "http/http2_server_session.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "http/testing/http2_frames.h"
#include "http/testing/server_connection.h"

namespace millrace::http {
namespace {

using namespace testing;
using Connection = testing::ServerConnection;

TEST(Http2ServerSession, FramesThatCostTheirSenderNothingAreCounted) {
  struct Case {
    const char* name;
    std::string bytes;
    uint32_t resets;
    uint32_t idle;
  };
  const Case cases[] = {
      {"ping", frame(kPing, 0, 0, "12345678"), 0, 1},
      {"ping's answer", frame(kPing, kAck, 0, "12345678"), 0, 1},
      {"settings", frame(kSettings, 0, 0, ""), 0, 1},
      {"priority", frame(kPriority, 0, 1, std::string("\0\0\0\0\x10", 5)), 0, 1},
      {"empty data", frame(kData, 0, 1, ""), 0, 1},
      {"data", frame(kData, 0, 1, "a"), 0, 0},
      {"the empty end of data", frame(kData, kEndStream, 1, ""), 0, 0},
      {"window", frame(kWindow, 0, 1, number(1)), 0, 0},
      {"reset", frame(kReset, 0, 1, number(8)), 1, 0},
  };
  for (const Case& wanted : cases) {
    Connection connection;
    connection.receive(request_head(1));
    connection.session.take_frame_cost();
    connection.receive(wanted.bytes + wanted.bytes.substr(0, 3));
    const auto cost = connection.session.take_frame_cost();
    EXPECT_EQ(cost.resets, wanted.resets) << wanted.name;
    EXPECT_EQ(cost.idle, wanted.idle) << wanted.name;
    const auto again = connection.session.take_frame_cost();
    EXPECT_EQ(again.resets + again.idle, 0u) << wanted.name;
  }
}

// Names, values and 32 bytes for each field (RFC 9113, section 6.5.2), told with the next section.
TEST(Http2ServerSession, InflatedBytesAreCountedForEachSection) {
  const uint32_t head_bytes = (7 + 4) + (7 + 4) + (5 + 1) + (10 + 1) + 4 * 32;
  Connection connection;
  connection.receive(request_head(1));
  connection.receive(frame(kHeaders, kEndHeaders | kEndStream, 1, field(0x40, "tt", "uuu")));
  EXPECT_EQ(connection.session.take_frame_cost().inflated_bytes, head_bytes);
  connection.receive(request_head(3));
  EXPECT_EQ(connection.session.take_frame_cost().inflated_bytes, 2u + 3 + 32);
}

TEST(Http2ServerSession, AHeadIsOpenUntilItsLastFrame) {
  const std::string preface(kClientPreface);
  Connection connection(preface);
  EXPECT_TRUE(connection.session.head_open());  // SETTINGS are missing
  connection.receive(frame(kSettings, 0, 0, ""));
  EXPECT_FALSE(connection.session.head_open());
  EXPECT_EQ(connection.session.open_head_bytes(), 0u);
  const size_t half = kRequestHead.size() / 2;
  connection.receive(frame(kHeaders, kEndStream, 1, kRequestHead.substr(0, half)));
  EXPECT_TRUE(connection.session.head_open());
  const size_t first = connection.session.open_head_bytes();
  EXPECT_GE(first, 2 * half);
  connection.receive(frame(kContinuation, 0, 1, kRequestHead.substr(half)));
  EXPECT_TRUE(connection.session.head_open());
  EXPECT_GE(connection.session.open_head_bytes(), 2 * kRequestHead.size());
  EXPECT_GT(connection.session.open_head_bytes(), first);
  EXPECT_TRUE(connection.requests.empty());
  connection.receive(frame(kContinuation, kEndHeaders, 1, ""));
  EXPECT_FALSE(connection.session.head_open());
  EXPECT_EQ(connection.session.open_head_bytes(), 0u);
  EXPECT_EQ(connection.requests.size(), 1u);
}

TEST(Http2ServerSession, AFrameOfAHeadCountsWhileItArrives) {
  Connection connection;
  const std::string head = request_head(1);
  connection.receive(head.substr(0, head.size() - 1));
  EXPECT_GE(connection.session.open_head_bytes(), 2 * (kRequestHead.size() - 1));
  connection.receive(head.substr(head.size() - 1));
  EXPECT_EQ(connection.session.open_head_bytes(), 0u);
}

TEST(Http2ServerSession, ALargeHeadIsMarkedAndTheConnectionGoesOn) {
  Connection connection;
  const std::string large = field(0, "x", std::string(kHeaderBytesMax, 'v'));
  connection.receive(frame(kHeaders, kEndHeaders | kEndStream, 1, kRequestHead + large));
  ASSERT_EQ(connection.requests.size(), 1u);
  EXPECT_TRUE(connection.requests[0]->oversized);
  EXPECT_EQ(connection.requests[0]->field_count, 4u);  // those before
  connection.receive(whole_request(3));
  ASSERT_EQ(connection.requests.size(), 2u);
  EXPECT_FALSE(connection.requests[1]->oversized);
  EXPECT_FALSE(connection.session.at_end());
}

TEST(Http2ServerSession, AHeadOfTheLimitIsWithinIt) {
  // The request's own four fields are 167 bytes; 33 for the name and the entry of the fifth.
  for (const size_t beyond : {size_t{0}, size_t{1}}) {
    Connection connection;
    const std::string value(kHeaderBytesMax - 167 - 33 + beyond, 'v');
    connection.receive(
        frame(kHeaders, kEndHeaders | kEndStream, 1, kRequestHead + field(0, "x", value)));
    EXPECT_EQ(connection.requests.at(0)->oversized, beyond != 0);
  }
}

void expect_end(Connection& connection, std::string_view failure, uint32_t code) {
  EXPECT_TRUE(connection.session.at_end());
  EXPECT_EQ(connection.session.failure(), failure);
  const auto goaways = of_type(connection.sent(), kGoaway);
  ASSERT_EQ(goaways.size(), 1u);
  EXPECT_EQ(goaways[0].number_at(4), code);
  EXPECT_TRUE(connection.session.finished());
}

TEST(Http2ServerSession, AHeadThatInflatesToFourTimesTheLimitEndsTheConnection) {
  Connection connection;
  const std::string large = field(0x40, "x", std::string(kHeaderBytesMax, 'v'));
  // Each 0xbe is the whole field again, out of the table.
  connection.receive(
      frame(kHeaders, kEndHeaders | kEndStream, 1, kRequestHead + large + std::string(2, '\xbe')));
  EXPECT_FALSE(connection.session.at_end());
  connection.receive(
      frame(kHeaders, kEndHeaders | kEndStream, 3, kRequestHead + large + std::string(4, '\xbe')));
  expect_end(connection, "header_flood", 0xb);  // ENHANCE_YOUR_CALM
}

TEST(Http2ServerSession, EightContinuationsAreReadAndNineAreAFlood) {
  for (const int count : {8, 9}) {
    Connection connection;
    std::string bytes = frame(kHeaders, kEndStream, 1, kRequestHead);
    for (int i = 1; i < count; ++i) bytes += frame(kContinuation, 0, 1, field(0, "x", "y"));
    connection.receive(bytes + frame(kContinuation, kEndHeaders, 1, field(0, "x", "y")));
    EXPECT_EQ(connection.session.at_end(), count == 9);
    EXPECT_EQ(connection.requests.size(), count == 9 ? 0u : 1u);
    if (count == 9) {
      expect_end(connection, "header_flood", 0xb);
    } else {
      // The next section is counted anew.
      connection.receive(frame(kHeaders, kEndStream, 3, kRequestHead) +
                         frame(kContinuation, kEndHeaders, 3, ""));
      EXPECT_EQ(connection.requests.size(), 2u);
    }
  }
}

TEST(Http2ServerSession, AnotherProtocolIsABadPreface) {
  Connection connection("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  expect_end(connection, "bad_preface", 1);
}

TEST(Http2ServerSession, AFrameThatBreaksTheRulesIsAProtocolError) {
  Connection connection;
  connection.receive(frame(kSettings, 0, 0, "123"));  // no multiple of six
  const auto goaways = of_type(connection.sent(), kGoaway);
  ASSERT_EQ(goaways.size(), 1u);
  EXPECT_EQ(goaways[0].number_at(4), 6u);  // FRAME_SIZE_ERROR
  EXPECT_EQ(connection.session.failure(), "protocol_error");
  EXPECT_TRUE(connection.session.finished());
}

TEST(Http2ServerSession, AStreamBelowTheHighestIsNotOpenedAnymore) {
  Connection connection;
  connection.receive(whole_request(5));
  connection.receive(request_head(3));
  const auto goaways = of_type(connection.sent(), kGoaway);
  ASSERT_EQ(goaways.size(), 1u);
  EXPECT_EQ(goaways[0].number_at(4), 1u);  // PROTOCOL_ERROR
  EXPECT_EQ(connection.requests.size(), 1u);
}

TEST(Http2ServerSession, AHeadOnAStreamThatThePeerEndedIsStreamClosed) {
  Connection connection;
  connection.receive(whole_request(1));
  connection.session.respond_grpc_ok(*connection.requests.at(0));
  connection.sent();
  connection.receive(frame(kHeaders, kEndHeaders | kEndStream, 1, field(0, "t", "u")));
  const auto goaways = of_type(connection.sent(), kGoaway);
  ASSERT_EQ(goaways.size(), 1u);
  EXPECT_EQ(goaways[0].number_at(4), 5u);  // STREAM_CLOSED
}

TEST(Http2ServerSession, FramesThatCrossOurResetAreNoMistake) {
  Connection connection;
  connection.receive(request_head(1));
  connection.session.reset(*connection.requests.at(0), Http2Error::kCancel);
  connection.sent();
  // The head of a frame may be the end of what was read.
  const std::string data = frame(kData, 0, 1, "more");
  connection.receive(data.substr(0, 9));
  connection.receive(data.substr(9));
  EXPECT_FALSE(connection.session.at_end());
  connection.receive(frame(kData, 0, 1, "more") + frame(kData, 0, 1, "and more") +
                     frame(kHeaders, kEndHeaders | kEndStream, 1, field(0, "t", "u")));
  EXPECT_FALSE(connection.session.at_end());
  EXPECT_TRUE(of_type(connection.sent(), kGoaway).empty());
}

}  // namespace
}  // namespace millrace::http
