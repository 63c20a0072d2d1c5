#include "extensions/health_check/pages.h"

#include <gtest/gtest.h>

namespace millrace::extensions {
namespace {

class FixedHealth final : public HealthSource {
 public:
  Health health() const override { return now; }
  std::vector<ComponentState> components() const override { return states; }
  std::vector<ComponentState> states;
  Health now;
};

class HealthPagesTest : public testing::Test {
 protected:
  HealthPagesTest() {
    source.now.is_accepting = true;
    source.now.started_at = WallTime(1'700'000'000s);
    source.now.now = WallTime(1'700'000'007s + 500ms);
    DestinationHealth destination;
    destination.name = "otlp_grpc/a";
    destination.signal = "traces";
    destination.queue_size = 3;
    destination.queue_capacity = 10;
    destination.last_answer = "a \"quoted\" answer";
    source.now.destinations.push_back(destination);
  }
  transport::PageReply get(const std::string& path, const std::string& query = "",
                           const std::string& method = "GET") {
    for (const auto& page : make_health_pages(options, source)) {
      if (page.path == path) return page.handler({method, path, query});
    }
    return {404, "", ""};
  }

  HealthCheckOptions options;
  FixedHealth source;
};

TEST_F(HealthPagesTest, MainPageHasOtelcolsBody) {
  EXPECT_EQ(get("/").status, 200);
  EXPECT_EQ(get("/").content_type, "application/json");
  EXPECT_EQ(get("/").body,
            "{\"status\":\"Server available\",\"upSince\":\"2023-11-14T22:13:20Z\",\"uptime\":"
            "\"7.5s\"}");
  source.now.is_accepting = false;
  EXPECT_EQ(get("/").status, 503);
  EXPECT_TRUE(get("/").body.starts_with("{\"status\":\"Server not available\""));
}

TEST_F(HealthPagesTest, TheVerbosePageShowsWhatComponentsSay) {
  source.states = {
      {.labels = {{"name", "kafka"}, {"topic", "a\"b"}}, .values = {{"offset_lag", 3}}},
      {.labels = {{"broker", "a:1"}}, .values = {{"connected", 1}}}};
  EXPECT_TRUE(get("/", "verbose")
                  .body.contains(
                      "\"components\":[{\"name\":\"kafka\",\"topic\":\"a\\\"b\",\"offset_lag\":3},"
                      "{\"broker\":\"a:1\",\"connected\":1}]"));
  EXPECT_FALSE(get("/").body.contains("components"));
}

TEST_F(HealthPagesTest, ConfiguredBodiesReplaceTheDefaultBody) {
  options.path = "/health";
  options.healthy_body = "up";
  EXPECT_EQ(get("/health").body, "up");
  EXPECT_EQ(get("/").status, 404);
}

TEST_F(HealthPagesTest, DebugPagesLeadToThePages) {
  EXPECT_EQ(get("/debug/*").status, 404);
  options.has_debug_pages = true;
  EXPECT_EQ(get("/debug/*").content_type, "text/html; charset=utf-8");
  EXPECT_TRUE(get("/debug/*").body.contains("href=\"/readyz?verbose\""));
  EXPECT_FALSE(get("/debug/*").body.contains("metrics"));
  options.metrics_url = "http://localhost:8888/metrics";
  EXPECT_TRUE(get("/debug/*").body.contains("href=\"http://localhost:8888/metrics\""));
  EXPECT_EQ(get("/").status, 200);
}

TEST_F(HealthPagesTest, AFullQueueAloneKeepsItReady) {
  source.now.destinations[0].queue_size = 10;
  source.now.receivers = {{"otlp", "traces", {"the queue is full"}}, {"otlp", "logs", {}}};
  EXPECT_EQ(get("/readyz").body, "{\"ready\":true,\"reasons\":[]}");
  source.now.receivers[1].refusals = {"the queue is full", "the disk is full"};
  EXPECT_EQ(get("/readyz").status, 503);
  EXPECT_EQ(get("/readyz").body,
            "{\"ready\":false,\"reasons\":[\"no receiver accepts data\",\"the queue is "
            "full\",\"the disk is full\"]}");
  EXPECT_EQ(get("/livez").status, 200);
}

TEST_F(HealthPagesTest, FailedStorageCountsWhereItIsRequired) {
  source.now.storages = {{"file_storage", "can't be written"}};
  EXPECT_EQ(get("/readyz").status, 200);
  options.require.storages = true;
  EXPECT_NE(get("/readyz").body.find("file_storage: can't be written"), std::string::npos);
}

TEST_F(HealthPagesTest, ASilentDestinationCountsWhereItIsRequired) {
  source.now.destinations[0].consecutive_failures = 3;
  EXPECT_EQ(get("/readyz").status, 200);
  options.require.all_destinations = true;
  EXPECT_EQ(get("/readyz").status, 503);
  source.now.destinations[0].is_required = false;
  EXPECT_EQ(get("/readyz").status, 200) << "of best effort";
  options.require.destinations = {"otlp_grpc/a"};
  EXPECT_EQ(get("/readyz").status, 503) << "named";
  source.now.destinations[0].consecutive_failures = 2;
  EXPECT_EQ(get("/readyz").status, 200);
  source.now.destinations[0].is_breaker_open = true;
  EXPECT_EQ(get("/readyz").status, 503);
}

TEST_F(HealthPagesTest, FullQueueOfARequiredDestinationCountsWhereQueuesDo) {
  options.require.queues = true;
  EXPECT_EQ(get("/readyz").body, "{\"ready\":true,\"reasons\":[]}");
  source.now.destinations[0].queue_size = 10;
  EXPECT_EQ(get("/readyz").status, 503);
  EXPECT_NE(get("/readyz").body.find("the queue of otlp_grpc/a for traces is full (10 of 10)"),
            std::string::npos);
  EXPECT_EQ(get("/livez").status, 200);
  EXPECT_EQ(get("/").status, 200);
  source.now.destinations[0].is_required = false;
  EXPECT_EQ(get("/readyz").status, 200);
}

TEST_F(HealthPagesTest, DrainingIsAliveAndNotReady) {
  source.now.is_draining = true;
  EXPECT_EQ(get("/readyz").status, 503);
  EXPECT_EQ(get("/livez").status, 200);
  EXPECT_EQ(get("/").status, 503);
}

TEST_F(HealthPagesTest, HangingLoopIsNotAlive) {
  source.now.longest_since_turn = kLoopHangs;
  EXPECT_EQ(get("/livez").status, 503);
  EXPECT_EQ(get("/readyz").status, 503);
  source.now.longest_since_turn = kLoopHangs - 1ns;
  EXPECT_EQ(get("/livez").status, 200);
}

TEST_F(HealthPagesTest, VerboseNamesEachDestination) {
  const std::string expected =
      "\"destinations\":[{\"name\":\"otlp_grpc/a\",\"signal\":\"traces\",\"required\":true,"
      "\"queueSize\":3,\"queueCapacity\":10,\"inFlight\":0,\"consecutiveFailures\":0,"
      "\"breakerOpen\":false,\"sinceSuccess\":null,\"lastAnswer\":\"a \\\"quoted\\\" answer\"}]";
  EXPECT_NE(get("/", "verbose").body.find(expected), std::string::npos) << get("/", "verbose").body;
  EXPECT_NE(get("/readyz", "x=1&verbose").body.find(expected), std::string::npos);
  EXPECT_EQ(get("/", "verbose=false").body.find("destinations"), std::string::npos);
}

TEST_F(HealthPagesTest, VerboseListsAccountsThatDoNotBalance) {
  EXPECT_NE(get("/readyz", "verbose").body.find("\"ledger\":[]}"), std::string::npos);
  source.now.ledger_findings = {"traces traces -> a: 1 items", "logs"};
  EXPECT_NE(
      get("/readyz", "verbose").body.find("\"ledger\":[\"traces traces -> a: 1 items\",\"logs\"]}"),
      std::string::npos);
  EXPECT_EQ(get("/readyz").status, 200);
  EXPECT_EQ(get("/readyz").body.find("ledger"), std::string::npos);
}

TEST_F(HealthPagesTest, StatusPageIsVersionTwos) {
  EXPECT_EQ(get("/status").status, 404);
  options.status_path = "/status";
  EXPECT_EQ(get("/status").body,
            "{\"start_time\":\"2023-11-14T22:13:20Z\",\"healthy\":true,\"status\":\"StatusOK\","
            "\"status_time\":\"2023-11-14T22:13:27.5Z\"}");
  source.now.destinations[0].consecutive_failures = 1;
  EXPECT_EQ(get("/status").status, 200);
  EXPECT_NE(get("/status").body.find("StatusRecoverableError"), std::string::npos);
  source.now.is_draining = true;
  EXPECT_NE(get("/status").body.find("StatusStopping"), std::string::npos);
}

TEST_F(HealthPagesTest, OnlyReadingIsAllowed) {
  EXPECT_EQ(get("/", "", "HEAD").status, 200);
  EXPECT_EQ(get("/", "", "POST").status, 405);
}

}  // namespace
}  // namespace millrace::extensions
