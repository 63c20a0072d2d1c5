#include "config/periodic_reader.h"

#include <gtest/gtest.h>

#include "config/print.h"
#include "yaml/parse.h"

namespace millrace::config {
namespace {

// The exporter as JSON in one line, or what is wrong.
std::string exporter(std::string_view otlp) {
  const auto root =
      yaml::parse("{interval: 1500, exporter: {otlp: " + std::string(otlp) + "}}", "a");
  EXPECT_TRUE(root.has_value());
  Diagnostics diagnostics;
  std::vector<PeriodicReader> readers;
  Section section(*root, diagnostics, "periodic");
  read_periodic(section, readers);
  section.finish();
  if (diagnostics.has_errors() || readers.size() != 1) return diagnostics.to_text();
  EXPECT_EQ(readers[0].interval, 1500ms);
  EXPECT_EQ(readers[0].push.path, "periodic::exporter::otlp");
  std::string json =
      print(readers[0].push.exporter, diagnostics, PrintFormat::kJson, SecretMode::kUnredacted);
  std::erase_if(json, [](char c) { return c == '\n' || c == ' '; });
  return readers[0].push.exporter_type + json;
}

TEST(PeriodicReaderTest, AReaderIsAnExporter) {
  EXPECT_EQ(exporter("{protocol: grpc, endpoint: \"http://a:4317\", headers: {k: v}}"),
            R"(otlp_grpc{"endpoint":"a:4317","tls":{"insecure":true},"compression":"none",)"
            R"("timeout":"10000ms","required":false,"headers":{"k":"v"}})");
  EXPECT_EQ(exporter("{protocol: http/protobuf, endpoint: \"https://a\", compression: gzip, "
                     "timeout: 5}"),
            R"(otlp_http{"metrics_endpoint":"https://a/v1/metrics","compression":"gzip",)"
            R"("timeout":"5ms","required":false})");
}

TEST(PeriodicReaderTest, TheSchemeDecidesOnTls) {
  const auto grpc = [](const std::string& keys) {
    return exporter("{protocol: grpc, " + keys + "}").contains("\"insecure\":true");
  };
  EXPECT_TRUE(grpc("endpoint: \"http://a:1\""));
  EXPECT_TRUE(grpc("endpoint: \"a:1\", insecure: true"));
  EXPECT_FALSE(grpc("endpoint: \"a:1\""));
  EXPECT_FALSE(grpc("endpoint: \"https://a:1\", insecure: true"));
  EXPECT_TRUE(exporter("{endpoint: \"a:1/x\", insecure: true}").contains("\"http://a:1/x\""));
  EXPECT_TRUE(exporter("{endpoint: \"a:1\"}").contains("\"https://a:1/v1/metrics\""));
}

TEST(PeriodicReaderTest, MistakesAreNamed) {
  EXPECT_TRUE(exporter("{protocol: grcp}").contains("did you mean \"grpc\"?"));
  EXPECT_TRUE(exporter("{endpont: a}").contains("did you mean \"endpoint\"?"));
  EXPECT_TRUE(exporter("{certificate: a}").contains("not supported here"));
  EXPECT_TRUE(exporter("{timeout: 1s}").contains("expected an integer"));
}

}  // namespace
}  // namespace millrace::config
