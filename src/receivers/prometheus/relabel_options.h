// Reads relabel_configs and metric_relabel_configs.
#pragma once

#include <string_view>
#include <vector>

#include "config/section.h"
#include "receivers/prometheus/relabel.h"

namespace millrace::receivers::prometheus {

// The rules at `key` of `section`. What Prometheus refuses is an error here too.
std::vector<RelabelRule> read_relabel_rules(config::Section& section, std::string_view key);

}  // namespace millrace::receivers::prometheus
