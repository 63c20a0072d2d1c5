// Connectors that make another signal; those that do not are in plan_from_document_test.cc.
#include "assembly/join_connectors.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "yaml/parse.h"

namespace millrace::assembly {
namespace {

struct Joined {
  // One connector, "count", that makes metrics of traces.
  explicit Joined(const std::string& pipelines) {
    using enum config::ComponentKind;
    const config::Catalog catalog(
        {{kReceiver, "otlp"}, {kExporter, "debug"}, {kConnector, "forward"}});
    const auto root = yaml::parse(
        "receivers: {otlp: }\nexporters: {debug: }\nconnectors: {forward: }\nservice: {pipelines: "
        "{" +
            pipelines + "}}\n",
        "a.yaml");
    EXPECT_TRUE(root) << root.error().message;
    config::Diagnostics diagnostics;
    const config::Document document = config::read_document(*root, catalog, diagnostics);
    size_t index = 0;
    while (document.components[index].kind != kConnector) ++index;
    plan.exporters.push_back({.id = "forward", .connector = ConnectorPlan{}});
    plan.exporters.push_back({.id = "debug"});
    for (const config::Pipeline& pipeline : document.pipelines) {
      PipelinePlan planned{.signal = pipeline.signal, .id = pipeline.id};
      for (const size_t exporter : pipeline.exporters) {
        planned.exporters.push_back(exporter == index ? 0 : 1);
      }
      plan.pipelines.push_back(std::move(planned));
    }
    join_connectors(document,
                    {{.component = index,
                      .exporter = 0,
                      .changes = {{.from = Signal::kTraces, .into = Signal::kMetrics}}}},
                    plan, diagnostics);
    found = diagnostics.to_text();
  }
  Plan plan;
  std::string found;
};

TEST(JoinConnectorsTest, AChangedSignalJoinsPipelinesOfTwoSignals) {
  const Joined joined(
      "traces: {receivers: [otlp], exporters: [forward]}, "
      "metrics: {receivers: [forward], exporters: [debug]}");
  EXPECT_EQ(joined.found, "");
  const ConnectorPlan& connector = *joined.plan.exporters[0].connector;
  EXPECT_EQ(connector.groups, (std::vector<std::vector<size_t>>{{1}}));
  EXPECT_TRUE(connector.makes(Signal::kMetrics, Signal::kTraces));
  EXPECT_FALSE(connector.makes(Signal::kTraces, Signal::kTraces));
}

TEST(JoinConnectorsTest, WhatIsMissingIsNamedBySignal) {
  const Joined no_metrics(
      "traces: {receivers: [otlp], exporters: [forward]}, "
      "traces/2: {receivers: [forward], exporters: [debug]}");
  EXPECT_TRUE(
      no_metrics.found.contains("used as exporter in a traces pipeline but not used as "
                                "receiver in any metrics pipeline"))
      << no_metrics.found;
  const Joined no_traces(
      "logs: {receivers: [otlp], exporters: [forward]}, "
      "metrics: {receivers: [forward], exporters: [debug]}");
  EXPECT_TRUE(
      no_traces.found.contains("used as receiver in a metrics pipeline but not used as "
                               "exporter in any traces pipeline"))
      << no_traces.found;
  EXPECT_TRUE(no_traces.found.contains("it has no use for logs there")) << no_traces.found;
}

TEST(JoinConnectorsTest, SignalsThatDoNotMeetAreNoCycle) {
  const Joined joined(
      "traces: {receivers: [otlp], exporters: [forward]}, "
      "metrics: {receivers: [forward], exporters: [debug]}, "
      "traces/2: {receivers: [otlp], exporters: [forward]}");
  EXPECT_EQ(joined.found, "");
}

}  // namespace
}  // namespace millrace::assembly
