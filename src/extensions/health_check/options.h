// The options of health_check with otelcol's names, also those of version 2 under `http`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/section.h"
#include "yaml/node.h"

namespace millrace::extensions {

// Additional conditions under which /readyz answers 503.
struct ReadinessRequirements {
  bool queues = false;    // the queue of any required destination is full
  bool storages = false;  // any storage can't be written or read
  // Any required destination does not answer; otherwise those that `destinations` names.
  bool all_destinations = false;
  std::vector<std::string> destinations;
};

struct HealthCheckOptions {
  std::string extension = "health_check";  // for messages
  std::string endpoint = "localhost:13133";
  std::string host;  // of `endpoint`; empty: all addresses
  uint16_t port = 0;
  yaml::Place endpoint_place;  // for the error "address already in use"
  std::string path = "/";
  // The body to send instead of JSON.
  std::optional<std::string> healthy_body;
  std::optional<std::string> unhealthy_body;
  // The path of version 2's page; empty: not served.
  std::string status_path;
  ReadinessRequirements require;
  yaml::Place require_place;  // for errors about unknown exporters
  // zpages: /debug/… shows a page that leads to these pages and to `metrics_url`, if that is not
  // empty.
  bool has_debug_pages = false;
  std::string metrics_url;
};

void read_health_check(config::Section& section, HealthCheckOptions& into);
// otelcol's zpages, which show the state of a collector: here the pages of health_check do.
void read_zpages(config::Section& section, HealthCheckOptions& into);

}  // namespace millrace::extensions
