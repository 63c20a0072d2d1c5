// failover's options, with otelcol's names.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "config/section.h"

namespace millrace::connectors {

struct FailoverOptions {
  // Pipelines by their ids, the first level before the second.
  std::vector<std::vector<std::string>> priority_levels;
  // After that time a level that failed is tried again, with one batch.
  Duration retry_interval = 10min;
};

// `section` is the connector's own; the caller finishes it.
void read_failover(config::Section& section, FailoverOptions& into);

}  // namespace millrace::connectors
