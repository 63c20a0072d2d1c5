// From what connectors ask for to which pipelines each hands on to, and the mistakes that only show
// when all pipelines are known.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "assembly/plan.h"
#include "config/document.h"
#include "config/section.h"

namespace millrace::assembly {

struct ReadConnector {
  size_t component = 0;                                              // in the document
  size_t exporter = 0;                                               // in the plan
  std::optional<std::vector<std::vector<std::string>>> groups = {};  // as in ConnectorReading
  bool takes_over = false;
  std::vector<SignalChange> changes = {};
};

// The plan's pipelines are the document's, in the same order. Fills in the groups, and which
// destinations hand back.
void join_connectors(const config::Document& document, const std::vector<ReadConnector>& connectors,
                     Plan& plan, config::Diagnostics& diagnostics);

}  // namespace millrace::assembly
