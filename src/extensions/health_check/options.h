// health_check's options, with otelcol's names (those of version 2, under `http`, too).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/section.h"
#include "yaml/node.h"

namespace millrace::extensions {

// What makes /readyz say no beside what always does.
struct ReadinessRequirements {
  bool queues = false;    // the queue of any required destination is full
  bool storages = false;  // any storage can't be written or read
  // Any required destination does not answer, or any of those named.
  bool all_destinations = false;
  std::vector<std::string> destinations;
};

struct HealthCheckOptions {
  std::string endpoint = "localhost:13133";
  std::string host;  // of endpoint; empty: every address
  uint16_t port = 0;
  yaml::Place endpoint_place;  // for "address already in use"
  std::string path = "/";
  // Sent instead of the JSON body.
  std::optional<std::string> healthy_body;
  std::optional<std::string> unhealthy_body;
  // Version 2's page; empty: not served.
  std::string status_path;
  ReadinessRequirements require;
  yaml::Place require_place;  // for names that no exporter has
};

void read_health_check(config::Section& section, HealthCheckOptions& into);

}  // namespace millrace::extensions
