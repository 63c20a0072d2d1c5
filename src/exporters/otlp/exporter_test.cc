#include "exporters/otlp/exporter.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "compress/decompressor.h"
#include "io/sim/world.h"
#include "io/testing/stream_probe.h"
#include "transport/client/peer_text.h"
#include "transport/testing/scripted_http2_server.h"
#include "wire/writer.h"

namespace millrace::exporters {
namespace {

using Kind = pipeline::Outcome::Kind;
using transport::testing::ScriptedHttp2Server;

class OtlpExporterTest : public ::testing::Test {
 protected:
  OtlpExporterTest()
      : server_loop_(world_.make_loop("server")),
        client_loop_(world_.make_loop("client")),
        logger_({}, [this](std::string_view line) { log_ += line; }, [] { return 0; }) {}
  ~OtlpExporterTest() override {
    exporter_.reset();
    probes_.clear();
  }

  pipeline::Outcome send(std::string_view body, Signal signal = Signal::kTraces,
                         MetadataRef metadata = nullptr) {
    pipeline::Batch batch;
    batch.signal = signal;
    batch.metadata = std::move(metadata);
    batch.item_count = 1;
    batch.bytes = Rope(Bytes::copy_of(body));
    std::optional<pipeline::Outcome> outcome;
    exporter_->send_batch(std::move(batch), client_loop_->now() + 5s,
                          [&](pipeline::Outcome got) { outcome = std::move(got); });
    EXPECT_FALSE(outcome.has_value()) << "answered from inside send_batch";
    world_.run_until([&] { return outcome.has_value(); }, 1min);
    EXPECT_TRUE(outcome.has_value());
    return outcome.value_or(pipeline::Outcome());
  }
  void grpc(ScriptedHttp2Server::OnRequest on_request, GrpcOptions options = {}) {
    peer_ = std::make_unique<ScriptedHttp2Server>(*server_loop_, std::move(on_request));
    peer_->listen(4317);
    options.endpoint = "http://server:4317";
    options.target = *parse_grpc_endpoint(options.endpoint);
    options.tls.insecure = true;
    exporter_ = make_otlp_grpc_exporter(*client_loop_, options, budget_, logger_, credentials_);
  }
  // A server that answers the first request of a connection with those bytes.
  void http(std::string response, HttpOptions options) {
    response_ = std::move(response);
    const auto accept = [this](std::unique_ptr<io::Stream> stream) {
      probes_.push_back(std::make_unique<io::testing::StreamProbe>(std::move(stream)));
      // The request is there by then, and it would be wrong to answer before.
      world_.after(20ms, [this, probe = probes_.back().get()] { probe->send(response_); });
    };
    listener_ = *server_loop_->listen({.host = "", .port = 4318, .tls = nullptr}, accept);
    exporter_ = make_otlp_http_exporter(*client_loop_, options, budget_, logger_, credentials_);
  }
  static HttpOptions http_options(compress::Coding compression = compress::Coding::kIdentity) {
    HttpOptions options;
    options.compression = compression;
    options.targets[0] = *parse_http_endpoint("http://server:4318/v1/traces");
    return options;
  }

  io::sim::World world_{1};
  std::unique_ptr<io::Loop> server_loop_;
  std::unique_ptr<io::Loop> client_loop_;
  std::string log_;
  Budget budget_{8 << 20};
  Logger logger_;
  std::unique_ptr<ScriptedHttp2Server> peer_;
  std::string response_;
  std::unique_ptr<io::Listener> listener_;
  std::vector<std::unique_ptr<io::testing::StreamProbe>> probes_;
  std::shared_ptr<transport::CredentialSource> credentials_;
  std::unique_ptr<pipeline::Exporter> exporter_;
};

// Shows what `value` holds at the time.
class FakeCredentials final : public transport::CredentialSource {
 public:
  Result<transport::Credentials> current(const transport::CredentialContext&) override {
    if (value.empty()) return fail(Code::kUnavailable, "no file");
    if (shown == nullptr || shown->front().value != value) {
      shown = std::make_shared<std::vector<MetadataEntry>>(
          std::vector<MetadataEntry>{{"authorization", value}});
    }
    return shown;
  }
  std::string value;
  transport::Credentials shown;
};

TEST_F(OtlpExporterTest, CredentialsOfTheMomentGoWithEachRequestInsteadOfTheHeader) {
  auto credentials = std::make_shared<FakeCredentials>();
  credentials->value = "Bearer one";
  credentials_ = credentials;
  std::vector<std::string> seen;
  GrpcOptions options;
  options.headers = {{"authorization", "Bearer configured"}, {"x-other", "1"}};
  grpc(
      [&](ScriptedHttp2Server::Request& request) {
        seen.push_back(request.field("authorization") + " " + request.field("x-other"));
        request.answer_grpc("");
      },
      options);
  EXPECT_EQ(send("x").kind, Kind::kDelivered);
  credentials->value = "Bearer two";
  EXPECT_EQ(send("x").kind, Kind::kDelivered);
  EXPECT_EQ(seen, (std::vector<std::string>{"Bearer one 1", "Bearer two 1"}));
  credentials->value = "";
  EXPECT_EQ(send("x").kind, Kind::kRetry) << "nothing to show now, perhaps later";
  EXPECT_FALSE(log_.contains("Bearer"));
}

TEST_F(OtlpExporterTest, RefusalOfCredentialsThatWereReplacedMeanwhileIsTriedAgain) {
  auto credentials = std::make_shared<FakeCredentials>();
  credentials->value = "Bearer old";
  credentials_ = credentials;
  bool is_renewed = false;
  grpc([&](ScriptedHttp2Server::Request& request) {
    if (is_renewed) credentials->value = "Bearer new";
    request.answer_grpc("", {{"grpc-status", "16"}, {"grpc-message", "token expired"}});
  });
  EXPECT_EQ(send("x").kind, Kind::kRefused);
  is_renewed = true;
  EXPECT_EQ(send("x").kind, Kind::kRetry);
}

TEST_F(OtlpExporterTest, HttpShowsItsCredentialsToo) {
  auto credentials = std::make_shared<FakeCredentials>();
  credentials->value = "Basic dTpw";
  credentials_ = credentials;
  http("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", http_options());
  EXPECT_EQ(send("x").kind, Kind::kDelivered);
  ASSERT_EQ(probes_.size(), 1u);
  EXPECT_TRUE(probes_[0]->received.contains("authorization: Basic dTpw\r\n"))
      << probes_[0]->received;
}

TEST_F(OtlpExporterTest, CredentialsThatAreOnTheirWayAreWaitedFor) {
  auto credentials = std::make_shared<FakeCredentials>();
  credentials_ = credentials;
  std::string seen;
  grpc([&](ScriptedHttp2Server::Request& request) {
    seen = request.field("authorization");
    request.answer_grpc("");
  });
  world_.after(1s, [&] { credentials->value = "Bearer late"; });
  const MonotonicTime begin = client_loop_->now();
  EXPECT_EQ(send("x").kind, Kind::kDelivered);
  EXPECT_EQ(seen, "Bearer late");
  EXPECT_LT(client_loop_->now() - begin, 2s);
}

TEST_F(OtlpExporterTest, ClosedWhileCredentialsAreWaitedForIsCancelled) {
  credentials_ = std::make_shared<FakeCredentials>();
  grpc([](ScriptedHttp2Server::Request& request) { request.answer_grpc(""); });
  world_.after(1s, [&] { exporter_->close(); });
  EXPECT_EQ(send("x").kind, Kind::kCancelled);
}

// Sends the header "tenant" of the request as "x-tenant".
class TenantCredentials final : public transport::CredentialSource {
 public:
  Result<transport::Credentials> current(const transport::CredentialContext& context) override {
    const std::string tenant(context.metadata == nullptr ? "" : context.metadata->find("tenant"));
    if (tenant == "two") return fail(Code::kInvalidArgument, "two values of tenant");
    own_header_count = context.own_headers->size();
    return std::make_shared<const std::vector<MetadataEntry>>(
        std::vector<MetadataEntry>{{"x-tenant", tenant}});
  }
  std::span<const std::string> context_keys() const override { return keys_; }
  std::span<const std::string> removed_headers() const override { return removed_; }
  size_t own_header_count = 0;

 private:
  const std::vector<std::string> keys_ = {"tenant"};
  const std::vector<std::string> removed_ = {"x-removed"};
};

MetadataRef tenant(std::string value) {
  auto metadata = std::make_shared<Metadata>();
  metadata->entries = {{"tenant", std::move(value)}, {"other", "1"}};
  return metadata;
}

TEST_F(OtlpExporterTest, HeadersOfTheRequestGoUnderTheNamesThatCredentialsGiveThem) {
  auto credentials = std::make_shared<TenantCredentials>();
  credentials_ = credentials;
  std::vector<std::string> seen;
  GrpcOptions options;
  options.headers = {{"x-tenant", "configured"}, {"x-removed", "1"}};
  grpc(
      [&](ScriptedHttp2Server::Request& request) {
        seen.push_back(request.field("x-tenant") + "," + request.field("tenant") + "," +
                       request.field("x-removed") + "," + request.field("other"));
        request.answer_grpc("", {{"grpc-status", "16"}, {"grpc-message", "no such tenant"}});
      },
      options);
  EXPECT_EQ(send("x", Signal::kTraces, tenant("a")).kind, Kind::kRefused)
      << "the same credentials are no newer ones";
  EXPECT_EQ(seen, std::vector<std::string>{"a,,,1"});
  EXPECT_EQ(credentials->own_header_count, 2u);
  EXPECT_EQ(send("x", Signal::kTraces, tenant("two")).kind, Kind::kRefused);
  EXPECT_EQ(seen.size(), 1u);
}

TEST_F(OtlpExporterTest, HttpGoesWithoutRemovedHeadersToo) {
  credentials_ = std::make_shared<TenantCredentials>();
  HttpOptions options = http_options();
  options.headers = {{"x-removed", "1"}, {"x-kept", "2"}};
  http("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", options);
  EXPECT_EQ(send("x", Signal::kTraces, tenant("a")).kind, Kind::kDelivered);
  ASSERT_EQ(probes_.size(), 1u);
  const std::string& received = probes_[0]->received;
  EXPECT_TRUE(received.contains("x-tenant: a\r\n")) << received;
  EXPECT_TRUE(received.contains("x-kept: 2\r\n")) << received;
  EXPECT_FALSE(received.contains("x-removed")) << received;
  EXPECT_FALSE(received.contains("\r\ntenant:")) << received;
}

TEST_F(OtlpExporterTest, GrpcBodyIsCompressedAndDelivered) {
  std::string body;
  std::string encoding;
  grpc([&](ScriptedHttp2Server::Request& request) {
    body = request.body;
    encoding = request.field("grpc-encoding");
    request.answer_grpc("");
  });
  EXPECT_EQ(send("\x0a\x00").kind, Kind::kDelivered);
  EXPECT_EQ(encoding, "gzip");
  ASSERT_GT(body.size(), 5u);
  EXPECT_EQ(body[0], 1);
  Budget budget(64 << 20);
  ChunkPool pool(budget, 0);
  const auto plain = compress::Decompressor().decompress(
      compress::Coding::kGzip, as_span(std::string_view(body).substr(5)), pool, 1 << 20);
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->text(), "\x0a");
}

TEST_F(OtlpExporterTest, CompressedBodiesAreCountedUntilTheAnswer) {
  size_t while_sending = 0;
  std::string encoding;
  grpc([&](ScriptedHttp2Server::Request& request) {
    while_sending = budget_.used();
    encoding = request.field("grpc-encoding");
    request.answer_grpc("");
  });
  std::string noise(100'000, ' ');
  Random random(1);
  for (char& c : noise) c = static_cast<char>(random.next());
  EXPECT_EQ(send(noise).kind, Kind::kDelivered);
  EXPECT_GE(while_sending, 90'000u) << "noise does not get smaller";
  EXPECT_EQ(send(std::string(100'000, 'x')).kind, Kind::kDelivered);
  EXPECT_GT(while_sending, 0u);
  EXPECT_LT(while_sending, 10'000u) << "only what is left of it";
  EXPECT_EQ(encoding, "gzip");
  EXPECT_EQ(budget_.used(), 0u);
}

TEST_F(OtlpExporterTest, WithoutRoomForACompressedBodyThePlainOneGoesOut) {
  std::string body;
  std::string encoding = "none was told";
  grpc([&](ScriptedHttp2Server::Request& request) {
    body = request.body;
    encoding = request.field("grpc-encoding");
    request.answer_grpc("");
  });
  ASSERT_TRUE(budget_.try_reserve(MemoryTerm::kMessages, budget_.limit()));
  EXPECT_EQ(send("\x0a\x01x").kind, Kind::kDelivered);
  EXPECT_EQ(body, std::string("\0\0\0\0\3\x0a\1x", 8));
  EXPECT_TRUE(encoding.empty() || encoding == "identity") << encoding;
  budget_.release(MemoryTerm::kMessages, budget_.limit());
}

TEST_F(OtlpExporterTest, PlainBodiesAreTheBatchesOwn) {
  size_t while_sending = 1;
  GrpcOptions options;
  options.compression = compress::Coding::kIdentity;
  grpc(
      [&](ScriptedHttp2Server::Request& request) {
        while_sending = budget_.used();
        request.answer_grpc("");
      },
      options);
  EXPECT_EQ(send(std::string(100'000, 'x')).kind, Kind::kDelivered);
  EXPECT_EQ(while_sending, 0u);
}

TEST_F(OtlpExporterTest, PartialSuccessIsCountedAndLogged) {
  grpc([](ScriptedHttp2Server::Request& request) {
    request.answer_grpc("\x0a\x08\x08\x03\x12\x04late");
  });
  const pipeline::Outcome outcome = send("x");
  EXPECT_EQ(outcome.kind, Kind::kPartial);
  EXPECT_EQ(outcome.rejected_count, 3u);
  EXPECT_EQ(outcome.error.message, "late");
  EXPECT_NE(log_.find("late"), std::string::npos);
}

TEST_F(OtlpExporterTest, WarningOfThePeerIsDelivered) {
  grpc([](ScriptedHttp2Server::Request& request) { request.answer_grpc("\x0a\x06\x12\x04slow"); });
  EXPECT_EQ(send("x").kind, Kind::kDelivered);
  EXPECT_NE(log_.find("slow"), std::string::npos);
}

TEST_F(OtlpExporterTest, SizeErrorIsTooLarge) {
  grpc([](ScriptedHttp2Server::Request& request) {
    request.answer({{":status", "200"},
                    {"content-type", "application/grpc"},
                    {"grpc-status", "8"},
                    {"grpc-message", "grpc: received message larger than max (9 vs. 4)"}});
  });
  EXPECT_EQ(send("x").kind, Kind::kTooLarge);
}

TEST_F(OtlpExporterTest, SilenceIsRetriedAfterTheDeadline) {
  grpc([](ScriptedHttp2Server::Request&) {});
  EXPECT_EQ(send("x").kind, Kind::kRetry);
}

TEST_F(OtlpExporterTest, CloseCancelsWhatIsUnderWay) {
  grpc([](ScriptedHttp2Server::Request&) {});
  std::optional<pipeline::Outcome> outcome;
  exporter_->send_batch({}, kNever, [&](pipeline::Outcome got) { outcome = std::move(got); });
  world_.run_for(1s);
  EXPECT_FALSE(outcome.has_value());
  exporter_->close();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->kind, Kind::kCancelled);
  EXPECT_EQ(send("x").kind, Kind::kCancelled);
}

TEST_F(OtlpExporterTest, HttpJsonIsEncodedAndItsPartialSuccessRead) {
  HttpOptions options = http_options();
  options.encoding = Encoding::kJson;
  const std::string body = R"({"partialSuccess":{"rejectedSpans":"2","errorMessage":"no"}})";
  http("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body,
       options);
  const pipeline::Outcome outcome = send(std::string_view("\x0a\x00", 2));
  EXPECT_EQ(outcome.kind, Kind::kPartial) << outcome.error.message;
  EXPECT_EQ(outcome.rejected_count, 2u);
  EXPECT_NE(probes_[0]->received.find("content-type: application/json"), std::string::npos);
  EXPECT_NE(probes_[0]->received.find("{\"resourceSpans\":[{}]}"), std::string::npos);
}

TEST_F(OtlpExporterTest, AKeyInTheQueryIsSentAndNotShown) {
  HttpOptions options = http_options();
  options.targets[0] = *parse_http_endpoint("http://server:4318/v1/traces?key=s3cret");
  const std::string body = "no page at /v1/traces?key=s3cret, none at ?key=s3cret";
  http("HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body,
       options);
  const pipeline::Outcome outcome = send("x");
  EXPECT_EQ(outcome.kind, Kind::kRefused);
  EXPECT_NE(probes_[0]->received.find("/v1/traces?key=s3cret"), std::string::npos);
  EXPECT_NE(outcome.error.message.find("?[REDACTED]"), std::string::npos) << outcome.error.message;
  EXPECT_EQ((outcome.error.message + log_ + exporter_->describe()).find("s3cret"),
            std::string::npos);
}

TEST_F(OtlpExporterTest, ItIsDescribedByItsEndpointUntilItIsClosed) {
  grpc([](ScriptedHttp2Server::Request& request) { request.answer_grpc(""); });
  EXPECT_TRUE(exporter_->describe().starts_with("http://server:4317: ")) << exporter_->describe();
  exporter_->close();
  EXPECT_EQ(exporter_->describe(), "closed");
}

TEST_F(OtlpExporterTest, HttpSuccessThatCannotBeReadIsPermanent) {
  http(
      "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: "
      "2\r\n\r\n\xff\xff",
      http_options());
  EXPECT_EQ(send("x").kind, Kind::kRefused);
}

TEST_F(OtlpExporterTest, HttpSuccessOfAnotherTypeIsSuccess) {
  http("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nOK",
       http_options(compress::Coding::kZstd));
  EXPECT_EQ(send("x").kind, Kind::kDelivered);
  EXPECT_NE(probes_[0]->received.find("content-encoding: zstd"), std::string::npos);
}

TEST_F(OtlpExporterTest, SignalWithoutEndpointIsRefused) {
  http("", http_options());
  EXPECT_EQ(send("x", Signal::kLogs).kind, Kind::kRefused);
}

// A peer's text of megabytes went into the log, the status page and the answer to the sender.
TEST_F(OtlpExporterTest, TextOfAPartialSuccessIsCut) {
  wire::Writer writer;
  const auto partial = writer.open(1);
  writer.varint_field(1, 7);
  writer.string_field(2, std::string(100'000, 'm'));
  writer.close(partial);
  const std::string body = writer.to_string();
  http("HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body,
       http_options());
  const pipeline::Outcome outcome = send("x");
  EXPECT_EQ(outcome.kind, Kind::kPartial);
  EXPECT_EQ(outcome.rejected_count, 7u);
  EXPECT_EQ(outcome.error.message.size(), transport::kPeerTextBytesMax);
  EXPECT_LE(log_.size(), 2 * transport::kPeerTextBytesMax);
}

// The message of a partial success may be long; a back end that wrote a megabyte of it had its
// rejected spans counted as delivered.
TEST_F(OtlpExporterTest, ALongMessageOfAPartialSuccessHidesNoRejectedItems) {
  wire::Writer writer;
  const auto partial = writer.open(1);
  writer.varint_field(1, 3);
  writer.string_field(2, std::string(transport::kInterpretedBytesMax + 1, 'm'));
  writer.close(partial);
  const std::string body = writer.to_string();
  http("HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body,
       http_options());
  const pipeline::Outcome outcome = send("x");
  EXPECT_EQ(outcome.kind, Kind::kPartial);
  EXPECT_EQ(outcome.rejected_count, 3u);
}

TEST_F(OtlpExporterTest, ResponseMessageOfMegabytesIsNotLookedInto) {
  const size_t size = transport::kInterpretedBytesMax + 2;
  std::string empty_partial_successes;
  while (empty_partial_successes.size() < size) empty_partial_successes.append("\x0a\0", 2);
  http("HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: " +
           std::to_string(size) + "\r\n\r\n" + empty_partial_successes,
       http_options());
  EXPECT_EQ(send("x").kind, Kind::kDelivered) << "the peer has said so";
  EXPECT_TRUE(log_.contains("too large to be looked into")) << log_;
}

TEST_F(OtlpExporterTest, ResponseInJsonIsReadWithinTheBudget) {
  const std::string body = R"({"partialSuccess":{"rejectedSpans":"1"}})";
  const std::string response =
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body;
  http(response, http_options());
  ASSERT_TRUE(budget_.try_reserve(MemoryTerm::kMessages, budget_.limit()));
  EXPECT_EQ(send("x").kind, Kind::kDelivered);
  EXPECT_TRUE(log_.contains("no memory")) << log_;
  budget_.release(MemoryTerm::kMessages, budget_.limit());
  probes_.back()->close();
  world_.run_for(1s);
  EXPECT_EQ(send("x").kind, Kind::kPartial);
}

TEST_F(OtlpExporterTest, BoundsThatActAreCountedAndLogged) {
  HttpOptions options = http_options();
  std::string response = "HTTP/1.1 200 OK\r\n";
  response += "X: " + std::string(70'000, 'a');
  http(response, options);
  EXPECT_EQ(send("x").kind, Kind::kRetry);
  EXPECT_EQ(options.response_counters->count_of(http::ResponseLimit::kHead), 1u);
  EXPECT_TRUE(log_.contains("bound=head")) << log_;
  EXPECT_TRUE(log_.contains(":4318")) << log_;
  log_.clear();
  EXPECT_EQ(send("x").kind, Kind::kRetry);
  EXPECT_EQ(options.response_counters->count_of(http::ResponseLimit::kHead), 2u);
  EXPECT_EQ(log_, "") << "a line in ten seconds";
}

}  // namespace
}  // namespace millrace::exporters
