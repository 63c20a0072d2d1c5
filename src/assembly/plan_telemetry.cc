#include "assembly/plan_telemetry.h"

#include <string>
#include <utility>
#include <vector>

#include "assembly/catalogue.h"
#include "receivers/own_metrics/receiver.h"

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

// A receiver, a pipeline and an exporter for each back end of the collector's own metrics.
void plan_periodic_readers(const TelemetryConfig& telemetry, Plan& plan,
                           config::Diagnostics& diagnostics) {
  if (telemetry.metrics_level == config::MetricsLevel::kNone) return;
  std::vector<std::string> names;
  for (const auto& [name, value] : telemetry.resource) names.push_back(name);
  size_t number = 0;
  for (const config::PeriodicReader& reader : telemetry.periodic_readers) {
    const std::string name = "own_metrics" + (++number == 1 ? "" : "_" + std::to_string(number));
    config::Section section(reader.exporter, diagnostics, reader.path);
    for (const ExporterKind& kind : exporter_kinds()) {
      if (kind.type.type != reader.exporter_type) continue;
      ExporterReading reading = kind.read(section);
      plan.pipelines.push_back({.signal = Signal::kMetrics,
                                .id = "metrics/" + name,
                                .receivers = {plan.receivers.size()},
                                .processors = {},
                                .exporters = {plan.exporters.size()}});
      plan.exporters.push_back({.id = reader.exporter_type + "/" + name,
                                .factory = std::move(reading.factory),
                                .helper = std::move(reading.helper),
                                .joins_requests = reading.joins_requests,
                                .client_tls = std::move(reading.client_tls)});
      plan.receivers.push_back({.id = name,
                                .factory = receivers::own_metrics::make_own_metrics_factory(names),
                                .listeners = {},
                                .pull_interval = reader.interval});
    }
    section.finish();
  }
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
  for (const auto& [name, value] : telemetry.resource) {
    if (value) {
      plan.resource.emplace_back(name, *value);
    } else {
      plan.resource_without.push_back(name);
    }
  }
}

}  // namespace millrace::assembly
