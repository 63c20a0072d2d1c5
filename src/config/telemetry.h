// service::telemetry: the collector's own logs, metrics and spans. Plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/time.h"
#include "config/otlp_push.h"
#include "config/own_traces.h"
#include "config/section.h"

namespace millrace::config {

enum class MetricsLevel : uint8_t { kNone, kBasic, kNormal, kDetailed };

// A Prometheus endpoint that is scraped.
struct PrometheusReader {
  std::string host = "localhost";
  uint16_t port = 8888;
  bool without_scope_info = true;
  bool without_units = true;
  bool without_type_suffix = true;  // false: counters end in _total
};

// An OTLP exporter to which the collector's own metrics are pushed.
struct PeriodicReader {
  Duration interval = 60s;
  OtlpPush push;
};

struct TelemetryConfig {
  LogOptions logs;
  bool logs_to_stdout = false;  // false: stderr
  MetricsLevel metrics_level = MetricsLevel::kNormal;
  std::vector<PrometheusReader> readers = {PrometheusReader{}};
  std::vector<PeriodicReader> periodic_readers;
  OwnTracesConfig traces;
  // Attributes of the collector's own resource; empty: the default of that name is left out.
  std::vector<std::pair<std::string, std::optional<std::string>>> resource;
};

void read_telemetry(Section& telemetry, TelemetryConfig& into);

}  // namespace millrace::config
