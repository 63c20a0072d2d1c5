#include "exporters/prometheus/options.h"

#include <algorithm>
#include <utility>

#include "prometheus_series/series_options.h"

namespace millrace::exporters {
namespace {

using config::Section;

// The name that a constant label is shown with; an error where it can't be.
void add_const_label(Section& section, const std::string& key, const std::string& value,
                     const prometheus::Namer& namer, LabelOptions& into) {
  std::string name;
  if (!namer.append_label_name(name, key)) {
    return section.error_at("const_labels", "\"" + key + "\" is no name for a label");
  }
  for (const std::string_view own : {"job", "instance", "le", "quantile"}) {
    if (name != own) continue;
    return section.error_at("const_labels", "\"" + key + "\" clashes with the label " + name +
                                                ", which is made from the data");
  }
  const auto same = std::ranges::find_if(into.const_labels,
                                         [&](const auto& label) { return label.first == name; });
  if (same != into.const_labels.end()) {
    return section.error_at("const_labels",
                            "two of its keys become the label " + name + "; give one of them");
  }
  into.const_labels.emplace_back(std::move(name), value);
}

void read_const_labels(Section& section, PrometheusOptions* into) {
  const prometheus::Namer namer(into->strategy, into->metric_namespace);
  section.section("const_labels", [&](Section& labels) {
    for (const yaml::Node::Entry& entry : labels.node().mapping) {
      std::string value;
      if (!labels.text(entry.key, &value)) continue;
      add_const_label(section, entry.key, value, namer, into->labels);
    }
  });
}

}  // namespace

void read_options(Section& section, PrometheusOptions* into) {
  const bool has_endpoint = section.has("endpoint");
  reception::read_http_listener(section, "localhost:8889", into->http);
  if (!has_endpoint) section.error_at("endpoint", "must be set, for example 0.0.0.0:8889");
  section.ignored("acknowledge", "no data comes in by this port");
  section.text("namespace", &into->metric_namespace);
  read_strategy(section, &into->strategy);
  read_const_labels(section, into);
  read_resource_labels(section, into->labels);
  section.boolean("send_timestamps", &into->send_timestamps);
  bool open_metrics = false;
  section.boolean("enable_open_metrics", &open_metrics);
  if (open_metrics) into->open_metrics = prometheus::OpenMetrics::kOffered;
  bool without_scope = false;
  section.boolean("without_scope_info", &without_scope);
  into->labels.scope_labels = !without_scope;
  if (section.duration("metric_expiration", &into->metric_expiration) &&
      into->metric_expiration <= 0s) {
    section.error_at("metric_expiration", "must be longer than 0s: a series would never be shown");
  }
  int64_t bytes = 0;
  section.integer("max_series_bytes", &bytes, {.min = 0});
  into->series_bytes_max = static_cast<size_t>(bytes);
  if (section.has("sending_queue")) {
    into->queue.enabled = true;
    config::read_sending_queue(section, into->queue);
  }
}

reception::Listener listener_of(const PrometheusOptions& options) {
  reception::Listener listener{.protocol = "http", .options = options.http, .server = {}};
  transport::ServerOptions& server = listener.server;
  server.serves_grpc = false;
  server.port_protocol = transport::Protocol::kHttp;
  reception::serve_http(options.http, server);
  reception::set_http_timeouts(options.http, server);
  server.page_routes.push_back(
      {.path = std::string(kPrometheusPath), .handler = {}, .gated_as = Signal::kMetrics});
  return listener;
}

}  // namespace millrace::exporters
