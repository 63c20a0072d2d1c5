// The parts of options.h: the global block and one element of scrape_configs.
#pragma once

#include <string_view>

#include "receivers/prometheus/options.h"

namespace millrace::receivers::prometheus {

// The values of the global block, for scrapes that are silent.
struct GlobalOptions {
  Duration interval = 1min;
  Duration timeout = 0s;  // 0: 10 s, or the interval where that is shorter
  ScrapeOptions defaults;
  std::vector<std::string> protocols;
};

void read_global(config::Section& global, GlobalOptions& into);
ScrapeOptions read_scrape(config::Section& scrape, const GlobalOptions& global);

// Of the keys of `section`. Each reads the value at `key`, or says what is expected.
void read_duration(config::Section& section, std::string_view key, Duration* into);
// A mapping of texts.
LabelList read_labels_of(config::Section& section, std::string_view key);

}  // namespace millrace::receivers::prometheus
