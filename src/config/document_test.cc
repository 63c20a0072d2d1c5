#include "config/document.h"

#include <gtest/gtest.h>

#include <tuple>

#include "yaml/parse.h"

namespace millrace::config {
namespace {

const Catalog& catalog() {
  static const Catalog kCatalog({{ComponentKind::kReceiver, "otlp"},
                                 {ComponentKind::kProcessor, "batch"},
                                 {ComponentKind::kProcessor, "attributes", kNoProfiles},
                                 {ComponentKind::kExporter, "debug"},
                                 {ComponentKind::kExporter, "otlp_grpc"},
                                 {ComponentKind::kExtension, "health_check"}});
  return kCatalog;
}

yaml::Node scalar(std::string text) {
  yaml::Node node;
  node.kind = yaml::Node::Kind::kScalar;
  node.scalar = std::move(text);
  return node;
}

struct Read {
  Document document;
  std::string found;
};
Read read(std::string_view text) {
  const auto root = yaml::parse(text, "a.yaml");
  EXPECT_TRUE(root.has_value()) << root.error().message;
  Diagnostics diagnostics;
  Document document = read_document(*root, catalog(), diagnostics);
  return {std::move(document), diagnostics.to_text()};
}

constexpr std::string_view kParts =
    "receivers: {otlp: }\nprocessors: {batch: , attributes/a: }\n"
    "exporters: {debug: , otlp_grpc/b: }\nextensions: {health_check: }\n";

TEST(DocumentTest, PipelinesAreJoined) {
  const auto [document, found] =
      read(std::string(kParts) +
           "service:\n  extensions: [health_check]\n  pipelines:\n"
           "    traces/x: {receivers: [otlp], processors: [batch, attributes/a], "
           "exporters: [otlp/b, debug]}\n");
  EXPECT_EQ(found, "");
  ASSERT_EQ(document.pipelines.size(), 1u);
  const Pipeline& pipeline = document.pipelines[0];
  EXPECT_EQ(pipeline.signal, Signal::kTraces);
  EXPECT_EQ(document.components[pipeline.exporters[0]].id.text, "otlp_grpc/b");
  EXPECT_EQ(document.components[pipeline.processors[1]].id.name, "a");
  EXPECT_EQ(document.components[document.extensions[0]].id.type, "health_check");
  EXPECT_EQ(document.components[pipeline.receivers[0]].path, "receivers::otlp");
}

TEST(DocumentTest, OldNamesLoadWithAWarning) {
  const auto [document, found] = read(
      "receivers: {otlp: }\nexporters: {otlp/x: }\n"
      "service: {pipelines: {logs: {receivers: [otlp], exporters: [otlp/x]}}}\n");
  EXPECT_EQ(found, "a.yaml:2:13: warning: exporters: \"otlp/x\" is the old name of otlp_grpc/x\n");
  EXPECT_EQ(document.components[1].id.type, "otlp_grpc");
  EXPECT_EQ(document.components[1].id.text, "otlp/x");
}

TEST(DocumentTest, ReferenceToNothingIsAnError) {
  const std::string found =
      read(std::string(kParts) +
           "service: {pipelines: {traces: {receivers: [otlp], exporters: [debug2]}}}\n")
          .found;
  EXPECT_TRUE(found.ends_with(
      "a.yaml:5:63: error: service::pipelines::traces: references exporter \"debug2\" which is "
      "not configured; did you mean \"debug\"?\n"))
      << found;
}

TEST(DocumentTest, AValueThatIsNotUtf8IsRefusedAndNotShown) {
  yaml::Node root = yaml::parse(std::string(kParts) +
                                    "service:\n  pipelines:\n    traces: {receivers: [otlp], "
                                    "processors: [batch, attributes/a], exporters: [debug]}\n",
                                "a.yaml")
                        .value();
  // As ${env:NAME} or ${file:PATH} brings it.
  for (yaml::Node::Entry& section : root.mapping) {
    if (section.key == "processors") section.value.mapping.at(1).value = scalar("secret \xff");
  }
  Diagnostics diagnostics;
  read_document(root, catalog(), diagnostics);
  const std::string found = diagnostics.to_text();
  EXPECT_NE(found.find("processors::attributes/a: the value is not UTF-8"), std::string::npos)
      << found;
  EXPECT_EQ(found.find("secret"), std::string::npos);
}

TEST(DocumentTest, TheShutdownTimeoutIsReadAndTwentySecondsWithout) {
  const std::string_view pipelines =
      "  pipelines: {traces: {receivers: [otlp], processors: [batch, attributes/a], exporters: "
      "[debug, otlp_grpc/b]}}\n  extensions: [health_check]\n";
  const std::string head = std::string(kParts) + "service:\n" + std::string(pipelines);
  EXPECT_EQ(read(head).document.shutdown_timeout, 20s);
  const Read set = read(head + "  shutdown_timeout: 1m\n");
  EXPECT_EQ(set.found, "");
  EXPECT_EQ(set.document.shutdown_timeout, 60s);
  EXPECT_NE(read(head + "  shutdown_timeout: -1s\n").found.find("shutdown_timeout"),
            std::string::npos);
}

TEST(DocumentTest, UnusedComponentsAreWarnings) {
  const std::string found =
      read(
          "receivers: {otlp: }\nexporters: {debug: , debug/2: }\n"
          "service: {pipelines: {traces: {receivers: [otlp], exporters: [debug]}}}\n")
          .found;
  EXPECT_EQ(found,
            "a.yaml:2:22: warning: exporters::debug/2: configured but not used: no pipeline names "
            "it\n");
}

TEST(DocumentTest, MistakesAreNamed) {
  const std::string service =
      "service: {pipelines: {traces: {receivers: [otlp], exporters: [debug]}}}\n";
  const std::pair<std::string, const char*> kCases[] = {
      {"{}", "service: missing"},
      {"service: {}", "service must have at least one pipeline"},
      {"service: {pipelines: {trace: {}}}", "unknown signal \"trace\""},
      {"service: {pipelines: {traces: {}}}", "must have at least one receiver"},
      {"receivers: {otlpp: }\n" + service, "unknown type: \"otlpp\"; did you mean \"otlp\"?"},
      {"receivers: {kafka: }\n" + service, "otelcol-contrib has a receiver of that name"},
      {"exporters: {elasticsearch: }\n" + service, "Elasticsearch takes OTLP"},
      {"receivers: {debug: }\n" + service, "it is an exporter, so it belongs under exporters"},
      {"connectors: {forward: }\n" + service, "otelcol has a connector of that name"},
      {"receivers: {otlp/: }\n" + service, "the name behind the / must not be empty"},
      {"receivers: {9otlp: }\n" + service, "is no component id"},
      {"exporter: {debug: }\n" + service, "did you mean \"exporters\"?"},
      {"receivers: [otlp]\n" + service, "expected a mapping of keys to values, found a list"},
      {std::string(kParts) +
           "service: {pipelines: {profiles: {receivers: [otlp], processors: [attributes/a], "
           "exporters: [debug]}}}",
       "processor \"attributes/a\" does not do profiles"},
      {std::string(kParts) + "service: {pipelines: {traces: {receivers: [otlp], processors: "
                             "[batch, batch], exporters: [debug]}}}",
       "references processor \"batch\" multiple times"},
      {std::string(kParts) + "service: {extensions: [health_chek]}",
       "did you mean \"health_check\"?"},
  };
  for (const auto& [text, expected] : kCases) {
    const std::string found = read(text).found;
    EXPECT_NE(found.find(expected), std::string::npos) << text << " gave\n" << found;
  }
}

std::string telemetry(std::string_view text, TelemetryConfig& into) {
  const auto root = yaml::parse(text, "a.yaml");
  EXPECT_TRUE(root.has_value()) << root.error().message;
  Diagnostics diagnostics;
  Section section(*root, diagnostics, "service::telemetry");
  read_telemetry(section, into);
  section.finish();
  return diagnostics.to_text();
}

TEST(TelemetryConfigTest, LogsMetricsAndResourceAreRead) {
  TelemetryConfig config;
  EXPECT_EQ(
      telemetry("logs: {level: warn, encoding: json, output_paths: [stdout], sampling: {tick: "
                "5s, initial: 2, thereafter: 3}}\n"
                "metrics: {level: detailed, readers: [{pull: {exporter: {prometheus: {host: "
                "0.0.0.0, port: 9999, without_type_suffix: false}}}}]}\n"
                "traces: {processors: []}\nresource: {service.name: x, host.name: }\n",
                config),
      "");
  EXPECT_EQ(config.logs.level, LogLevel::kWarn);
  EXPECT_EQ(config.logs.encoding, LogEncoding::kJson);
  EXPECT_EQ(config.logs.sampling_tick_ms, 5000);
  EXPECT_TRUE(config.logs_to_stdout);
  ASSERT_EQ(config.readers.size(), 1u);
  EXPECT_EQ(config.readers[0].port, 9999);
  EXPECT_FALSE(config.readers[0].without_type_suffix);
  ASSERT_EQ(config.resource.size(), 2u);
  EXPECT_EQ(config.resource[0].second, "x");
  EXPECT_FALSE(config.resource[1].second.has_value());
}

TEST(TelemetryConfigTest, WhatIsNotSupportedSaysSo) {
  for (const char* text : {"metrics: {address: here}", "resource: {attributes_list: \"a=b\"}"}) {
    TelemetryConfig config;
    EXPECT_NE(telemetry(text, config).find("not supported here"), std::string::npos) << text;
  }
}

// A collector that runs without it passes the same data.
TEST(TelemetryConfigTest, WhatOnlyTheCollectorsOwnTelemetryLacksIsAWarning) {
  for (const char* text :
       {"traces: {limits: {event_count_limit: 1}}", "logs: {processors: [{batch: {}}]}",
        "metrics: {views: [{selector: {}}]}", "logs: {initial_fields: {a: b}}"}) {
    TelemetryConfig config;
    const std::string said = telemetry(text, config);
    EXPECT_TRUE(said.contains("warning") && said.contains("without effect")) << said;
    EXPECT_FALSE(said.contains("error")) << said;
  }
}

TEST(TelemetryConfigTest, TheLogGoesToAStreamWhateverFileIsNamed) {
  const std::tuple<const char*, bool, const char*> kCases[] = {
      {"[stdout]", true, ""},
      {"[/dev/stdout]", true, ""},
      {"[]", false, ""},
      {"[stderr, /var/log/a.log]", false, "stderr alone, and not to /var/log/a.log"},
      {"[stdout, stderr]", false, "stderr alone, and not to stdout"},
      {"[/var/log/a.log]", false, "not to /var/log/a.log"},
  };
  for (const auto& [paths, is_stdout, warning] : kCases) {
    TelemetryConfig config;
    const std::string said = telemetry("logs: {output_paths: " + std::string(paths) + "}", config);
    EXPECT_EQ(config.logs_to_stdout, is_stdout) << paths;
    EXPECT_EQ(said.empty(), *warning == '\0') << said;
    EXPECT_TRUE(said.contains(warning)) << said;
  }
}

// As otelcol reads them: what is empty asks for nothing.
TEST(TelemetryConfigTest, NothingOfWhatIsNotSupportedIsFine) {
  for (const char* text :
       {"", "logs:", "metrics:", "traces:", "resource:", "logs: {processors: []}",
        "logs: {initial_fields: , processors: , output_paths: , sampling: }",
        "metrics: {views: [], readers: , level: }", "traces: {processors: []}",
        "logs: {initial_fields: {}}", "resource: {}", "resource: {attributes: []}",
        "resource: {attributes: }"}) {
    TelemetryConfig config;
    EXPECT_EQ(telemetry(text, config), "") << text;
    EXPECT_EQ(config.readers.size(), 1u) << text;
    EXPECT_TRUE(config.resource.empty()) << text;
  }
}

TEST(TelemetryConfigTest, LevelsHaveOtelcolsNamesInAnyCase) {
  constexpr std::pair<const char*, LogLevel> kLevels[] = {
      {"DEBUG", LogLevel::kDebug}, {"Info", LogLevel::kInfo},    {"''", LogLevel::kInfo},
      {"WARN", LogLevel::kWarn},   {"warning", LogLevel::kWarn}, {"Warning", LogLevel::kWarn},
      {"eRRor", LogLevel::kError}, {"dpanic", LogLevel::kError}, {"PANIC", LogLevel::kError},
      {"fatal", LogLevel::kError}};
  for (const auto& [name, level] : kLevels) {
    TelemetryConfig config;
    EXPECT_EQ(telemetry("logs: {level: " + std::string(name) + ", encoding: JSON}", config), "");
    EXPECT_EQ(config.logs.level, level) << name;
    EXPECT_EQ(config.logs.encoding, LogEncoding::kJson);
  }
  TelemetryConfig config;
  EXPECT_NE(telemetry("logs: {level: trace}", config).find("expected one of debug, info"),
            std::string::npos);
}

TEST(TelemetryConfigTest, ResourceAttributesAreAListOrAMapping) {
  TelemetryConfig config;
  EXPECT_EQ(telemetry("resource: {attributes: [{name: a, value: 1}, {name: b, value: }]}", config),
            "");
  ASSERT_EQ(config.resource.size(), 2u);
  EXPECT_EQ(config.resource[0].first, "a");
  EXPECT_EQ(config.resource[0].second, "1");
  EXPECT_FALSE(config.resource[1].second.has_value());
  const std::string mixed = telemetry("resource: {x: y, attributes: [{name: a}]}", config);
  EXPECT_NE(mixed.find("x: cannot stand beside attributes"), std::string::npos) << mixed;
  const std::string list = telemetry("resource: {x: [1]}", config);
  EXPECT_NE(list.find("expected text, found a list"), std::string::npos) << list;
  const std::string detected = telemetry("resource: {schema_url: u, detectors: {a: b}}", config);
  EXPECT_EQ(detected.find("error"), std::string::npos) << detected;
}

}  // namespace
}  // namespace millrace::config
