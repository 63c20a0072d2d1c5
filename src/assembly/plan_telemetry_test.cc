#include "assembly/plan_telemetry.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

#include "assembly/catalogue.h"
#include "assembly/plan_from_document.h"
#include "yaml/parse.h"

namespace millrace::assembly {
namespace {

struct Made {
  std::optional<Plan> plan;
  std::string found;  // the diagnostics
};

Made make(std::string_view text) {
  const auto root = yaml::parse(text, "a.yaml");
  EXPECT_TRUE(root.has_value()) << root.error().message;
  config::Diagnostics diagnostics;
  const config::Document document = config::read_document(*root, catalog(), diagnostics);
  Made made{.plan = make_plan(document, {}, diagnostics)};
  made.found = diagnostics.to_text();
  return made;
}

constexpr std::string_view kPlain =
    "receivers: {otlp: {protocols: {grpc: }}}\nexporters: {nop: }\n"
    "service: {pipelines: {traces: {receivers: [otlp], exporters: [nop]}}}\n";

TEST(PlanTelemetryTest, TelemetryBecomesTheLogThePageAndTheResource) {
  const Made plain = make(kPlain);
  ASSERT_TRUE(plain.plan->metrics_page);
  EXPECT_EQ(plain.plan->metrics_page->port, 8888);
  EXPECT_FALSE(plain.plan->metrics_page->counters_end_in_total);
  const Made none = make(R"(
receivers: {otlp: {protocols: {grpc: }}}
exporters: {nop: }
service:
  telemetry:
    metrics: {level: none}
    logs: {level: warn}
    resource: {service.name: edge, service.instance.id: }
  pipelines: {traces: {receivers: [otlp], exporters: [nop]}}
)");
  ASSERT_TRUE(none.plan) << none.found;
  EXPECT_FALSE(none.plan->metrics_page);
  EXPECT_EQ(none.plan->log.level, LogLevel::kWarn);
  EXPECT_EQ(none.plan->resource, (metrics::Labels{{"service.name", "edge"}}));
  EXPECT_EQ(none.plan->resource_without, std::vector<std::string>{"service.instance.id"});
}

TEST(PlanTelemetryTest, ZpagesShowTheWayToTheMetrics) {
  const auto with = [](std::string_view telemetry) {
    return make(R"(
receivers: {otlp: {protocols: {grpc: }}}
exporters: {debug: }
extensions: {zpages: {endpoint: "0.0.0.0:1"}, pprof: , opamp: {server: {ws: {endpoint: "wss://a"}}}}
service:
  telemetry: {metrics: )" +
                std::string(telemetry) + R"(}
  extensions: [zpages, pprof, opamp]
  pipelines: {traces: {receivers: [otlp], exporters: [debug]}}
)");
  };
  const Made made = with("");
  ASSERT_TRUE(made.plan) << made.found;
  ASSERT_EQ(made.plan->health_checks.size(), 1u);
  EXPECT_EQ(made.plan->health_checks[0].port, 1);
  EXPECT_EQ(made.plan->health_checks[0].metrics_url, "http://localhost:8888/metrics");
  EXPECT_TRUE(made.found.contains("extensions::pprof: accepted without effect")) << made.found;
  EXPECT_EQ(with("{level: none}").plan->health_checks[0].metrics_url, "");
}

TEST(PlanTelemetryTest, APeriodicReaderIsAPipelineOfItsOwn) {
  const auto with = [](std::string_view metrics) {
    return make(R"(
receivers: {otlp: {protocols: {grpc: }}}
exporters: {debug: }
service:
  telemetry: {metrics: )" +
                std::string(metrics) + R"(}
  pipelines: {metrics: {receivers: [otlp], exporters: [debug]}}
)");
  };
  const Made made = with(
      "{readers: [{periodic: {interval: 5000, exporter: {otlp: {protocol: grpc, endpoint: "
      "\"http://a:1\"}}}}]}");
  ASSERT_TRUE(made.plan) << made.found;
  const Plan& plan = *made.plan;
  EXPECT_FALSE(plan.metrics_page) << "there is no pull reader";
  ASSERT_EQ(plan.pipelines.size(), 2u);
  EXPECT_EQ(plan.pipelines[1].id, "metrics/own_metrics");
  EXPECT_EQ(plan.receivers[plan.pipelines[1].receivers[0]].pull_interval, Duration(5s));
  const ExporterPlan& exporter = plan.exporters[plan.pipelines[1].exporters[0]];
  EXPECT_EQ(exporter.id, "otlp_grpc/own_metrics");
  EXPECT_FALSE(exporter.helper.required);
  EXPECT_EQ(
      with("{level: none, readers: [{periodic: {exporter: {otlp: {}}}}]}").plan->pipelines.size(),
      1u);
  EXPECT_TRUE(with("{readers: [{periodic: {exporter: {otlp: {protocol: grpc, endpoint: a}}}}]}")
                  .found.contains("readers[0]::periodic::exporter::otlp"));
}

TEST(PlanTelemetryTest, OwnTracesAreAPipelineThatIsNotTracedItself) {
  const auto with = [](std::string_view traces) {
    return make(R"(
receivers: {otlp: {protocols: {grpc: }}}
exporters: {debug: }
service:
  telemetry: {traces: )" +
                std::string(traces) + R"(}
  pipelines: {metrics: {receivers: [otlp], exporters: [debug]}}
)");
  };
  const Made made = with(
      "{propagators: [tracecontext], sampler: {trace_id_ratio_based: {ratio: 0.5}}, processors: "
      "[{batch: {schedule_delay: 200, exporter: {otlp: {protocol: grpc, endpoint: "
      "\"http://a:1\"}}}}, {batch: {exporter: {otlp: {}}}}]}");
  ASSERT_TRUE(made.plan) << made.found;
  const Plan& plan = *made.plan;
  ASSERT_TRUE(plan.own_spans);
  EXPECT_EQ(plan.own_spans->recorder.sampler.root, 0.5);
  EXPECT_TRUE(plan.receivers[0].listeners[0].listener.server.propagators.trace_context);
  ASSERT_EQ(plan.pipelines.size(), 2u);
  EXPECT_EQ(plan.pipelines[1].id, "traces/own_traces");
  ASSERT_EQ(plan.pipelines[1].exporters.size(), 2u);
  const ExporterPlan& exporter = plan.exporters[plan.pipelines[1].exporters[1]];
  EXPECT_EQ(exporter.id, "otlp_http/own_traces_2");
  EXPECT_TRUE(exporter.sends_own_telemetry);
  EXPECT_FALSE(exporter.helper.required);
  EXPECT_FALSE(plan.exporters[0].sends_own_telemetry);
  EXPECT_FALSE(with("{level: basic}").plan->own_spans);
}

}  // namespace
}  // namespace millrace::assembly
