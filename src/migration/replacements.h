// What otelcol has removed, and what does its work today:
//
//   exporters   logging → debug; loki → otlp_http to Loki's OTLP path; jaeger → otlp_grpc
//   exporters   batcher → sending_queue::batch; insecure → tls::insecure
//   extensions  memory_ballast → nothing
//   processors  memory_limiter's ballast_size_mib → nothing
//   service     telemetry::metrics::address → telemetry::metrics::readers
//
// Pipelines that name a replaced component name the new one afterwards.
#pragma once

#include <string>
#include <vector>

#include "config/section.h"
#include "migration/tree_editor.h"
#include "yaml/node.h"

namespace millrace::migration {

// One component or key that was replaced.
struct Change {
  yaml::Place place;
  std::string path;    // as it was: "exporters::logging"
  std::string reason;  // "otelcol has removed this exporter; debug does its work"
  // The YAML that does the same, with secrets hidden; empty: nothing has to be written.
  std::string lines;
};

struct Replacements {
  std::vector<Change> changes;
  std::vector<Edit> edits;
};

// Changes `root` in place. A root that is no configuration is left alone.
Replacements replace_removed(yaml::Node& root);

// A warning for each change, with the lines to write.
void warn(const std::vector<Change>& changes, config::Diagnostics& diagnostics);

}  // namespace millrace::migration
