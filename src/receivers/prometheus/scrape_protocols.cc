#include "receivers/prometheus/scrape_protocols.h"

#include <algorithm>
#include <cctype>

namespace millrace::receivers::prometheus {
namespace {

struct Protocol {
  std::string_view name;
  Format format;
  std::string_view accept;
};
constexpr Protocol kProtocols[] = {
    {"PrometheusProto", Format::kProtobuf,
     "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"},
    {"OpenMetricsText0.0.1", Format::kOpenMetrics, "application/openmetrics-text;version=0.0.1"},
    {"OpenMetricsText1.0.0", Format::kOpenMetrics,
     "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8"},
    {"PrometheusText0.0.4", Format::kText, "text/plain;version=0.0.4"},
    {"PrometheusText1.0.0", Format::kText, "text/plain;version=1.0.0;escaping=allow-utf-8"}};

const Protocol* find(std::string_view name) {
  const auto* const found = std::ranges::find(kProtocols, name, &Protocol::name);
  return found == std::end(kProtocols) ? nullptr : found;
}

}  // namespace

std::optional<Format> format_of_protocol(std::string_view name) {
  const Protocol* const found = find(name);
  return found == nullptr ? std::nullopt : std::optional(found->format);
}

std::string accept_of(std::span<const std::string> protocols) {
  std::string text;
  // As Prometheus counts: down from 0.6, and all others last.
  size_t weight = std::size(kProtocols) + 1;
  for (const std::string& name : protocols) {
    text += std::string(find(name)->accept) + ";q=0." + std::to_string(weight--) + ",";
  }
  return text + "*/*;q=0." + std::to_string(weight);
}

std::vector<std::string> default_protocols(bool native_histograms) {
  std::vector<std::string> protocols = {"OpenMetricsText1.0.0", "OpenMetricsText0.0.1",
                                        "PrometheusText1.0.0", "PrometheusText0.0.4"};
  if (native_histograms) protocols.insert(protocols.begin(), "PrometheusProto");
  return protocols;
}

std::optional<Format> format_of_content_type(std::string_view content_type) {
  std::string lower(content_type);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  std::string_view media = std::string_view(lower).substr(0, lower.find(';'));
  while (media.ends_with(' ')) media.remove_suffix(1);
  if (media == "application/openmetrics-text") return Format::kOpenMetrics;
  if (media == "text/plain") return Format::kText;
  const bool is_family = lower.contains("proto=io.prometheus.client.metricfamily") &&
                         lower.contains("encoding=delimited");
  if (media == "application/vnd.google.protobuf" && is_family) return Format::kProtobuf;
  return std::nullopt;
}

}  // namespace millrace::receivers::prometheus
