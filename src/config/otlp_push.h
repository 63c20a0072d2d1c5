// The `otlp` exporter of OpenTelemetry's declarative configuration, to which the collector's own
// telemetry is pushed, made into the keys of an exporter of this collector.
#pragma once

#include <optional>
#include <string>

#include "config/section.h"
#include "yaml/node.h"

namespace millrace::config {

struct OtlpPush {
  std::string exporter_type;  // "otlp_grpc", "otlp_http"
  yaml::Node exporter;        // its keys
  std::string path;           // "service::telemetry::metrics::readers[0]::periodic::exporter::otlp"
};

// The longest interval, delay or timeout of own telemetry: a day.
inline constexpr int64_t kMillisecondsMax = 86'400'000;

enum class OwnSignal : uint8_t { kMetrics, kTraces };

// A best-effort exporter. `otlp` is the section itself; the caller finishes it. `queue_items`: the
// places of its queue, in items; nothing: the default. Errors are noted.
OtlpPush read_otlp_push(Section& otlp, OwnSignal signal, std::optional<int64_t> queue_items = {});

}  // namespace millrace::config
