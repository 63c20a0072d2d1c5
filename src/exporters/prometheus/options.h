// The options of the exporter `prometheus`, with otelcol's names and defaults. Plain data.
#pragma once

#include <cstddef>
#include <string>

#include "base/time.h"
#include "config/exporter_helper.h"
#include "config/section.h"
#include "prometheus/exposition.h"
#include "prometheus/names.h"
#include "prometheus_series/series_labels.h"
#include "reception/listener_options.h"
#include "reception/receiver.h"

namespace millrace::exporters {

inline constexpr std::string_view kPrometheusPath = "/metrics";

struct PrometheusOptions {
  reception::HttpListenerOptions http;
  prometheus::Strategy strategy = prometheus::Strategy::kUnderscoreEscapingWithSuffixes;
  std::string metric_namespace = {};
  LabelOptions labels = {};
  bool send_timestamps = false;
  prometheus::OpenMetrics open_metrics = prometheus::OpenMetrics::kNotOffered;
  Duration metric_expiration = 5min;  // since the last point
  // Of all series; 0: a quarter of the memory budget.
  size_t series_bytes_max = 0;
  config::SendingQueueConfig queue{.enabled = false, .batch = {}};  // off unless mentioned
};

void read_options(config::Section& section, PrometheusOptions* into);
// Where the page is asked for; the handler is the caller's to set.
reception::Listener listener_of(const PrometheusOptions& options);

}  // namespace millrace::exporters
