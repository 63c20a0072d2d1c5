// The configuration as a whole, typed down to the components: which there are, how pipelines join
// them, and the collector's own telemetry. What is inside a component stays a node, for the
// component to read through a Section.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/signal.h"
#include "base/time.h"
#include "config/catalog.h"
#include "config/section.h"
#include "config/telemetry.h"
#include "yaml/node.h"

namespace millrace::config {

// "otlp/backup" is type "otlp", name "backup".
struct ComponentId {
  std::string text;  // as written: the name in logs and metrics
  std::string type;  // canonical: "otlp_grpc" for the exporter "otlp"
  std::string name;  // may be empty
};

struct Component {
  ComponentKind kind = ComponentKind::kReceiver;
  ComponentId id;
  std::string path;      // "exporters::otlp/backup", for its Section
  yaml::Place place;     // of its key
  yaml::Node node;       // null: all defaults
  bool is_used = false;  // named by a pipeline, or by service::extensions
};

struct Pipeline {
  Signal signal = Signal::kTraces;
  std::string id;  // "traces/front"
  yaml::Place place;
  // Indices into Document::components, in the order written. Each has at least one receiver and
  // one exporter; either may be a connector.
  std::vector<size_t> receivers;
  std::vector<size_t> processors;
  std::vector<size_t> exporters;
};

struct Document {
  std::vector<Component> components;
  std::vector<Pipeline> pipelines;
  std::vector<size_t> extensions;  // in the order of starting
  TelemetryConfig telemetry;
  // From SIGTERM to the end at most: less than the 30 s that Kubernetes waits.
  Duration shutdown_timeout = 20s;

  // By the id as written or with its canonical type; null when there is none.
  const Component* find(ComponentKind kind, std::string_view id) const;
};

// Checks everything that can be checked without knowing the components' own keys. With errors in
// `diagnostics` the document holds what could be read and must not be run.
Document read_document(const yaml::Node& root, const Catalog& catalog, Diagnostics& diagnostics);

}  // namespace millrace::config
