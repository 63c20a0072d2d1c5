#include "receivers/prometheus/receiver.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/sim/world.h"
#include "io/testing/stream_probe.h"
#include "otlp/json/encode.h"

namespace millrace::receivers::prometheus {
namespace {

namespace fs = std::filesystem;

class RecordingIntake final : public pipeline::Intake {
 public:
  explicit RecordingIntake(io::Loop& loop) : loop_(loop) {}
  std::optional<pipeline::Verdict> submit(pipeline::Payload payload, pipeline::Policy,
                                          MonotonicTime, pipeline::VerdictCallback&&) override {
    const Bytes bytes = payload.bytes.to_bytes();
    EXPECT_TRUE(otlp::json::encode_request(Signal::kMetrics, bytes.view(), &json.emplace_back()));
    return verdict;
  }
  void stop() override {}
  void abandon_waiting() override {}
  io::Loop& loop() override { return loop_; }

  std::vector<std::string> json;
  pipeline::Verdict verdict;

 private:
  io::Loop& loop_;
};

std::string answer(std::string_view body, std::string_view fields = {}, int status = 200) {
  return "HTTP/1.1 " + std::to_string(status) + " x\r\n" + std::string(fields) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

class PrometheusReceiverTest : public ::testing::Test {
 protected:
  PrometheusReceiverTest() {
    listener_ = *server_loop_->listen(
        {.host = "", .port = 80, .tls = nullptr}, [this](std::unique_ptr<io::Stream> stream) {
          probes_.push_back(std::make_unique<io::testing::StreamProbe>(std::move(stream)));
        });
    job_.job_name = "j";
    job_.interval = 10s;
    job_.timeout = 5s;
    job_.accept = "text/plain";
    job_.static_groups = {{.targets = {{{"__address__", "server:80"}}}, .labels = {}}};
  }
  ~PrometheusReceiverTest() override {
    receivers_.clear();
    probes_.clear();
  }

  PrometheusReceiver& start(size_t worker = 0, size_t worker_count = 1) {
    auto options = std::make_shared<Options>();
    options->scrapes.push_back(job_);
    reception::ReceiverParts parts;
    parts.name = "prometheus";
    parts.intakes[index_of(Signal::kMetrics)] = &intake_;
    parts.refusals[index_of(Signal::kMetrics)] = &refusals_;
    parts.loop = loop_.get();
    parts.pool = &pool_;
    parts.long_work = &long_work_;
    parts.metrics = &metrics_;
    parts.log = &log_;
    parts.wall_clock = [this] { return loop_->wall_now(); };
    parts.worker_index = worker;
    parts.worker_count = worker_count;
    receivers_.push_back(std::make_unique<PrometheusReceiver>(std::move(parts), options));
    return *receivers_.back();
  }

  // Lets time pass; the server answers each request by `serve_`.
  void run_for(Duration duration) {
    for (Duration passed = 0s; passed < duration; passed += 10ms) {
      world_.run_for(10ms);
      for (const auto& probe : probes_) {
        if (!probe->received.contains("\r\n\r\n")) continue;
        requests_.push_back(std::exchange(probe->received, {}));
        const std::string reply = serve_(requests_.back());
        if (!reply.empty() && probe->stream != nullptr) probe->send(reply);
      }
    }
  }
  uint64_t scrapes(const std::string& failure) {
    return metrics_
        .counter("millrace_prometheus_scrapes", "",
                 {{"receiver", "prometheus"}, {"failure", failure}})
        .value();
  }
  std::string last() const { return intake_.json.empty() ? "" : intake_.json.back(); }
  bool is_down() const {
    const size_t up = last().find("\"name\":\"up\"");
    return last().find("\"asDouble\":0", up) == last().find("\"asDouble\":", up);
  }

  io::sim::World world_{1};
  std::unique_ptr<io::Loop> server_loop_ = world_.make_loop("server");
  std::unique_ptr<io::Loop> loop_ = world_.make_loop("collector");
  std::unique_ptr<io::Listener> listener_;
  std::vector<std::unique_ptr<io::testing::StreamProbe>> probes_;
  Budget budget_{64 << 20};
  ChunkPool pool_{budget_, 0};
  io::LongWork long_work_{*loop_, pool_};
  metrics::Registry metrics_;
  std::string log_text_;
  Logger log_{{.encoding = LogEncoding::kJson},
              [this](std::string_view line) { log_text_ += line; },
              [] { return int64_t{0}; }};
  RecordingIntake intake_{*loop_};
  ledger::Refusals refusals_{Signal::kMetrics, "prometheus"};
  ScrapeOptions job_;
  std::vector<std::string> requests_;
  std::function<std::string(const std::string&)> serve_ = [](const std::string&) {
    return answer("a 1\n");
  };
  std::vector<std::unique_ptr<PrometheusReceiver>> receivers_;
};

TEST_F(PrometheusReceiverTest, ATargetIsScrapedAtItsIntervalOverOneConnection) {
  start();
  run_for(35s);
  EXPECT_GE(requests_.size(), 3u);
  EXPECT_LE(requests_.size(), 4u);
  EXPECT_EQ(intake_.json.size(), requests_.size());
  EXPECT_EQ(probes_.size(), 1u);
  EXPECT_TRUE(requests_[0].starts_with("GET /metrics HTTP/1.1\r\nhost: server\r\n"))
      << requests_[0];
  EXPECT_TRUE(requests_[0].contains("accept-encoding: gzip\r\n"));
  EXPECT_TRUE(requests_[0].contains("accept: text/plain\r\n"));
  EXPECT_TRUE(requests_[0].contains("x-prometheus-scrape-timeout-seconds: 5\r\n"));
  EXPECT_TRUE(last().contains("\"name\":\"a\"")) << last();
  EXPECT_FALSE(is_down());
  EXPECT_EQ(scrapes(""), requests_.size());
  EXPECT_EQ(refusals_.accepted(), 6 * requests_.size());
}

TEST_F(PrometheusReceiverTest, WhatGoesWrongIsDownAndCountedByItsReason) {
  const std::pair<std::string, std::string> cases[] = {
      {answer("a 1\n", "", 404), "status"},
      {answer("<html>\n"), "bad_data"},
      {answer("a 1\n", "Content-Encoding: br\r\n"), "bad_data"},
      {answer("no gzip", "Content-Encoding: gzip\r\n"), "bad_data"},
      {answer("", "Location: /metrics\r\n", 302), "status"},
      {answer("", "Location: ftp://x/\r\n", 302), "connection"},
      {"", "timeout"},
      {"garbage\r\n\r\n", "connection"},
  };
  start();
  for (const auto& [reply, reason] : cases) {
    serve_ = [&reply](const std::string&) { return reply; };
    const uint64_t before = scrapes(reason);
    run_for(20s);
    EXPECT_GT(scrapes(reason), before) << reply << log_text_;
    EXPECT_TRUE(is_down()) << reply;
    probes_.clear();
  }
  EXPECT_EQ(scrapes(""), 0u);
  EXPECT_TRUE(log_text_.contains("Failed to scrape Prometheus endpoint"));
}

TEST_F(PrometheusReceiverTest, ABodyWithoutEndIsCutAtItsLimit) {
  job_.body_size_limit = 100'000;
  serve_ = [](const std::string&) { return "HTTP/1.1 200 OK\r\n\r\n" + std::string(500'000, '#'); };
  start();
  run_for(12s);
  EXPECT_EQ(scrapes("too_large"), 1u) << log_text_;
  EXPECT_TRUE(is_down());
}

TEST_F(PrometheusReceiverTest, RedirectionsAreFollowedWithoutCredentialsForOthers) {
  auto other_loop = world_.make_loop("other");
  auto other = *other_loop->listen(
      {.host = "", .port = 80, .tls = nullptr}, [this](std::unique_ptr<io::Stream> stream) {
        probes_.push_back(std::make_unique<io::testing::StreamProbe>(std::move(stream)));
      });
  job_.http.scheme = "Bearer";
  job_.http.secret = "s3cret";
  serve_ = [](const std::string& request) {
    if (request.contains("/metrics")) return answer("", "Location: /next\r\n", 301);
    if (request.contains("/next")) return answer("", "Location: http://other/x\r\n", 302);
    return answer("b 1\n");
  };
  start();
  run_for(12s);
  ASSERT_EQ(requests_.size(), 3u);
  EXPECT_TRUE(requests_[1].contains("authorization: Bearer s3cret"));
  EXPECT_FALSE(requests_[2].contains("authorization"));
  EXPECT_TRUE(last().contains("\"name\":\"b\"")) << log_text_;
  probes_.clear();
}

TEST_F(PrometheusReceiverTest, AfterStopNothingIsAskedOrHandedIn) {
  PrometheusReceiver& receiver = start();
  run_for(12s);
  const size_t count = intake_.json.size();
  receiver.stop();
  const size_t asked = requests_.size();
  run_for(30s);
  EXPECT_EQ(requests_.size(), asked);
  EXPECT_EQ(intake_.json.size(), count);
}

TEST_F(PrometheusReceiverTest, RefusedRequestsAreCounted) {
  intake_.verdict = {.code = Code::kUnavailable, .message = "full"};
  start();
  run_for(12s);
  EXPECT_GT(refusals_.refused(), 0u);
  EXPECT_EQ(refusals_.accepted(), 0u);
}

TEST_F(PrometheusReceiverTest, TargetsAreDealtToTheWorkers) {
  for (int i = 0; i < 20; ++i) {
    job_.static_groups[0].targets.push_back(
        {{"__address__", "server:80"}, {"n", std::to_string(i)}});
  }
  for (size_t worker = 0; worker < 3; ++worker) start(worker, 3);
  run_for(11s);
  EXPECT_GE(requests_.size(), 21u);
  EXPECT_LE(requests_.size(), 24u);
}

TEST_F(PrometheusReceiverTest, FilesOfTargetsAreReadAgainAndTargetsThatAreGoneEnd) {
  const fs::path path = fs::temp_directory_path() / "millrace_prometheus_targets.json";
  const auto write = [&](std::string_view text) {
    std::ofstream(path.string() + ".new") << text;
    fs::rename(path.string() + ".new", path);
  };
  write(R"([{"targets": ["server:80"], "labels": {"from": "file"}}])");
  job_.static_groups.clear();
  job_.files = {
      {.files = {path.parent_path() / "millrace_prometheus_t*.json"}, .refresh_interval = 1s}};
  start();
  run_for(12s);
  EXPECT_TRUE(last().contains("\"from\"")) << log_text_;
  write("[]");
  run_for(3s);
  EXPECT_TRUE(last().contains("\"flags\":1")) << last();
  const size_t asked = requests_.size();
  run_for(15s);
  EXPECT_EQ(requests_.size(), asked);
  write("no list");
  run_for(3s);
  EXPECT_TRUE(log_text_.contains("a file of targets cannot be used"));
  fs::remove(path);
}

TEST_F(PrometheusReceiverTest, ServersAndNamesGiveTargets) {
  job_.static_groups.clear();
  job_.https = {{.url = *transport::parse_web_url("http://server/sd"),
                 .url_text = "http://server/sd",
                 .refresh_interval = 5s}};
  job_.names = {{.names = {"server"}, .port = 80}};
  serve_ = [](const std::string& request) {
    if (request.starts_with("GET /sd ")) {
      return answer(R"([{"targets": ["server:80"], "labels": {"by": "http"}}])");
    }
    return answer("a 1\n");
  };
  start();
  run_for(15s);
  std::string all;
  for (const std::string& json : intake_.json) all += json;
  EXPECT_TRUE(all.contains("\"by\"")) << log_text_;
  EXPECT_TRUE(all.contains("\"service.instance.id\",\"value\":{\"stringValue\":\"server:80\"}"));
  EXPECT_GE(intake_.json.size(), 2u);
}

TEST_F(PrometheusReceiverTest, TooManyTargetsAreAllDown) {
  job_.target_limit = 1;
  job_.static_groups[0].targets.push_back({{"__address__", "server:80"}, {"n", "2"}});
  start();
  run_for(11s);
  EXPECT_TRUE(requests_.empty());
  EXPECT_TRUE(is_down());
}

}  // namespace
}  // namespace millrace::receivers::prometheus
