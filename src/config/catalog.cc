#include "config/catalog.h"

#include <algorithm>

#include "config/nearest.h"
#include "config/otelcol_components.h"

namespace millrace::config {
namespace {

struct Alias {
  ComponentKind kind;
  std::string_view old_name;
  std::string_view name;
};
constexpr Alias kAliases[] = {
    {ComponentKind::kExporter, "otlp", "otlp_grpc"},
    {ComponentKind::kExporter, "otlphttp", "otlp_http"},
    {ComponentKind::kExporter, "loadbalancing", "load_balancing"},
    {ComponentKind::kExporter, "prometheusremotewrite", "prometheus_remote_write"},
    {ComponentKind::kReceiver, "prometheusremotewrite", "prometheus_remote_write"},
    {ComponentKind::kReceiver, "filelog", "file_log"},
    {ComponentKind::kProcessor, "k8sattributes", "k8s_attributes"},
    {ComponentKind::kProcessor, "cumulativetodelta", "cumulative_to_delta"},
    {ComponentKind::kProcessor, "deltatocumulative", "delta_to_cumulative"},
    {ComponentKind::kProcessor, "logdedup", "log_dedup"},
    {ComponentKind::kProcessor, "metricstarttime", "metric_start_time"},
    {ComponentKind::kProcessor, "metricstransform", "metrics_transform"},
    {ComponentKind::kProcessor, "resourcedetection", "resource_detection"},
    {ComponentKind::kConnector, "servicegraph", "service_graph"},
    {ComponentKind::kConnector, "spanmetrics", "span_metrics"},
    {ComponentKind::kExtension, "healthcheckv2", "health_check"},
};

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::string with_article(ComponentKind kind) {
  const std::string name(kind_name(kind));
  return (name[0] == 'e' ? "an " : "a ") + name;
}

}  // namespace

std::string_view kind_name(ComponentKind kind) {
  constexpr std::string_view kNames[] = {"receiver", "processor", "exporter", "connector",
                                         "extension"};
  return kNames[static_cast<size_t>(kind)];
}

std::string_view section_name(ComponentKind kind) {
  constexpr std::string_view kNames[] = {"receivers", "processors", "exporters", "connectors",
                                         "extensions"};
  return kNames[static_cast<size_t>(kind)];
}

const ComponentType* Catalog::find(ComponentKind kind, std::string_view type) const {
  const auto found = std::ranges::find_if(
      types_, [&](const ComponentType& each) { return each.kind == kind && each.type == type; });
  return found == types_.end() ? nullptr : &*found;
}

std::vector<std::string_view> Catalog::names(ComponentKind kind) const {
  std::vector<std::string_view> names;
  for (const ComponentType& each : types_) {
    if (each.kind == kind) names.push_back(each.type);
  }
  std::ranges::sort(names);
  return names;
}

std::string_view canonical_type(ComponentKind kind, std::string_view type) {
  for (const Alias& alias : kAliases) {
    if (alias.kind == kind && alias.old_name == type) return alias.name;
  }
  return type;
}

std::string explain_unknown(const Catalog& catalog, ComponentKind kind, std::string_view type) {
  const std::vector<std::string_view> names = catalog.names(kind);
  std::string all;
  for (const std::string_view name : names) all += (all.empty() ? "" : " ") + std::string(name);
  const std::string valid = "valid values: [" + all + "]";
  const std::string head = "unknown type: " + quoted(type);
  if (const OtelcolComponent* there = find_otelcol_component(kind, canonical_type(kind, type))) {
    std::string text = head + ": " + (there->is_contrib ? "otelcol-contrib" : "otelcol") + " has " +
                       with_article(kind) + " of that name, but it is not in this version";
    if (!there->instead.empty()) text += "; " + std::string(there->instead);
    return text + " (" + valid + ")";
  }
  for (const ComponentKind other : kComponentKinds) {
    if (other == kind || catalog.find(other, canonical_type(other, type)) == nullptr) continue;
    return head + ": it is " + with_article(other) + ", so it belongs under " +
           std::string(section_name(other)) + " (" + valid + ")";
  }
  const std::string_view nearest = nearest_name(type, names);
  if (!nearest.empty()) return head + "; did you mean " + quoted(nearest) + "? (" + valid + ")";
  return head + " (" + valid + ")";
}

}  // namespace millrace::config
