// The options of the service_graph connector, with otelcol's keys and defaults. Immutable once
// read. Reading is for start-up, one thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/time.h"
#include "config/section.h"
#include "metric_streams/distribution.h"

namespace millrace::connectors::servicegraph {

struct Options {
  std::vector<double> bounds = {0.002, 0.004, 0.006, 0.008, 0.01, 0.05, 0.1, 0.2,
                                0.4,   0.8,   1,     1.4,   2,    5,    10,  15};  // seconds
  bool is_exponential = false;
  size_t buckets_max = 160;  // of an exponential histogram
  std::vector<std::string> dimensions;
  size_t edges_max = 1000;  // that wait for their other half
  Duration edge_ttl = 2s;
  Duration expiration_interval = 2s;
  std::vector<std::string> peer_attributes = {"peer.service", "db.name", "db.system"};
  bool has_virtual_node_label = false;
  std::vector<std::string> database_attributes = {"db.name"};
  Duration flush_interval = 60s;  // 0: after each batch
  Duration timestamp_offset{0};

  metric_streams::DistributionShape shape() const {
    return {.is_exponential = is_exponential, .buckets_max = buckets_max, .bounds = bounds};
  }
};

void read_options(config::Section& section, Options& into);

}  // namespace millrace::connectors::servicegraph
