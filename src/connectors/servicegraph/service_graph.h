// The service_graph connector (`servicegraph` of old): spans in, metrics out. The client's and the
// server's span of a request are one edge of the graph of services; edges are counted by both
// services, and emitted once an interval and when the process ends.
//
// A batch of spans is delivered when its edges are known. A half whose other one does not come in
// time becomes an edge to a virtual node where the span says or implies which (the user above a
// root, the peer of a client), and is counted as unpaired otherwise.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/log.h"
#include "connectors/servicegraph/options.h"
#include "io/long_work.h"
#include "io/loop.h"
#include "memory/budget.h"
#include "metrics/registry.h"
#include "pipeline/connector.h"

namespace millrace::connectors::servicegraph {

// Shared by the instances of one connector. Made before the loops run, destroyed after them.
class Shared;

struct Parts {
  const std::string& name;
  io::Loop& loop;
  io::LongWork& long_work;
  Budget& budget;
  Logger& log;
  metrics::Registry& metrics;
  const std::function<WallTime()>& wall_clock;
  pipeline::ConnectorOutputs& outputs;
};

std::shared_ptr<Shared> make_shared(std::shared_ptr<const Options> options, const Parts& parts);
// The first one that is made emits.
std::unique_ptr<pipeline::Exporter> make_service_graph(std::shared_ptr<Shared> shared,
                                                       const Parts& parts);

}  // namespace millrace::connectors::servicegraph
