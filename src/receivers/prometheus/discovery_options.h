// Reads static_configs, file_sd_configs, http_sd_configs and dns_sd_configs, and names those that
// are not here.
#pragma once

#include "receivers/prometheus/options.h"

namespace millrace::receivers::prometheus {

void read_discoveries(config::Section& scrape, ScrapeOptions& into);

}  // namespace millrace::receivers::prometheus
