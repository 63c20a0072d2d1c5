#include "migration/migrate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "yaml/parse.h"

namespace millrace::migration {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string migrated(std::string_view text, bool keeps_comments = true) {
  const auto result = migrate(text, "a.yaml");
  if (!result) return result.error().message;
  EXPECT_EQ(result->keeps_comments, keeps_comments) << result->text;
  return result->text;
}

TEST(MigrateTest, ATextWithoutRemovedComponentsStaysAsItIs) {
  const std::string text = "# mine\nexporters: {debug: }  # tail\n\n\n";
  EXPECT_EQ(migrated(text), text);
}

TEST(MigrateTest, CommentsStayAndEachChangeHasOne) {
  EXPECT_EQ(migrated("# top\n"
                     "exporters:\n"
                     "  # for people\n"
                     "  logging:  # old\n"
                     "    loglevel: debug  # all of it\n"
                     "    sampling_thereafter: 1\n"
                     "  otlp:\n"
                     "    endpoint: a:4317\n"
                     "service:\n"
                     "  pipelines:\n"
                     "    traces:\n"
                     "      exporters: [logging, otlp]\n"),
            "# top\n"
            "exporters:\n"
            "  # for people\n"
            "  # millrace: logging is debug now\n"
            "  debug:  # old\n"
            "    # millrace: loglevel was debug\n"
            "    verbosity: detailed  # all of it\n"
            "    sampling_thereafter: 1\n"
            "  otlp:\n"
            "    endpoint: a:4317\n"
            "service:\n"
            "  pipelines:\n"
            "    traces:\n"
            "      # millrace: logging is debug now\n"
            "      exporters: [debug, otlp]\n");
}

TEST(MigrateTest, AComponentWithoutKeysGetsThem) {
  EXPECT_EQ(migrated("exporters:\n  logging:\n  debug:\nservice:\n  pipelines:\n    logs:\n"
                     "      exporters:\n        - logging\n        - debug\n"),
            "exporters:\n"
            "  # millrace: logging is debug/logging now\n"
            "  debug/logging:\n"
            "    # millrace: the default of logging\n"
            "    verbosity: normal\n"
            "    # millrace: the default of logging; 1 prints everything\n"
            "    sampling_thereafter: 500\n"
            "  debug:\n"
            "service:\n"
            "  pipelines:\n"
            "    logs:\n"
            "      exporters:\n"
            "        # millrace: logging is debug/logging now\n"
            "        - debug/logging\n"
            "        - debug\n");
}

TEST(MigrateTest, WhatIsRemovedLeavesACommentAndItsNeighbours) {
  EXPECT_EQ(migrated("extensions:\n"
                     "  memory_ballast:\n"
                     "    size_mib: 64\n"
                     "\n"
                     "  # health\n"
                     "  health_check:\n"
                     "service:\n"
                     "  extensions: [memory_ballast, health_check]\n"
                     "  telemetry:\n"
                     "    metrics:\n"
                     "      address: \"0.0.0.0:8888\"\n"),
            "extensions:\n"
            "  # millrace: memory_ballast is not needed: there is no garbage collector\n"
            "\n"
            "  # health\n"
            "  health_check:\n"
            "service:\n"
            "  # millrace: memory_ballast is not needed: there is no garbage collector\n"
            "  extensions: [health_check]\n"
            "  telemetry:\n"
            "    metrics:\n"
            "      readers:\n"
            "          - pull:\n"
            "                exporter:\n"
            "                    prometheus:\n"
            "                        host: 0.0.0.0\n"
            "                        port: 8888\n"
            "      # millrace: readers have replaced address: 0.0.0.0:8888\n");
}

TEST(MigrateTest, BracesAreEditedInTheirLine) {
  EXPECT_EQ(
      migrated("exporters: {jaeger: {endpoint: \"j:14250\", insecure: true}, logging: {}}\n"
               "service: {extensions: [a, memory_ballast], pipelines: {traces: {exporters: "
               "['jaeger', logging]}}}\nextensions: {a: {}, memory_ballast: {size_mib: 1}}\n"),
      "# millrace: jaeger is otlp_grpc/jaeger now\n"
      "# millrace: Jaeger's port for OTLP over gRPC\n"
      "# millrace: insecure is a key of tls\n"
      "# millrace: logging is debug now\n"
      "exporters: {otlp_grpc/jaeger: {\"tls\": {\"insecure\": true}, endpoint: j:4317}, debug: "
      "{\"sampling_thereafter\": 500, \"verbosity\": \"normal\"}}\n"
      "# millrace: memory_ballast is not needed: there is no garbage collector\n"
      "# millrace: jaeger is otlp_grpc/jaeger now\n"
      "# millrace: logging is debug now\n"
      "service: {extensions: [a], pipelines: {traces: {exporters: [otlp_grpc/jaeger, debug]}}}\n"
      "# millrace: memory_ballast is not needed: there is no garbage collector\n"
      "extensions: {a: {}}\n");
}

TEST(MigrateTest, VariablesStay) {
  const std::string text = migrated(
      "exporters:\n  loki:\n    endpoint: http://${env:LOKI}:3100/loki/api/v1/push\n"
      "    tenant_id: ${TENANT:-x}\n"
      "service:\n  telemetry:\n    metrics:\n      address: ${env:IP}:8888\n");
  EXPECT_THAT(text, HasSubstr("  otlp_http/loki:\n"));
  EXPECT_THAT(text, HasSubstr("    endpoint: \"http://${env:LOKI}:3100/otlp\"\n"));
  EXPECT_THAT(text, HasSubstr("        X-Scope-OrgID: ${TENANT:-x}\n"));
  EXPECT_THAT(text, HasSubstr("host: ${env:IP}\n"));
  EXPECT_THAT(text, Not(HasSubstr("tenant_id: ")));
}

TEST(MigrateTest, ThePortOfAnAddressMayBeAVariable) {
  const std::string text =
      migrated("service:\n  telemetry:\n    metrics:\n      address: 0.0.0.0:${env:PORT}\n");
  EXPECT_THAT(text, HasSubstr("host: 0.0.0.0\n"));
  EXPECT_THAT(text, HasSubstr("port: ${env:PORT}\n"));
  // The parts of a variable are known at the start only.
  EXPECT_THAT(migrated("service:\n  telemetry:\n    metrics:\n      address: ${env:ADDRESS}\n"),
              HasSubstr("      address: ${env:ADDRESS}\n"));
}

TEST(MigrateTest, AListBehindTwoAliasesIsEditedOnce) {
  const std::string text = migrated(
      "exporters: {loki: {endpoint: http://l/loki/api/v1/push}}\n"
      "service:\n  pipelines:\n    logs:\n      exporters: &all [loki]\n"
      "    logs/b:\n      exporters: *all\n");
  EXPECT_THAT(text, HasSubstr("      exporters: &all [otlp_http/loki]\n"));
  EXPECT_THAT(text, HasSubstr("      exporters: *all\n"));
}

TEST(MigrateTest, AFormThatIsNotEditedIsPrintedAnew) {
  const std::string text =
      migrated("# lost\nextensions: {\n  a: {b: c}, memory_ballast:\n    {size_mib: 1} }\n",
               /*keeps_comments=*/false);
  EXPECT_THAT(text, HasSubstr("# millrace: printed anew, without its comments"));
  EXPECT_THAT(text, HasSubstr("extensions:\n    a:\n        b: c\n"));
}

TEST(MigrateTest, LinesKeepTheirEnds) {
  EXPECT_EQ(
      migrated(
          "processors:\r\n  memory_limiter:\r\n    ballast_size_mib: 1\r\n    limit_mib: 5\r\n"),
      "processors:\r\n  memory_limiter:\r\n    # millrace: there is no ballast\r\n"
      "    limit_mib: 5\r\n");
}

TEST(MigrateTest, WhatIsNotYamlIsNamedWithItsPlace) {
  EXPECT_THAT(migrated("a: [b\n"), HasSubstr("a.yaml:"));
}

}  // namespace
}  // namespace millrace::migration
