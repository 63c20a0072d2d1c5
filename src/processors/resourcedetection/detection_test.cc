// Detection over a (simulated) network: servers that are slow, silent, or come later.
#include "processors/resourcedetection/detection.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "io/sim/world.h"
#include "io/testing/stream_probe.h"

namespace millrace::processors::resourcedetection {
namespace {

using io::testing::StreamProbe;

std::string http_answer(const std::string& body, const std::string& status = "200 OK") {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

class DetectionTest : public ::testing::Test {
 protected:
  DetectionTest()
      : server_loop_(world_.make_loop("metadata")), client_loop_(world_.make_loop("client")) {
    variables_["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = "http://metadata";
    variables_["AZURE_METADATA_SERVICE_ENDPOINT"] = "http://metadata";
    options_.timeout = 5s;
    options_.retry.randomization_factor = 0;
    timer_ = server_loop_->make_timer([this] { serve(); });
  }
  ~DetectionTest() override {
    detection_.reset();
    probes_.clear();
  }

  void add(std::string_view name) {
    const Detector* detector = find_detector(name);
    DetectorEntry entry{.detector = detector, .options = {.name = std::string(name)}};
    entry.options.max_attempts = 1;
    for (const KnownAttribute& each : detector->attributes) {
      if (each.is_enabled) entry.options.wanted.emplace(each.name);
    }
    options_.detectors.push_back(std::move(entry));
  }
  void listen() {
    listener_ = *server_loop_->listen(
        {.host = "", .port = 80, .tls = nullptr}, [this](std::unique_ptr<io::Stream> stream) {
          probes_.push_back(std::make_unique<StreamProbe>(std::move(stream)));
        });
    timer_->arm_at(server_loop_->now() + 1ms);
  }
  // Answers what has been asked so far.
  void serve() {
    timer_->arm_at(server_loop_->now() + 1ms);
    for (const auto& probe : probes_) {
      if (!probe->received.contains("\r\n\r\n") || probe->over()) continue;
      const std::string line = probe->received.substr(0, probe->received.find(" HTTP/1.1"));
      probe->received.clear();
      ++asked_[line];
      const auto found = answers_.find(line);
      if (found == answers_.end()) {
        probe->send(http_answer("", "404 Not Found"));
      } else if (!found->second.empty()) {  // an empty one: the server says nothing
        probe->send(found->second);
      }
    }
  }
  void start() {
    detection_ = std::make_unique<Detection>(
        DetectionParts{
            .name = name_,
            .loop = *client_loop_,
            .budget = budget_,
            .log = log_,
            .metrics = metrics_,
            .system = {.variable = [this](const std::string& name) -> std::optional<std::string> {
                         const auto found = variables_.find(name);
                         if (found == variables_.end()) return std::nullopt;
                         return found->second;
                       },
                       .read_file = [](const std::string&) { return std::nullopt; }}},
        std::make_shared<const Options>(options_), published_);
  }
  std::string found() const {
    return published_->version() == 0 ? "nothing yet" : published_->resource()->to_text();
  }
  bool logged(std::string_view text) const { return lines_.contains(text); }

  const std::string name_ = "resource_detection";
  io::sim::World world_{1};
  Budget budget_{64 << 20};
  metrics::Registry metrics_;
  std::string lines_;
  Logger log_{LogOptions{}, [this](std::string_view line) { lines_ += line; }, [] { return 0; }};
  std::unique_ptr<io::Loop> server_loop_;
  std::unique_ptr<io::Loop> client_loop_;
  std::unique_ptr<io::Listener> listener_;
  std::unique_ptr<io::Timer> timer_;
  std::vector<std::unique_ptr<StreamProbe>> probes_;
  std::map<std::string, std::string> answers_;
  std::map<std::string, int> asked_;
  std::map<std::string, std::string> variables_;
  Options options_;
  std::shared_ptr<Published> published_ = std::make_shared<Published>();
  std::unique_ptr<Detection> detection_;
};

const std::string kAzure = "GET /metadata/instance/compute?api-version=2020-09-01&format=json";

TEST_F(DetectionTest, LocalDetectorsAreDoneBeforeTheLoopRuns) {
  variables_["OTEL_RESOURCE_ATTRIBUTES"] = "a=1";
  add("env");
  start();
  EXPECT_EQ(found(), "a=1");
  EXPECT_TRUE(logged("detected resource information")) << lines_;
  EXPECT_TRUE(logged("a=1")) << lines_;
}

TEST_F(DetectionTest, EarlierDetectorsWin) {
  variables_["OTEL_RESOURCE_ATTRIBUTES"] = "host.id=mine";
  answers_[kAzure] = http_answer(R"({"vmId":"theirs","name":"vm"})");
  listen();
  add("env");
  add("azure");
  start();
  EXPECT_EQ(found(), "nothing yet") << "published when all have ended";
  world_.run_for(1s);
  EXPECT_TRUE(found().starts_with("host.id=mine cloud.provider=azure")) << found();
  EXPECT_FALSE(found().contains("theirs"));
  EXPECT_EQ(published_->resource()->schema_url, "https://opentelemetry.io/schemas/1.40.0");
}

TEST_F(DetectionTest, SilentServerHoldsUpTheStartForTheTimeoutAtMost) {
  variables_["OTEL_RESOURCE_ATTRIBUTES"] = "a=1";
  answers_["GET /latest/meta-data/instance-id"] = "";
  options_.timeout = 500ms;
  listen();
  add("env");
  add("ec2");
  start();
  world_.run_for(400ms);
  EXPECT_EQ(found(), "nothing yet");
  world_.run_for(200ms);
  EXPECT_EQ(found(), "a=1");
  EXPECT_TRUE(logged("ec2")) << lines_;
}

TEST_F(DetectionTest, ServerThatSendsForEverIsBounded) {
  listen();
  answers_[kAzure] =
      "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n" + std::string((1 << 20) + 4096, 'x');
  add("azure");
  start();
  world_.run_for(10s);
  EXPECT_EQ(found(), "");
  EXPECT_TRUE(logged("larger than allowed")) << lines_;
  EXPECT_EQ(budget_.used(MemoryTerm::kResponses), 0u);
}

TEST_F(DetectionTest, FailingDetectorIsTriedAgainUntilItSucceeds) {
  options_.timeout = 2s;
  add("azure");
  options_.detectors[0].options.fails_on_missing_metadata = true;
  start();
  world_.run_for(3s);
  EXPECT_EQ(found(), "") << "data passes without it";
  EXPECT_TRUE(logged("failed to detect resource, will retry")) << lines_;
  answers_[kAzure] = http_answer(R"({"vmId":"late"})");
  listen();
  world_.run_for(60s);
  EXPECT_TRUE(found().contains("host.id=late")) << found();
  const int asked = asked_[kAzure];
  world_.run_for(10min);
  EXPECT_EQ(asked_[kAzure], asked) << "what was found stays";
}

TEST_F(DetectionTest, AnIntervalOfZeroDoesNotAskWithoutPause) {
  options_.retry.initial_interval = 0s;
  answers_[kAzure] = http_answer("", "500 Internal Server Error");
  listen();
  add("azure");
  options_.detectors[0].options.fails_on_missing_metadata = true;
  start();
  world_.run_for(2s);
  EXPECT_GT(asked_[kAzure], 10);
  EXPECT_LE(asked_[kAzure], 21);
}

TEST_F(DetectionTest, WithoutRetryOneAttemptIsAll) {
  add("azure");
  options_.detectors[0].options.fails_on_missing_metadata = true;
  options_.retry.enabled = false;
  start();
  world_.run_for(2s);
  EXPECT_EQ(found(), "") << "known to have ended before the timeout";
  listen();
  world_.run_for(10min);
  EXPECT_TRUE(asked_.empty());
}

TEST_F(DetectionTest, RefreshFindsWhatChangedAndKeepsWhatCannotBeRead) {
  options_.refresh_interval = 1min;
  answers_[kAzure] = http_answer(R"({"vmId":"one"})");
  listen();
  add("azure");
  options_.detectors[0].options.fails_on_missing_metadata = true;
  start();
  world_.run_for(1s);
  const uint64_t version = published_->version();
  EXPECT_TRUE(found().contains("host.id=one"));
  world_.run_for(1min);
  EXPECT_EQ(published_->version(), version) << "the same is not published again";
  answers_[kAzure] = http_answer("", "500 Internal Server Error");
  world_.run_for(90s);
  EXPECT_TRUE(found().contains("host.id=one"));
  answers_[kAzure] = http_answer(R"({"vmId":"two"})");
  world_.run_for(2min);
  EXPECT_TRUE(found().contains("host.id=two"));
}

TEST_F(DetectionTest, DestroyedWhileItWaitsIsSilent) {
  answers_[kAzure] = "";
  listen();
  add("azure");
  add("ec2");
  start();
  world_.run_for(100ms);
  detection_.reset();
  world_.run_for(1min);
  EXPECT_EQ(found(), "nothing yet");
}

TEST_F(DetectionTest, DestroyedBeforeTheLoopRunsAsksNothing) {
  listen();
  add("azure");
  start();
  detection_.reset();
  world_.run_for(1s);
  EXPECT_TRUE(asked_.empty());
}

}  // namespace
}  // namespace millrace::processors::resourcedetection
