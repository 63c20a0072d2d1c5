// Configurations by hand, from the environment and from YAML, with their mistakes.
#include "millrace/config.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "library/plan_from_config.h"
#include "library/testing/recorder.h"
#include "millrace/collector.h"

namespace millrace::v1 {
namespace {

using library::plan_from_config;
using library::testing::BackEnd;
using library::testing::Recorder;
using ::testing::Test;
using namespace std::chrono_literals;

Result<Config> from(const std::map<std::string, std::string>& variables, Config base = {}) {
  return Config::from_environment(std::move(base), [&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

TEST(ConfigTest, NothingInTheEnvironmentChangesNothing) {
  const auto config = from({{"OTEL_EXPORTER_OTLP_ENDPOINT", ""}});
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->endpoint, "http://localhost:4317");
  EXPECT_EQ(config->batch_size, 1000U);
}

TEST(ConfigTest, TheEnvironmentIsRead) {
  const auto config = from({
      {"OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector:4318/"},
      {"OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"},
      {"OTEL_EXPORTER_OTLP_HEADERS", "api-key=se%20cret , x-tenant=a"},
      {"OTEL_EXPORTER_OTLP_TIMEOUT", "2500"},
      {"OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"},
      {"OTEL_EXPORTER_OTLP_CERTIFICATE", "/ca.pem"},
      {"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "/c.pem"},
      {"OTEL_EXPORTER_OTLP_CLIENT_KEY", "/k.pem"},
      {"OTEL_RESOURCE_ATTRIBUTES", "service.name=other,deployment.environment=pro%64"},
      {"OTEL_SERVICE_NAME", "shop"},
      {"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "100"},
      {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "10"},
      {"OTEL_BSP_SCHEDULE_DELAY", "20"},
      {"OTEL_BSP_MAX_QUEUE_SIZE", "30"},
  });
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->endpoint, "https://collector:4318");
  const Endpoint& options = config->endpoint_options;
  EXPECT_EQ(options.protocol, Protocol::kHttp);
  ASSERT_EQ(options.headers.size(), 2U);
  EXPECT_EQ(options.headers[0], std::make_pair(std::string("api-key"), std::string("se cret")));
  EXPECT_EQ(options.headers[1], std::make_pair(std::string("x-tenant"), std::string("a")));
  EXPECT_EQ(options.timeout_ms, 2500U);
  EXPECT_EQ(options.compression, Compression::kGzip);
  EXPECT_EQ(options.tls.ca_file, "/ca.pem");
  EXPECT_EQ(options.tls.certificate_file, "/c.pem");
  EXPECT_EQ(options.tls.key_file, "/k.pem");
  EXPECT_EQ(config->service_name, "shop");
  ASSERT_EQ(config->resource.size(), 2U);
  EXPECT_EQ(config->resource[1], (Attribute{"deployment.environment", "prod"}));
  EXPECT_EQ(config->attribute_value_length_max, 100U);
  EXPECT_EQ(config->batch_size, 10U);
  EXPECT_EQ(config->batch_timeout_ms, 20U);
  EXPECT_EQ(config->buffer_capacity, 30U);
}

// "name: value" instead of "name=value" is a mistake, but the value is still a secret.
TEST(ConfigTest, AHeaderWithoutItsEqualsSignShowsNoSecret) {
  for (const char* headers : {"Authorization: Bearer hunter2", "api-key hunter2", "a:hunter2=%"}) {
    const auto config = from({{"OTEL_EXPORTER_OTLP_HEADERS", headers}});
    ASSERT_FALSE(config.ok());
    EXPECT_FALSE(config.error().message.contains("hunter2")) << config.error().message;
  }
}

TEST(ConfigTest, TheSignalsOwnVariableWins) {
  const auto config = from({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://a:4318"},
                            {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://b:4318/v1/traces"},
                            {"OTEL_EXPORTER_OTLP_TIMEOUT", "1"},
                            {"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "2"}});
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->endpoint, "http://b:4318");
  EXPECT_EQ(config->endpoint_options.timeout_ms, 2U);
}

TEST(ConfigTest, HttpWithoutAnEndpointMeansItsOwnPort) {
  const auto config = from({{"OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"}});
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->endpoint, "http://localhost:4318");
  EXPECT_EQ(config->endpoint_options.protocol, Protocol::kHttpJson);
}

TEST(ConfigTest, AWrongVariableIsNamedWithWhatIsAllowed) {
  const std::map<std::string, std::string> wrong[] = {
      {{"OTEL_EXPORTER_OTLP_PROTOCOL", "grpcc"}},    {{"OTEL_EXPORTER_OTLP_TIMEOUT", "10s"}},
      {{"OTEL_EXPORTER_OTLP_TIMEOUT", "0"}},         {{"OTEL_EXPORTER_OTLP_COMPRESSION", "brotli"}},
      {{"OTEL_EXPORTER_OTLP_HEADERS", "no-equals"}}, {{"OTEL_RESOURCE_ATTRIBUTES", "a=%4"}},
      {{"OTEL_BSP_MAX_QUEUE_SIZE", "-1"}},           {{"OTEL_BSP_SCHEDULE_DELAY", "99999999999"}},
  };
  for (const auto& variables : wrong) {
    const auto config = from(variables);
    ASSERT_FALSE(config.ok()) << variables.begin()->first;
    EXPECT_EQ(config.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(config.error().message.find(variables.begin()->first), std::string::npos);
    EXPECT_NE(config.error().message.find("expected"), std::string::npos);
  }
}

TEST(ConfigTest, AWrongFieldIsNamed) {
  const struct {
    const char* names;
    void (*break_it)(Config&);
  } cases[] = {
      {"batch_size", [](Config& config) { config.batch_size = 0; }},
      {"batch_timeout_ms", [](Config& config) { config.batch_timeout_ms = 0; }},
      {"buffer_capacity", [](Config& config) { config.buffer_capacity = 0; }},
      {"buffer_capacity",
       [](Config& config) {
         config.buffer_capacity = 1;
         config.on_full = OnFull::kDropOldest;
       }},
      {"buffer_bytes", [](Config& config) { config.buffer_bytes = 0; }},
      {"memory_budget_bytes", [](Config& config) { config.memory_budget_bytes = 0; }},
      {"linger_ms", [](Config& config) { config.linger_ms = 0; }},
      {"item_bytes_max", [](Config& config) { config.item_bytes_max = 0; }},
      {"endpoint", [](Config& config) { config.endpoint = "::nonsense::"; }},
      {"endpoint", [](Config& config) { config.endpoint = "ftp://host:1"; }},
      {"endpoints[0]", [](Config& config) { config.endpoints.push_back({.url = ""}); }},
      {"endpoints[0].timeout_ms",
       [](Config& config) { config.endpoints.push_back({.url = "h:1", .timeout_ms = 0}); }},
      {"headers", [](Config& config) { config.endpoint_options.headers = {{"bad name", "x"}}; }},
      {"headers", [](Config& config) { config.endpoint_options.headers = {{"name", "a\nb"}}; }},
      {"tls",
       [](Config& config) {
         config.endpoint = "https://localhost:4317";
         config.endpoint_options.tls.ca_file = "/no/such/file.pem";
       }},
      {"exporters", [](Config& config) { config.exporters.push_back(nullptr); }},
      {"no endpoint", [](Config& config) { config.endpoint.clear(); }},
  };
  for (const auto& one : cases) {
    Config config;
    one.break_it(config);
    const auto collector = Collector::create(config);
    ASSERT_FALSE(collector.ok()) << one.names;
    EXPECT_EQ(collector.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(collector.error().message.find(one.names), std::string::npos)
        << collector.error().message;
  }
}

TEST(ConfigTest, YamlStandsForAllEndpointsAndProcessors) {
  BackEnd back_end;
  const std::string url = back_end.grpc_url().substr(7);
  auto config = Config::from_yaml(R"(
receivers:
  otlp:
    protocols: {grpc: , http: }
processors:
  attributes:
    actions: [{key: region, value: eu, action: insert}]
exporters:
  otlp_grpc/backend:
    endpoint: )" + url + R"(
    tls: {insecure: true}
service:
  pipelines:
    traces: {receivers: [otlp], processors: [attributes], exporters: [otlp_grpc/backend]}
)");
  ASSERT_TRUE(config.ok()) << config.error().message;
  auto recorder = std::make_shared<Recorder>();
  config->exporters = {recorder};
  auto collector = Collector::create(*config);
  ASSERT_TRUE(collector.ok()) << collector.error().message;
  ASSERT_TRUE(collector->collect(Span::make("a")).ok());
  ASSERT_TRUE(collector->collect(LogRecord::make(Severity::kInfo, "line")).ok());
  EXPECT_TRUE(collector->shutdown(10s).ok());
  EXPECT_TRUE(collector->statistics().balances());
  ASSERT_EQ(back_end.recorder().spans().size(), 1U);
  EXPECT_EQ(back_end.recorder().spans()[0].attributes, (Attributes{{"region", "eu"}}));
  // The program's exporter receives the items as they were collected.
  EXPECT_EQ(recorder->names(), std::vector<std::string>{"a"});
  EXPECT_EQ(recorder->log_records().size(), 1U);
}

TEST(ConfigTest, WhatOtelcolRemovedWorksInYaml) {
  EXPECT_TRUE(Config::from_yaml("receivers: {otlp: {protocols: {grpc: }}}\nexporters: {logging: }\n"
                                "service: {pipelines: {traces: {receivers: [otlp], exporters: "
                                "[logging]}}}\n")
                  .ok());
}

// The library tells its numbers by statistics(), and the pipelines get what is collected alone.
TEST(ConfigTest, OwnTelemetryInYamlIsNoPipeline) {
  const auto plan = library::plan_from_yaml(
      "receivers: {otlp: {protocols: {grpc: }}}\nexporters: {nop: }\n"
      "service: {telemetry: {metrics: {readers: [{periodic: {exporter: {otlp: {}}}}]}, "
      "traces: {processors: [{batch: {exporter: {otlp: {}}}}]}}, "
      "pipelines: {metrics: {receivers: [otlp], exporters: [nop]}}}\n");
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  EXPECT_EQ(plan->pipelines.size(), 1U);
  EXPECT_EQ(plan->exporters.size(), 1U);
}

TEST(ConfigTest, MistakesInYamlAreShownWithTheirPlaces) {
  const auto config = Config::from_yaml(
      "exporters:\n  otlp_grpc:\n    endpont: localhost:4317\nservice:\n  pipelines: {}\n");
  ASSERT_FALSE(config.ok());
  EXPECT_NE(config.error().message.find("3:5"), std::string::npos) << config.error().message;
  EXPECT_NE(config.error().message.find("endpoint"), std::string::npos);
  EXPECT_FALSE(Config::from_yaml("{{{").ok());
  EXPECT_FALSE(Config::from_yaml("").ok());
}

TEST(ConfigTest, TheServiceHasAName) {
  const auto name_of = [](const Config& config) {
    auto plan = plan_from_config(config);
    EXPECT_TRUE(plan.ok());
    std::string names;
    for (const Attribute& one : plan->resource) {
      if (one.key == "service.name") names += one.value.as_text();
    }
    return names;
  };
  EXPECT_EQ(name_of({}), "unknown_service");
  EXPECT_EQ(name_of({.service_name = "a"}), "a");
  EXPECT_EQ(name_of({.resource = {{"service.name", "b"}}}), "b");
  EXPECT_EQ(name_of({.service_name = "a", .resource = {{"service.name", "b"}}}), "a");
}

}  // namespace
}  // namespace millrace::v1
