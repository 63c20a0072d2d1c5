#include "extensions/health_check/options.h"

#include <gtest/gtest.h>

#include "yaml/parse.h"

namespace millrace::extensions {
namespace {

std::string read(std::string_view text, HealthCheckOptions& into) {
  const auto root = yaml::parse(text, "a.yaml");
  EXPECT_TRUE(root.has_value()) << root.error().message;
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "extensions::health_check");
  read_health_check(section, into);
  section.finish();
  return diagnostics.to_text();
}

TEST(HealthCheckOptionsTest, DefaultsAreOtelcols) {
  HealthCheckOptions options;
  EXPECT_EQ(read("", options), "");
  EXPECT_EQ(options.host, "localhost");
  EXPECT_EQ(options.port, 13133);
  EXPECT_EQ(options.path, "/");
  EXPECT_EQ(options.status_path, "");
}

TEST(HealthCheckOptionsTest, FirstVersionIsRead) {
  HealthCheckOptions options;
  EXPECT_EQ(read("{endpoint: \"0.0.0.0:1\", path: health, response_body: {healthy: up, unhealthy: "
                 "down}}",
                 options),
            "");
  EXPECT_EQ(options.port, 1);
  EXPECT_EQ(options.path, "/health");
  EXPECT_EQ(options.healthy_body, "up");
}

TEST(HealthCheckOptionsTest, SecondVersionIsRead) {
  HealthCheckOptions options;
  EXPECT_EQ(read("{use_v2: true, http: {endpoint: \"[::]:2\", status: {path: /s}}}", options), "");
  EXPECT_EQ(options.host, "::");
  EXPECT_EQ(options.status_path, "/s");
  EXPECT_NE(read("{use_v2: true}", options), "");
}

TEST(HealthCheckOptionsTest, ZpagesHaveTheirOwnAddress) {
  const auto root = yaml::parse("{expvar: {enabled: true}}", "a.yaml");
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "extensions::zpages");
  HealthCheckOptions options;
  read_zpages(section, options);
  section.finish();
  EXPECT_EQ(options.port, 55679);
  EXPECT_TRUE(options.has_debug_pages);
  EXPECT_FALSE(diagnostics.has_errors()) << diagnostics.to_text();
}

TEST(HealthCheckOptionsTest, RequirementsOfReadinessAreRead) {
  HealthCheckOptions options;
  EXPECT_EQ(read("{require: [queues, storage, destinations: [otlp_grpc/a, b]]}", options), "");
  EXPECT_TRUE(options.require.queues && options.require.storages);
  EXPECT_FALSE(options.require.all_destinations);
  EXPECT_EQ(options.require.destinations, (std::vector<std::string>{"otlp_grpc/a", "b"}));
  HealthCheckOptions all;
  EXPECT_EQ(read("{use_v2: true, http: {}, require: [destinations]}", all), "");
  EXPECT_TRUE(all.require.all_destinations);
  for (const char* text : {"{require: queues}", "{require: [queue]}", "{require: [{a: b}]}",
                           "{require: [{destinations: []}]}"}) {
    EXPECT_NE(read(text, options).find("require"), std::string::npos) << text;
  }
}

TEST(HealthCheckOptionsTest, UnsupportedKeysAreErrors) {
  for (const char* text : {"{tls: {}}", "{grpc: {}}", "{http: {tls: {}}}"}) {
    HealthCheckOptions options;
    EXPECT_NE(read(text, options).find("not supported here"), std::string::npos) << text;
  }
  HealthCheckOptions options;
  EXPECT_NE(read("{http: {config: {enabled: true}}}", options).find("error"), std::string::npos);
  EXPECT_EQ(read("{check_collector_pipeline: {enabled: true}}", options).find("error"),
            std::string::npos);
}

}  // namespace
}  // namespace millrace::extensions
