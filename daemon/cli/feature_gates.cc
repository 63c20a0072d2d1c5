#include "daemon/cli/feature_gates.h"

#include <algorithm>

#include "config/nearest.h"

namespace millrace::cli {
namespace {

constexpr FeatureGate kGates[] = {
    {"confmap.enableMergeAppendOption", false, "Alpha", "lists of several --config are appended"},
    {"extension.healthcheck.useComponentStatus", false, "Alpha", "health_check by component"},
    {"pdata.useProtoPooling", false, "Alpha", "no effect here: requests are not decoded"},
    {"pkg.confighttp.PrioritizeNewKeepalive", true, "Beta", "keepalive sections over flat keys"},
    {"pkg.exporterhelper.queueBatchEnabled", false, "Alpha", "sending_queue::batch by default"},
    {"receiverhelper.newReceiverMetrics", false, "Alpha", "otelcol_receiver_requests"},
    {"service.AllowNoPipelines", false, "Alpha", "a service without pipelines"},
    {"service.partialReload", false, "Alpha", "reload only what changed"},
    {"service.partialReloadReceivers", false, "Beta", "reload only the receivers that changed"},
    {"service.profilesSupport", true, "Alpha", "pipelines of profiles"},
    {"telemetry.newPipelineTelemetry", false, "Alpha", "metrics for each pipeline component"},
};

const FeatureGate* find_gate(std::string_view id) {
  const auto found = std::ranges::find(kGates, id, &FeatureGate::id);
  return found == std::end(kGates) ? nullptr : found;
}

std::unexpected<Error> no_such_gate(std::string_view id) {
  std::vector<std::string_view> ids;
  for (const FeatureGate& gate : kGates) ids.push_back(gate.id);
  const std::string_view nearest = config::nearest_name(id, ids);
  std::string message = "no such feature gate \"" + std::string(id) + "\"";
  if (!nearest.empty()) message += "; did you mean \"" + std::string(nearest) + "\"?";
  return fail(Code::kNotFound, message + " (millrace featuregate lists them)");
}

void append_cell(std::string& line, std::string_view text, size_t width) {
  line += text;
  line.append(width > text.size() ? width - text.size() : 1, ' ');
}

}  // namespace

std::span<const FeatureGate> feature_gates() { return kGates; }

Status check_feature_gates(const std::vector<std::string>& gates) {
  for (const std::string& wish : gates) {
    std::string_view id = wish;
    const bool wants = !id.starts_with('-');
    if (id.starts_with('-') || id.starts_with('+')) id.remove_prefix(1);
    const FeatureGate* gate = find_gate(id);
    if (gate == nullptr) return no_such_gate(id);
    if (gate->enabled != wants) {
      return fail(Code::kUnimplemented, "the feature gate " + std::string(id) + " cannot be " +
                                            (wants ? "enabled" : "disabled") + " in this version");
    }
  }
  return {};
}

Result<std::string> list_feature_gates(std::string_view id) {
  if (!id.empty() && find_gate(id) == nullptr) return no_such_gate(id);
  std::string table;
  const auto add = [&](std::string_view a, std::string_view b, std::string_view c,
                       std::string_view d) {
    append_cell(table, a, 44);
    append_cell(table, b, 10);
    append_cell(table, c, 8);
    table += std::string(d) + "\n";
  };
  add("ID", "Enabled", "Stage", "Description");
  for (const FeatureGate& gate : kGates) {
    if (!id.empty() && gate.id != id) continue;
    add(gate.id, gate.enabled ? "true" : "false", gate.stage, gate.description);
  }
  return table;
}

}  // namespace millrace::cli
