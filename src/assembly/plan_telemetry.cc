#include "assembly/plan_telemetry.h"

#include <string>
#include <utility>
#include <vector>

#include "assembly/catalogue.h"
#include "receivers/own_telemetry/metrics_receiver.h"
#include "receivers/own_telemetry/traces_receiver.h"

namespace millrace::assembly {
namespace {

using config::TelemetryConfig;

void plan_metrics_page(const TelemetryConfig& telemetry, Plan& plan) {
  plan.metrics_page.reset();
  if (telemetry.metrics_level == config::MetricsLevel::kNone || telemetry.readers.empty()) return;
  const config::PrometheusReader& reader = telemetry.readers.front();
  plan.metrics_page =
      MetricsPagePlan{.host = reader.host,
                      .port = reader.port,
                      .detail = telemetry.metrics_level == config::MetricsLevel::kDetailed
                                    ? MetricsDetail::kDetailed
                                    : MetricsDetail::kNormal,
                      .counters_end_in_total = !reader.without_type_suffix};
}

// The pages of zpages lead to the page of metrics.
void lead_to_metrics(Plan& plan) {
  for (extensions::HealthCheckOptions& page : plan.health_checks) {
    if (!page.has_debug_pages || !plan.metrics_page) continue;
    const std::string& host = plan.metrics_page->host;
    const bool is_any = host.empty() || host == "0.0.0.0" || host == "::";
    page.metrics_url = "http://" + (is_any ? "localhost" : host) + ":" +
                       std::to_string(plan.metrics_page->port) + "/metrics";
  }
}

std::vector<std::string> resource_names(const TelemetryConfig& telemetry) {
  std::vector<std::string> names;
  for (const auto& [name, value] : telemetry.resource) names.push_back(name);
  return names;
}

// Adds the exporter of one back end of the collector's own telemetry, and returns its index.
size_t add_exporter(const config::OtlpPush& push, const std::string& name, Plan& plan,
                    config::Diagnostics& diagnostics) {
  config::Section section(push.exporter, diagnostics, push.path);
  for (const ExporterKind& kind : exporter_kinds()) {
    if (kind.type.type != push.exporter_type) continue;
    ExporterReading reading = kind.read(section);
    plan.exporters.push_back({.id = push.exporter_type + "/" + name,
                              .factory = std::move(reading.factory),
                              .helper = std::move(reading.helper),
                              .joins_requests = reading.joins_requests,
                              .joined_bytes_max = reading.joined_bytes_max,
                              .client_tls = std::move(reading.client_tls),
                              .sends_own_telemetry = true});
  }
  section.finish();
  return plan.exporters.size() - 1;
}

// "own_metrics", "own_metrics_2", …
std::string numbered(std::string name, size_t index) {
  return index == 0 ? name : name + "_" + std::to_string(index + 1);
}

// A receiver, a pipeline and an exporter for each back end of the collector's own metrics.
void plan_periodic_readers(const TelemetryConfig& telemetry, Plan& plan,
                           config::Diagnostics& diagnostics) {
  if (telemetry.metrics_level == config::MetricsLevel::kNone) return;
  for (size_t index = 0; index < telemetry.periodic_readers.size(); ++index) {
    const config::PeriodicReader& reader = telemetry.periodic_readers[index];
    const std::string name = numbered("own_metrics", index);
    plan.pipelines.push_back({.signal = Signal::kMetrics,
                              .id = "metrics/" + name,
                              .receivers = {plan.receivers.size()},
                              .processors = {},
                              .exporters = {add_exporter(reader.push, name, plan, diagnostics)}});
    plan.receivers.push_back(
        {.id = name,
         .factory = receivers::own_telemetry::make_own_metrics_factory(resource_names(telemetry)),
         .listeners = {},
         .pull_interval = reader.interval});
  }
}

// One receiver and pipeline for the collector's own spans, with an exporter for each back end.
void plan_own_traces(const TelemetryConfig& telemetry, Plan& plan,
                     config::Diagnostics& diagnostics) {
  const config::OwnTracesConfig& traces = telemetry.traces;
  if (traces.exporters.empty()) return;
  const auto batch_spans = static_cast<size_t>(traces.export_batch_max);
  plan.own_spans = {
      .recorder = {.sampler = {.root = traces.root_share,
                               .parent_sampled = traces.parent_sampled_share,
                               .parent_not_sampled = traces.parent_not_sampled_share},
                   .spans_max = 2 * batch_spans},
      .propagators = {.trace_context = traces.reads_trace_context, .b3 = traces.reads_b3}};
  for (ReceiverPlan& receiver : plan.receivers) {
    for (ListenerPlan& listener : receiver.listeners) {
      listener.listener.server.propagators = plan.own_spans->propagators;
    }
  }
  PipelinePlan pipeline{.signal = Signal::kTraces,
                        .id = "traces/own_traces",
                        .receivers = {plan.receivers.size()},
                        .processors = {},
                        .exporters = {}};
  for (size_t index = 0; index < traces.exporters.size(); ++index) {
    pipeline.exporters.push_back(
        add_exporter(traces.exporters[index], numbered("own_traces", index), plan, diagnostics));
  }
  plan.pipelines.push_back(std::move(pipeline));
  plan.receivers.push_back({.id = "own_traces",
                            .factory = receivers::own_telemetry::make_own_traces_factory(
                                {.resource_names = resource_names(telemetry),
                                 .wait_max = traces.schedule_delay,
                                 .batch_spans = batch_spans})});
}

}  // namespace

void plan_telemetry(const config::Document& document, Plan& plan,
                    config::Diagnostics& diagnostics) {
  const TelemetryConfig& telemetry = document.telemetry;
  plan.log = telemetry.logs;
  plan.drain_timeout = document.shutdown_timeout;
  plan_metrics_page(telemetry, plan);
  lead_to_metrics(plan);
  plan_periodic_readers(telemetry, plan, diagnostics);
  plan_own_traces(telemetry, plan, diagnostics);
  for (const auto& [name, value] : telemetry.resource) {
    if (value) {
      plan.resource.emplace_back(name, *value);
    } else {
      plan.resource_without.push_back(name);
    }
  }
}

}  // namespace millrace::assembly
