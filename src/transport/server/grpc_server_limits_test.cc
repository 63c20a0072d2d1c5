#include <gtest/gtest.h>

#include "compress/compressor.h"
#include "transport/rpc_status.h"
#include "transport/server/server_connection.h"
#include "transport/server/server_test_support.h"

namespace millrace::transport {
namespace {

using testing::Http2Peer;
using GrpcLimitsTest = testing::ServerTest;

TEST_F(GrpcLimitsTest, MistakesAreNamed) {
  options.grpc_message_bytes_max = 1000;
  start();
  auto with = [](Http2Peer::Fields more) { return Http2Peer::grpc_fields(Signal::kTraces, more); };
  Http2Peer::Fields wrong_path = with({});
  wrong_path[2].second = "/opentelemetry.proto.collector.trace.v1.TraceService/Nothing";
  Http2Peer::Fields wrong_subtype = with({});
  wrong_subtype[4].second = "application/grpc+json";
  Http2Peer::Fields proto_subtype = with({});
  proto_subtype[4].second = "application/grpc+proto";
  const std::string hello = Http2Peer::framed("hello");
  const struct {
    Http2Peer::Fields fields;
    std::string body, status, reason;
  } kCases[] = {
      {proto_subtype, hello, "0", ""},
      {with({{"grpc-timeout", "10S"}, {"grpc-encoding", "identity"}}), hello, "0", ""},
      {wrong_path, hello, "12", "bad_path"},
      {wrong_subtype, hello, "12", "wrong_content_type"},
      {with({{"grpc-encoding", "deflate"}}), hello, "12", "bad_compression"},
      {with({{"grpc-timeout", "soon"}}), hello, "13", "bad_timeout"},
      {with({}), Http2Peer::framed("x", http::GrpcCompression::kCompressed), "13",
       "bad_compression"},
      {with({{"grpc-encoding", "gzip"}}),
       Http2Peer::framed("no gzip", http::GrpcCompression::kCompressed), "3", "bad_compression"},
      {with({}), hello + hello, "12", "second_message"},
      {with({}), "", "12", "no_message"},
      {with({}), hello.substr(0, 8), "13", "truncated"},
      {with({}), hello.substr(0, 3), "13", "truncated"},
      {with({}), "\x02" + hello.substr(1), "13", "bad_message_prefix"},
      {with({}), Http2Peer::framed(std::string(1001, 'x')), "8", "too_large"},
  };
  for (const auto& [fields, body, status, reason] : kCases) {
    observer.reasons.clear();
    auto peer = http2();
    const auto& response = answer_of(*peer, peer->request(fields, body));
    EXPECT_EQ(response.fields.at(":status"), "200") << reason;
    EXPECT_EQ(response.fields.at("grpc-status"), status) << reason;
    EXPECT_EQ(response.fields.count("grpc-status-details-bin"), 0u) << reason;
    EXPECT_EQ(observer.reasons,
              reason.empty() ? std::vector<std::string>() : std::vector<std::string>{reason});
    if (reason == "bad_compression" && status == "12") {
      EXPECT_EQ(response.fields.at("grpc-accept-encoding"), "identity,gzip,zstd,snappy");
    }
  }
  EXPECT_EQ(handler.bodies, (std::vector<std::string>{"hello", "hello"}));
}

TEST_F(GrpcLimitsTest, CompressedMessagesAreUndone) {
  start();
  const std::string text(100'000, 'z');
  for (const auto& [name, coding] :
       {std::pair("gzip", compress::Coding::kGzip), std::pair("zstd", compress::Coding::kZstd),
        std::pair("snappy", compress::Coding::kSnappyFramed)}) {
    compress::Compressor compressor(coding, compress::kDefaultLevel);
    const auto packed = compressor.compress(Rope(Bytes::copy_of(text)));
    ASSERT_TRUE(packed);
    auto peer = http2();
    const int32_t id =
        peer->request(Http2Peer::grpc_fields(Signal::kTraces, {{"grpc-encoding", name}}),
                      Http2Peer::framed(packed->text(), http::GrpcCompression::kCompressed));
    EXPECT_EQ(answer_of(*peer, id).fields.at("grpc-status"), "0") << name;
    EXPECT_TRUE(handler.bodies.back() == text) << name;
  }
}

TEST_F(GrpcLimitsTest, OverTheMemoryBudgetIsUnavailableWithRetryInfoAndOthersGoOn) {
  start(2 << 20);
  auto peer = http2();
  const int32_t large = peer->grpc(std::string(4 << 20, 'x'));
  const int32_t small = peer->grpc("small");
  const auto& refused = answer_of(*peer, large);
  EXPECT_EQ(refused.fields.at("grpc-status"), "14");
  EXPECT_EQ(refused.error, 0u);  // RST_STREAM with NO_ERROR behind the answer
  const auto bytes = http::decode_base64(refused.fields.at("grpc-status-details-bin"));
  ASSERT_TRUE(bytes);
  EXPECT_EQ(decode_rpc_status(as_span(*bytes))->retry_delay, 1s);
  EXPECT_EQ(answer_of(*peer, small).fields.at("grpc-status"), "0");
  EXPECT_EQ(observer.reasons, std::vector<std::string>{"memory"});
}

TEST_F(GrpcLimitsTest, WithoutAnyMemoryPingsAreStillAnswered) {
  start(kConnectionBytes);
  auto peer = http2();
  EXPECT_EQ(answer_of(*peer, peer->grpc("x")).fields.at("grpc-status"), "14");
  nghttp2_submit_ping(peer->session, 0, nullptr);
  peer->flush();
  EXPECT_TRUE(run_until([&] { return peer->pongs == 1; }));
}

TEST_F(GrpcLimitsTest, HalfAMessageThenSilenceGivesItsMemoryBack) {
  start();
  auto peer = http2();
  const int32_t id =
      peer->request(Http2Peer::grpc_fields(Signal::kTraces),
                    Http2Peer::framed(std::string(3 << 20, 'x')).substr(0, 1000), false);
  ASSERT_TRUE(run_until([&] { return budget->used() > 3 << 20; }));
  ASSERT_TRUE(run_until([&] { return peer->responses[id].closed; }, 70s));
  EXPECT_EQ(peer->responses[id].fields.at("grpc-status"), "4");
  EXPECT_EQ(observer.reasons, std::vector<std::string>{"timeout"});
  EXPECT_LE(budget->used(), kPooledChunkBytes + kConnectionBytes);
}

TEST_F(GrpcLimitsTest, HeaderSectionsOverTheLimitAreRefusedAndTheConnectionGoesOn) {
  options.header_bytes_max = 4096;
  start();
  auto peer = http2();
  const int32_t id =
      peer->request(Http2Peer::grpc_fields(Signal::kTraces, {{"x", std::string(5000, 'a')}}),
                    Http2Peer::framed("x"));
  EXPECT_EQ(answer_of(*peer, id).fields.at("grpc-status"), "8");
  EXPECT_EQ(observer.reasons, std::vector<std::string>{"header_too_large"});
  EXPECT_EQ(answer_of(*peer, peer->grpc("x")).fields.at("grpc-status"), "0");
}

TEST_F(GrpcLimitsTest, GrpcIsNotServedWhereItIsOff) {
  options.serves_grpc = false;
  start();
  auto peer = http2();
  EXPECT_EQ(answer_of(*peer, peer->grpc("x")).fields.at("grpc-status"), "12");
  EXPECT_EQ(observer.reasons, std::vector<std::string>{"grpc_not_served"});
}

TEST_F(GrpcLimitsTest, WrongContentTypeOnAGrpcPortIs415) {
  options.serves_http = false;
  start();
  auto peer = http2();
  Http2Peer::Fields fields = Http2Peer::grpc_fields(Signal::kTraces);
  fields[4].second = "application/json";
  EXPECT_EQ(answer_of(*peer, peer->request(fields, "{}")).fields.at(":status"), "415");
}

TEST_F(GrpcLimitsTest, OtlpOverHttp2IsServed) {
  start();
  auto peer = http2();
  const Http2Peer::Fields fields = {{":method", "POST"},
                                    {":scheme", "http"},
                                    {":path", "/v1/logs"},
                                    {":authority", "c"},
                                    {"content-type", "application/json"}};
  const auto& response = answer_of(*peer, peer->request(fields, "{}"));
  EXPECT_EQ(response.fields.at(":status"), "200");
  EXPECT_EQ(response.body, "{\"partialSuccess\":{}}");
  EXPECT_EQ(handler.bodies.at(0), "{}");
}

TEST_F(GrpcLimitsTest, TooManyPingsAreToldToCalmDown) {
  start();
  auto peer = http2();
  for (int i = 0; i < 5; ++i) nghttp2_submit_ping(peer->session, 0, nullptr);
  peer->flush();
  ASSERT_TRUE(run_until([&] { return !peer->goaways.empty(); }));
  EXPECT_EQ(peer->goaways[0].error, static_cast<uint32_t>(NGHTTP2_ENHANCE_YOUR_CALM));
  EXPECT_EQ(observer.reasons, std::vector<std::string>{"too_many_pings"});
}

TEST_F(GrpcLimitsTest, RapidResetsAreToldToCalmDown) {
  options.streams_max = 10;
  handler.hold = true;
  start();
  auto peer = http2();
  for (int i = 0; i < 200 && peer->goaways.empty(); ++i) {
    const int32_t id = peer->grpc("x");
    nghttp2_submit_rst_stream(peer->session, 0, id, NGHTTP2_CANCEL);
    peer->flush();
    world.run_for(1ms);
  }
  ASSERT_TRUE(run_until([&] { return !peer->goaways.empty(); }));
  EXPECT_EQ(peer->goaways[0].error, static_cast<uint32_t>(NGHTTP2_ENHANCE_YOUR_CALM));
  EXPECT_EQ(observer.reasons, std::vector<std::string>{"reset_flood"});
}

TEST_F(GrpcLimitsTest, OldConnectionsEndInTwoPhases) {
  options.age_max = 60s;
  handler.hold = true;
  start();
  auto peer = http2();
  const int32_t id = peer->grpc("x");
  ASSERT_TRUE(run_until([&] { return peer->goaways.size() == 2; }, 70s));
  EXPECT_EQ(peer->goaways[0].last_stream_id, INT32_MAX);
  EXPECT_EQ(peer->goaways[1].last_stream_id, id);
  EXPECT_EQ(server->connection_count(), 1u);
  handler.held[0].reply(Reply());
  EXPECT_EQ(answer_of(*peer, id).fields.at("grpc-status"), "0");
  EXPECT_TRUE(run_until([&] { return server->connection_count() == 0; }));
}

// nghttp2 sends pings first, and a ping that overtakes the GOAWAY shows nothing by its answer.
TEST_F(GrpcLimitsTest, PingOfAShutdownFollowsItsGoaway) {
  options.age_max = 60s;
  start();
  auto peer = raw();
  peer->send(std::string_view("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33));
  constexpr std::string_view kGoaway("\0\0\x08\x07\0\0\0\0\0\x7f\xff\xff\xff", 13);
  constexpr std::string_view kPing("\0\0\x08\x06\0\0\0\0\0", 9);
  ASSERT_TRUE(run_until([&] { return peer->received.contains(kGoaway); }, 70s));
  EXPECT_GT(peer->received.find(kPing), peer->received.find(kGoaway));
  EXPECT_TRUE(peer->received.contains(kPing));
}

// RFC 9113, section 5.1: an endpoint that has ended a stream must not send DATA on it.
TEST_F(GrpcLimitsTest, DataOnAStreamThatItsSenderHasEndedEndsTheConnection) {
  start();
  const std::string preface("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33);
  // POST http / with :authority x, which is answered with a refusal.
  const std::string head("\0\0\6\1\4\0\0\0\1\x83\x86\x84\1\1x", 15);
  const std::string head_and_end("\0\0\6\1\5\0\0\0\1\x83\x86\x84\1\1x", 15);
  const std::string reset("\0\0\4\3\0\0\0\0\1\0\0\0\x08", 13);
  const std::string data("\0\0\1\0\0\0\0\0\1x", 10);
  const std::string stream_closed("\0\0\0\x05", 4);
  const struct {
    std::string first, then;
  } kCases[] = {{head + reset, data}, {head + reset + data, ""}, {head_and_end, data}};
  for (const auto& [first, then] : kCases) {
    auto peer = raw();
    peer->send(preface + first);
    run_until([&] { return false; }, 100ms);
    if (!then.empty()) peer->send(then);
    ASSERT_TRUE(run_until([&] { return peer->ended; }));
    // Either GOAWAY or RST_STREAM, with this code.
    EXPECT_TRUE(peer->received.contains(stream_closed));
  }
}

TEST_F(GrpcLimitsTest, DeadlineOfTheSenderIsAnsweredAndALaterAnswerIsNot) {
  handler.hold = true;
  start();
  auto peer = http2();
  const auto fields = Http2Peer::grpc_fields(Signal::kTraces, {{"grpc-timeout", "2S"}});
  const int32_t whole = peer->request(fields, Http2Peer::framed("x"));
  const int32_t half = peer->request(fields, "", false);
  EXPECT_EQ(answer_of(*peer, whole).fields.at("grpc-status"), "4");
  EXPECT_EQ(answer_of(*peer, half).fields.at("grpc-status"), "4");
  EXPECT_EQ(observer.reasons, std::vector<std::string>{"deadline"});
  ASSERT_EQ(handler.held.size(), 1u);
  handler.held[0].reply(Reply());
  const int32_t other = peer->grpc("y");  // the connection goes on
  ASSERT_TRUE(run_until([&] { return handler.held.size() == 2; }));
  handler.held[1].reply(Reply());
  EXPECT_EQ(answer_of(*peer, other).fields.at("grpc-status"), "0");
}

TEST_F(GrpcLimitsTest, DrainAnswersWhatIsUnderWayAndEnds) {
  handler.hold = true;
  start();
  auto peer = http2();
  const int32_t id = peer->grpc("x");
  ASSERT_TRUE(run_until([&] { return !handler.held.empty(); }));
  bool drained = false;
  server->drain([&] { drained = true; });
  ASSERT_TRUE(run_until([&] { return peer->goaways.size() == 2; }));
  EXPECT_FALSE(drained);
  handler.held[0].reply(Reply());
  EXPECT_EQ(answer_of(*peer, id).fields.at("grpc-status"), "0");
  EXPECT_TRUE(run_until([&] { return drained; }));
}

TEST_F(GrpcLimitsTest, PeersThatDoNotAnswerPingsAreClosed) {
  options.ping_after = 10s;
  options.ping_timeout = 5s;
  start();
  auto peer = raw();
  peer->send(std::string_view("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33));
  ASSERT_TRUE(run_until([&] { return peer->ended; }, 30s));
  EXPECT_EQ(observer.reasons, std::vector<std::string>{"timeout"});
}

TEST_F(GrpcLimitsTest, AnswersSurviveEveryCutOfTheBytes) {
  start();
  std::string wire;
  {
    // What an HTTP/2 client writes for one call.
    auto peer = http2();
    peer->grpc("hello");
    ASSERT_TRUE(run_until([&] { return !handler.bodies.empty(); }));
    wire = peer->peer.sent;
  }
  handler.bodies.clear();
  for (size_t cut = 1; cut < wire.size(); ++cut) {
    auto peer = raw();
    peer->send(std::string_view(wire).substr(0, cut));
    world.run_for(5ms);
    peer->send(std::string_view(wire).substr(cut));
    ASSERT_TRUE(run_until([&] { return handler.bodies.size() == cut; })) << cut;
    ASSERT_EQ(handler.bodies.back(), "hello");
  }
}

}  // namespace
}  // namespace millrace::transport
