// The server's side of a connection: requests, answers and the shutdown, frame by frame.
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

TEST(Http2ServerSession, ItsLimitsAreAnnounced) {
  Connection connection;
  const auto sent = connection.sent();
  const auto settings = of_type(sent, kSettings);
  ASSERT_EQ(settings.size(), 2u);  // its own, and the acknowledgement
  std::vector<std::pair<uint32_t, uint32_t>> entries;
  for (size_t at = 0; at < settings[0].payload.size(); at += 6) {
    entries.emplace_back(settings[0].number_at(at) >> 16, settings[0].number_at(at + 2));
  }
  EXPECT_EQ(entries, (std::vector<std::pair<uint32_t, uint32_t>>{
                         {3, kStreamsMax}, {4, 1 << 20}, {6, kHeaderBytesMax}}));
  const auto windows = of_type(sent, kWindow);
  ASSERT_EQ(windows.size(), 1u);
  EXPECT_EQ(windows[0].stream, 0u);
  EXPECT_EQ(windows[0].number_at(0), (1u << 22) - 65'535);
}

TEST(Http2ServerSession, ARequestIsHandedOverAsItComes) {
  Connection connection;
  connection.receive(request_head(1) + frame(kData, 0, 1, "one "));
  ASSERT_EQ(connection.requests.size(), 1u);
  const Request& request = *connection.requests[0];
  EXPECT_EQ(request.path, "/");
  EXPECT_EQ(request.field_count, 4u);
  EXPECT_FALSE(request.oversized);
  EXPECT_EQ(request.body, "one ");
  EXPECT_EQ(request.ends, "");
  EXPECT_EQ(connection.session.stream_count(), 1u);
  connection.receive(frame(kData, kEndStream, 1, "two"));
  EXPECT_EQ(request.body, "one two");
  EXPECT_EQ(request.ends, "end ");
}

TEST(Http2ServerSession, ARequestMayEndWithItsHead) {
  Connection connection;
  connection.receive(request_head(1, kEndHeaders | kEndStream));
  EXPECT_EQ(connection.requests.at(0)->ends, "end ");
}

TEST(Http2ServerSession, TrailersEndARequestAndAreNotShown) {
  Connection connection;
  connection.receive(request_head(1) + frame(kData, 0, 1, "body") +
                     frame(kHeaders, kEndHeaders | kEndStream, 1, field(0x40, "t", "u")));
  ASSERT_EQ(connection.requests.size(), 1u);
  EXPECT_EQ(connection.requests[0]->ends, "end ");
  connection.receive(whole_request(3));
  EXPECT_EQ(connection.requests.at(1)->field_count, 4u);
}

TEST(Http2ServerSession, AnAnswerOfFieldsAloneEndsTheStream) {
  Connection connection;
  connection.receive(whole_request(1));
  connection.sent();
  connection.session.respond(*connection.requests.at(0), response_of(""));
  const auto sent = connection.sent();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].type, kHeaders);
  EXPECT_EQ(sent[0].flags, kEndHeaders | kEndStream);
  EXPECT_EQ(connection.requests[0]->ends, "end closed 0 ");
  EXPECT_EQ(connection.session.stream_count(), 0u);
  EXPECT_EQ(connection.answers_sent, 1);
}

TEST(Http2ServerSession, ABodyIsSentWhole) {
  Connection connection;
  connection.receive(whole_request(1));
  connection.sent();
  std::string body(40'000, 'x');
  body.back() = '!';
  connection.session.respond(*connection.requests.at(0), response_of(body));
  const auto sent = connection.sent();
  EXPECT_EQ(sent.at(0).type, kHeaders);
  EXPECT_EQ(sent.at(0).flags, kEndHeaders);
  std::string received;
  for (const Frame& data : of_type(sent, kData)) received += data.payload;
  EXPECT_EQ(received, body);
  EXPECT_EQ(sent.back().type, kData);
  EXPECT_EQ(sent.back().flags, kEndStream);
  EXPECT_EQ(static_cast<size_t>(connection.answers_sent), sent.size());
}

TEST(Http2ServerSession, TrailersFollowTheBody) {
  Connection connection;
  connection.receive(whole_request(1));
  connection.sent();
  connection.session.respond(*connection.requests.at(0), response_of("abc", {{"t", "u"}}));
  const auto sent = connection.sent();
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_EQ(sent[1].payload, "abc");
  EXPECT_EQ(sent[1].flags, 0);
  EXPECT_EQ(sent[2].type, kHeaders);
  EXPECT_EQ(sent[2].flags, kEndHeaders | kEndStream);
}

TEST(Http2ServerSession, ThePreparedAnswerIsAnEmptyMessage) {
  Connection connection;
  connection.receive(whole_request(1));
  connection.sent();
  connection.session.respond_grpc_ok(*connection.requests.at(0));
  const auto sent = connection.sent();
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_EQ(sent[1].payload, std::string(5, '\0'));
  EXPECT_EQ(sent[2].flags, kEndHeaders | kEndStream);
}

TEST(Http2ServerSession, ARequestMayBeAnsweredWhileItBegins) {
  Connection connection;
  Http2Response response = response_of("early");
  connection.answers_at_once = &response;
  connection.receive(whole_request(1));
  const auto data = of_type(connection.sent(), kData);
  ASSERT_EQ(data.size(), 1u);
  EXPECT_EQ(data[0].payload, "early");
}

TEST(Http2ServerSession, OnlyAnEarlyAnswerIsFollowedByAReset) {
  Connection connection;
  connection.receive(request_head(1) + whole_request(3));
  connection.sent();
  connection.session.respond(*connection.requests.at(0), response_of("early"));
  connection.session.respond(*connection.requests.at(1), response_of("in time"));
  const auto resets = of_type(connection.sent(), kReset);
  ASSERT_EQ(resets.size(), 1u);
  EXPECT_EQ(resets[0].stream, 1u);
  EXPECT_EQ(resets[0].number_at(0), 0u);  // NO_ERROR
}

TEST(Http2ServerSession, ARefusedRequestIsReset) {
  Connection connection;
  connection.refuses = true;
  connection.receive(whole_request(1));
  const auto resets = of_type(connection.sent(), kReset);
  ASSERT_EQ(resets.size(), 1u);
  EXPECT_EQ(resets[0].number_at(0), 7u);  // REFUSED_STREAM
  EXPECT_EQ(connection.session.stream_count(), 0u);
}

TEST(Http2ServerSession, ResetsCarryTheirCodeInBothDirections) {
  Connection connection;
  connection.receive(request_head(1) + request_head(3));
  connection.sent();
  connection.session.reset(*connection.requests.at(0), Http2Error::kEnhanceYourCalm);
  const auto resets = of_type(connection.sent(), kReset);
  ASSERT_EQ(resets.size(), 1u);
  EXPECT_EQ(resets[0].stream, 1u);
  EXPECT_EQ(resets[0].number_at(0), 0xbu);
  connection.receive(frame(kReset, 0, 3, number(8)));
  EXPECT_EQ(connection.requests.at(0)->ends, "closed 11 ");
  EXPECT_FALSE(connection.requests.at(0)->peer_reset);
  EXPECT_EQ(connection.requests.at(1)->ends, "closed 8 ");
  EXPECT_TRUE(connection.requests.at(1)->peer_reset);
  EXPECT_EQ(connection.session.stream_count(), 0u);
}

TEST(Http2ServerSession, PingsAreAnsweredAndTold) {
  Connection connection;
  connection.sent();
  connection.receive(frame(kPing, 0, 0, "12345678"));
  const auto sent = connection.sent();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].flags, kAck);
  EXPECT_EQ(sent[0].payload, "12345678");
  EXPECT_EQ(connection.pings, 1);
  EXPECT_EQ(connection.pings_answered, 0);
  connection.session.send_ping();
  EXPECT_EQ(of_type(connection.sent(), kPing).size(), 1u);
  connection.receive(frame(kPing, kAck, 0, std::string(8, '\0')));
  EXPECT_EQ(connection.pings, 1);
  EXPECT_EQ(connection.pings_answered, 1);
  EXPECT_EQ(connection.answers_sent, 0);
}

TEST(Http2ServerSession, AShutdownIsAnnouncedThenDone) {
  Connection connection;
  connection.receive(request_head(1) + request_head(3));
  connection.sent();
  connection.session.announce_goaway();
  auto sent = connection.sent();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[0].type, kGoaway);
  EXPECT_EQ(sent[0].number_at(0), 0x7fffffffu);
  EXPECT_EQ(sent[1].type, kPing);  // its answer tells that the GOAWAY was read
  EXPECT_EQ(sent[1].flags, 0);
  connection.receive(request_head(5));
  EXPECT_EQ(connection.requests.size(), 3u);

  connection.session.send_goaway(Http2Error::kNoError, "max_age");
  sent = connection.sent();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].number_at(0), 5u);
  EXPECT_EQ(sent[0].number_at(4), 0u);
  EXPECT_EQ(sent[0].payload.substr(8), "max_age");
  EXPECT_EQ(connection.session.failure(), "");
}

TEST(Http2ServerSession, OutputIsGivenInPiecesAndFramesThatWaitAreCounted) {
  Connection connection;
  connection.sent();
  EXPECT_FALSE(connection.session.wants_write());
  EXPECT_EQ(connection.session.waiting_frame_count(), 0u);
  for (int i = 0; i < 3; ++i) connection.receive(frame(kPing, 0, 0, "12345678"));
  EXPECT_TRUE(connection.session.wants_write());
  EXPECT_EQ(connection.session.waiting_frame_count(), 3u);
  std::string out;
  connection.session.write_to(out, 1);
  EXPECT_EQ(frames_of(out).size(), 1u);
  connection.session.write_to(out, out.size());
  EXPECT_EQ(frames_of(out).size(), 1u);
  EXPECT_EQ(connection.session.waiting_frame_count(), 2u);
  connection.session.write_to(out, 1000);
  EXPECT_EQ(frames_of(out).size(), 3u);
  EXPECT_FALSE(connection.session.finished());
}

TEST(Http2ServerSession, ACallConsumesAsManyBeginningsAndEndsAsItIsGiven) {
  Connection connection;
  std::string requests;
  for (uint32_t id = 1; id <= 7; id += 2) requests += whole_request(id);
  EXPECT_EQ(connection.receive_once(requests, 4),
            2 * whole_request(1).size() - std::string("body").size());
  // Four other frames count as one of these.
  std::string pings;
  for (int i = 0; i < 20; ++i) pings += frame(kPing, 0, 0, "12345678");
  Connection other;
  const size_t consumed = other.receive_once(pings, 2);
  EXPECT_GT(consumed, 7u * 17);
  EXPECT_LE(consumed, 8u * 17);
}

}  // namespace
}  // namespace millrace::http
