#include "exporters/prometheus_remote_write/remote_write_exporter.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compress/decompressor.h"
#include "exporters/prometheus_remote_write/testing/written.h"
#include "io/sim/world.h"
#include "io/testing/stream_probe.h"
#include "memory/chunk_pool.h"

namespace millrace::exporters {
namespace {

using Kind = pipeline::Outcome::Kind;
using testing::gauge;
using testing::number_point;
using testing::sample;
using testing::sum;
using testing::Temporality;

class RemoteWriteExporterTest : public ::testing::Test {
 protected:
  RemoteWriteExporterTest()
      : server_loop_(world_.make_loop("server")),
        client_loop_(world_.make_loop("client")),
        pool_(budget_, 0),
        work_(*client_loop_, pool_),
        log_({}, [this](std::string_view line) { lines_ += line; }, [] { return 0; }) {
    options_.endpoint = "http://server:9090/api/v1/write?key=s3cret";
    options_.target = *parse_http_endpoint(options_.endpoint);
  }
  ~RemoteWriteExporterTest() override {
    exporter_.reset();
    probes_.clear();
  }

  // A server that answers the first request of each connection with those bytes.
  void open(std::string response) {
    response_ = std::move(response);
    const auto accept = [this](std::unique_ptr<io::Stream> stream) {
      probes_.push_back(std::make_unique<io::testing::StreamProbe>(std::move(stream)));
      world_.after(20ms, [this, probe = probes_.back().get()] { probe->send(response_); });
    };
    listener_ = *server_loop_->listen({.host = "", .port = 9090, .tls = nullptr}, accept);
    exporter_ = make_remote_write_exporter(options_,
                                           {.name = name_,
                                            .loop = *client_loop_,
                                            .budget = budget_,
                                            .long_work = work_,
                                            .log = log_,
                                            .metrics = metrics_},
                                           nullptr);
  }
  pipeline::Outcome send(const std::vector<std::string>& metrics) {
    pipeline::Batch batch;
    batch.signal = Signal::kMetrics;
    batch.item_count = 1;
    batch.bytes = testing::request(metrics);
    std::optional<pipeline::Outcome> outcome;
    exporter_->send_batch(std::move(batch), client_loop_->now() + 5s,
                          [&](pipeline::Outcome got) { outcome = std::move(got); });
    EXPECT_FALSE(outcome.has_value()) << "answered from inside send_batch";
    world_.run_until([&] { return outcome.has_value(); }, 1min);
    EXPECT_TRUE(outcome.has_value());
    return outcome.value_or(pipeline::Outcome());
  }
  pipeline::Outcome send_one() { return send({gauge({.name = "g"}, {number_point(1)})}); }

  // The lines of the request that the server reads in the body of the first request.
  std::vector<std::string> received() {
    const std::string& text = probes_.at(0)->received;
    const std::string body = text.substr(text.find("\r\n\r\n") + 4);
    compress::Decompressor decompressor;
    const auto plain =
        decompressor.decompress(compress::Coding::kSnappy, as_span(body), pool_, 1 << 20);
    EXPECT_TRUE(plain.has_value());
    return testing::RequestText(options_.protocol).read(plain->view());
  }
  bool counts(const std::string& line) {
    return metrics_.to_prometheus_text().contains(line + "\n");
  }

  io::sim::World world_{1};
  std::unique_ptr<io::Loop> server_loop_;
  std::unique_ptr<io::Loop> client_loop_;
  std::string lines_;
  Budget budget_{32 << 20};
  ChunkPool pool_;
  io::LongWork work_;
  Logger log_;
  metrics::Registry metrics_;
  const std::string name_ = "prometheus_remote_write";
  RemoteWriteOptions options_;
  std::string response_;
  std::unique_ptr<io::Listener> listener_;
  std::vector<std::unique_ptr<io::testing::StreamProbe>> probes_;
  std::unique_ptr<pipeline::Exporter> exporter_;
};

constexpr const char* kNoContent = "HTTP/1.1 204 No Content\r\n\r\n";
std::string answer(const std::string& status, const std::string& text,
                   const std::string& fields = "") {
  return "HTTP/1.1 " + status +
         "\r\nContent-Type: text/plain\r\nContent-Length: " + std::to_string(text.size()) + "\r\n" +
         fields + "\r\n" + text;
}

TEST_F(RemoteWriteExporterTest, RequestIsASnappyBlockWithTheHeadersOfTheProtocol) {
  options_.headers = {{"x-scope-orgid", "tenant"}};
  open(kNoContent);
  EXPECT_EQ(send_one().kind, Kind::kDelivered);
  const std::string& head = probes_.at(0)->received;
  EXPECT_TRUE(head.starts_with("POST /api/v1/write?key=s3cret HTTP/1.1\r\n")) << head;
  EXPECT_TRUE(head.contains("content-encoding: snappy\r\n"));
  EXPECT_TRUE(head.contains("content-type: application/x-protobuf\r\n"));
  EXPECT_TRUE(head.contains("x-prometheus-remote-write-version: 0.1.0\r\n"));
  EXPECT_TRUE(head.contains("x-scope-orgid: tenant\r\n"));
  EXPECT_EQ(received(), std::vector{"{__name__=g}" + sample(1)});
}

TEST_F(RemoteWriteExporterTest, Protocol2NamesItsMessage) {
  options_.protocol = WriteProtocol::k2;
  open(kNoContent);
  EXPECT_EQ(send_one().kind, Kind::kDelivered);
  const std::string& head = probes_.at(0)->received;
  EXPECT_TRUE(head.contains(
      "content-type: application/x-protobuf;proto=io.prometheus.write.v2.Request\r\n"));
  EXPECT_TRUE(head.contains("x-prometheus-remote-write-version: 2.0.0\r\n"));
  EXPECT_EQ(received(), std::vector{"{__name__=g}" + sample(1) + " M 2||"});
}

TEST_F(RemoteWriteExporterTest, PointsThatCannotBeWrittenAreRejectedAndCounted) {
  open(kNoContent);
  const pipeline::Outcome outcome =
      send({sum({.name = "d"}, {number_point(1), number_point(2)}, Temporality::kDelta),
            gauge({.name = "g"}, {number_point(1)})});
  EXPECT_EQ(outcome.kind, Kind::kPartial);
  EXPECT_EQ(outcome.rejected_count, 2u);
  EXPECT_EQ(outcome.error.message, "points that cannot be written: delta_temporality 2");
  EXPECT_TRUE(
      counts("millrace_remote_write_refused_points{exporter=\"prometheus_remote_write\","
             "reason=\"delta_temporality\"} 2"));
  EXPECT_TRUE(lines_.contains("delta_temporality"));
}

TEST_F(RemoteWriteExporterTest, NothingIsSentWhereNothingCanBeWritten) {
  open(kNoContent);
  const pipeline::Outcome outcome =
      send({sum({.name = "d"}, {number_point(1)}, Temporality::kDelta)});
  EXPECT_EQ(outcome.kind, Kind::kPartial);
  EXPECT_EQ(outcome.rejected_count, 1u);
  EXPECT_TRUE(probes_.empty());
}

TEST_F(RemoteWriteExporterTest, AnswerDecides) {
  struct Case {
    std::string answer;
    Kind kind;
    std::optional<Duration> retry_after;
  };
  const std::vector<Case> cases = {
      {answer("200 OK", "fine"), Kind::kDelivered, {}},
      {answer("400 Bad Request", "out of order sample"), Kind::kBadData, {}},
      {answer("401 Unauthorized", ""), Kind::kRefused, {}},
      {answer("404 Not Found", ""), Kind::kRefused, {}},
      {answer("409 Conflict", ""), Kind::kRefused, {}},
      {answer("413 Content Too Large", ""), Kind::kTooLarge, {}},
      {answer("429 Too Many Requests", "", "Retry-After: 7\r\n"), Kind::kRetry, Duration(7s)},
      {answer("500 Internal Server Error", ""), Kind::kRetry, {}},
      {answer("503 Service Unavailable", "", "Retry-After: 2\r\n"), Kind::kRetry, Duration(2s)},
      {answer("599 Whatever", ""), Kind::kRetry, {}},
      {answer("302 Found", ""), Kind::kRefused, {}},
      {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf an ans", Kind::kRetry, {}},
      {"no HTTP at all\r\n\r\n", Kind::kRetry, {}},
      {"", Kind::kRetry, {}},
  };
  for (const Case& each : cases) {
    exporter_.reset();
    probes_.clear();
    listener_.reset();
    open(each.answer);
    const pipeline::Outcome outcome = send_one();
    EXPECT_EQ(outcome.kind, each.kind) << each.answer;
    EXPECT_EQ(outcome.retry_after, each.retry_after) << each.answer;
    EXPECT_FALSE(outcome.error.message.contains("s3cret")) << outcome.error.message;
  }
  EXPECT_TRUE(
      counts("millrace_remote_write_rejections{exporter=\"prometheus_remote_write\","
             "reason=\"out_of_order\"} 1"));
  EXPECT_TRUE(
      counts("millrace_remote_write_rejections{exporter=\"prometheus_remote_write\","
             "reason=\"other\"} 3"));
}

TEST_F(RemoteWriteExporterTest, TextOfARefusalIsInTheOutcome) {
  open(answer("400 Bad Request", "out of order sample for series up{key=\"key=s3cret\"}"));
  EXPECT_EQ(send_one().error.message,
            "HTTP status 400: out of order sample for series up{key=\"[REDACTED]\"}");
}

TEST_F(RemoteWriteExporterTest, RequestBeyondTheLimitIsGivenBackToBeCut) {
  options_.translation.bytes_max = 200;
  open(kNoContent);
  std::vector<std::string> metrics;
  for (int i = 0; i < 20; ++i) {
    metrics.push_back(gauge({.name = "metric_" + std::to_string(i)}, {number_point(1)}));
  }
  EXPECT_EQ(send(metrics).kind, Kind::kTooLarge);
  EXPECT_TRUE(probes_.empty());
}

TEST_F(RemoteWriteExporterTest, WithoutMemoryTheBatchIsTriedAgain) {
  open(kNoContent);
  const auto taken = Reservation::make_beyond(budget_, MemoryTerm::kMessages, 64 << 20);
  EXPECT_EQ(send_one().kind, Kind::kRetry);
  EXPECT_TRUE(probes_.empty());
}

TEST_F(RemoteWriteExporterTest, MemoryIsGivenBackWithTheAnswer) {
  open(kNoContent);
  EXPECT_EQ(send_one().kind, Kind::kDelivered);
  EXPECT_EQ(budget_.used(MemoryTerm::kEncoded), 0u);
}

TEST_F(RemoteWriteExporterTest, WhatIsUnderWayEndsAsCancelledWhenItCloses) {
  open("");
  pipeline::Batch batch;
  batch.signal = Signal::kMetrics;
  batch.item_count = 1;
  batch.bytes = testing::request({gauge({.name = "g"}, {number_point(1)})});
  std::optional<Kind> kind;
  exporter_->send_batch(std::move(batch), client_loop_->now() + 5s,
                        [&](pipeline::Outcome got) { kind = got.kind; });
  exporter_->close();
  world_.run_until([&] { return kind.has_value(); }, 1min);
  EXPECT_EQ(kind, Kind::kCancelled);
}

}  // namespace
}  // namespace millrace::exporters
