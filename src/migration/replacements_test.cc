#include "migration/replacements.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/print.h"
#include "yaml/parse.h"

namespace millrace::migration {
namespace {

using testing::HasSubstr;
using testing::Not;

// The tree as JSON in one line, and what is said.
struct Replaced {
  std::string tree;
  std::string said;
};

Replaced replaced(std::string_view text) {
  auto root = yaml::parse(text, "a.yaml");
  EXPECT_TRUE(root.has_value());
  const Replacements replacements = replace_removed(*root);
  config::Diagnostics diagnostics;
  warn(replacements.changes, diagnostics);
  std::string json = config::print(*root, config::Diagnostics(), config::PrintFormat::kJson,
                                   config::SecretMode::kUnredacted);
  std::erase_if(json, [](char c) { return c == '\n' || c == ' '; });
  return {json, diagnostics.to_text()};
}

std::string exporter(std::string_view text) {
  return replaced("exporters: " + std::string(text)).tree;
}

TEST(ReplacementsTest, LoggingIsDebugWithItsOwnDefaults) {
  EXPECT_EQ(exporter("{logging: }"),
            R"({"exporters":{"debug":{"verbosity":"normal","sampling_thereafter":500}}})");
  EXPECT_EQ(exporter("{logging/a: {loglevel: debug, sampling_thereafter: 1}}"),
            R"({"exporters":{"debug/a":{"verbosity":"detailed","sampling_thereafter":1}}})");
  EXPECT_THAT(exporter("{logging: {logLevel: WARN}}"), HasSubstr(R"("verbosity":"basic")"));
  EXPECT_THAT(exporter("{logging: {verbosity: detailed}}"), HasSubstr(R"("verbosity":"detailed")"));
}

TEST(ReplacementsTest, AnIdThatIsTakenIsNotTakenAgain) {
  EXPECT_THAT(exporter("{logging: {}, debug: {}, debug/logging: {}}"),
              HasSubstr("\"debug/logging_2\""));
  EXPECT_THAT(exporter("{loki/a: {}, otlp_http/a: {}}"), HasSubstr("\"otlp_http/loki_a\""));
}

TEST(ReplacementsTest, LokiIsItsOtlpPath) {
  EXPECT_EQ(exporter("{loki: {endpoint: \"http://l:3100/loki/api/v1/push\", labels: {a: b}, "
                     "format: json, tenant_id: t, retry_on_failure: {enabled: true}}}"),
            R"({"exporters":{"otlp_http/loki":{"endpoint":"http://l:3100/otlp",)"
            R"("retry_on_failure":{"enabled":true},"headers":{"X-Scope-OrgID":"t"}}}})");
  // A path that is none of the exporter's may be right already.
  EXPECT_THAT(exporter("{loki: {endpoint: \"http://l/mine\"}}"), HasSubstr("http://l/mine"));
}

TEST(ReplacementsTest, JaegerIsItsOtlpPort) {
  EXPECT_EQ(exporter("{jaeger: {endpoint: \"j:14250\", insecure: true}}"),
            R"({"exporters":{"otlp_grpc/jaeger":{"endpoint":"j:4317","tls":{"insecure":true}}}})");
  EXPECT_THAT(exporter("{jaeger: {endpoint: \"j:5\", tls: {insecure: true}}}"),
              HasSubstr(R"("endpoint":"j:5")"));
}

TEST(ReplacementsTest, BatcherIsABatchOfTheQueue) {
  EXPECT_EQ(exporter("{otlp: {batcher: {enabled: true, min_size_items: 5, flush_timeout: 1s}, "
                     "sending_queue: {queue_size: 7}}}"),
            R"({"exporters":{"otlp":{"sending_queue":{"queue_size":7,"batch":)"
            R"({"min_size":5,"flush_timeout":"1s"}}}}})");
  EXPECT_EQ(exporter("{otlp: {batcher: {enabled: false}}}"), R"({"exporters":{"otlp":{}}})");
}

TEST(ReplacementsTest, PipelinesNameTheNewComponent) {
  const Replaced result = replaced(
      "exporters: {logging: , jaeger: }\n"
      "service: {pipelines: {traces: {exporters: [jaeger, logging]}, logs: {exporters: "
      "[logging]}}}");
  EXPECT_THAT(result.tree, HasSubstr(R"("traces":{"exporters":["otlp_grpc/jaeger","debug"]})"));
  EXPECT_THAT(result.tree, HasSubstr(R"("logs":{"exporters":["debug"]})"));
}

TEST(ReplacementsTest, AddressIsAReader) {
  const auto with = [](const std::string& metrics) {
    return replaced("service: {telemetry: {metrics: " + metrics + "}}").tree;
  };
  EXPECT_EQ(with("{address: \"[::1]:8888\"}"),
            R"({"service":{"telemetry":{"metrics":{"readers":[{"pull":{"exporter":{"prometheus":)"
            R"({"host":"::1","port":8888}}}}]}}}})");
  EXPECT_THAT(with("{address: \":1\"}"), HasSubstr(R"("host":"0.0.0.0","port":1)"));
  EXPECT_THAT(with("{address: \":1\", readers: []}"), Not(HasSubstr("address")));
  // A mistake stays one.
  EXPECT_THAT(with("{address: here}"), HasSubstr("here"));
}

TEST(ReplacementsTest, TheWarningShowsTheLinesToWrite) {
  EXPECT_EQ(
      replaced("exporters:\n  logging:\n    verbosity: basic\n"
               "service: {pipelines: {logs: {exporters: [logging]}}}")
          .said,
      "a.yaml:2:3: warning: exporters::logging: otelcol has removed this exporter; debug does "
      "its work. In the pipelines it is debug. Write:\n"
      "    exporters:\n"
      "        debug:\n"
      "            verbosity: basic\n"
      "            sampling_thereafter: 500\n");
}

TEST(ReplacementsTest, TheLinesToWriteShowNoSecret) {
  const Replaced result =
      replaced("exporters: {loki: {endpoint: \"http://a:secret1@l/x\", tenant_id: secret2}}");
  EXPECT_THAT(result.said, Not(HasSubstr("secret")));
  EXPECT_THAT(result.tree, HasSubstr("secret2"));
}

TEST(ReplacementsTest, OddTreesAreLeftAlone) {
  for (const char* text :
       {"", "a", "[]", "exporters: [logging]", "exporters: {otlp: [batcher]}",
        "service: {telemetry: {metrics: [address]}}",
        "extensions: {memory_ballast: }\nservice: {extensions: memory_ballast}"}) {
    auto root = yaml::parse(text, "a.yaml");
    ASSERT_TRUE(root.has_value());
    static_cast<void>(replace_removed(*root));
  }
}

}  // namespace
}  // namespace millrace::migration
