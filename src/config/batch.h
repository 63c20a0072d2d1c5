// The `batch` processor's options. Batching happens when sending: assembly lays these over the
// destinations of the pipeline that names the processor.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "config/section.h"

namespace millrace::config {

struct BatchConfig {
  Duration timeout = 200ms;                // zero: send at once
  int64_t send_batch_size = 8192;          // items; 0: only the timeout counts
  int64_t send_batch_max_size = 0;         // items; 0: no limit
  std::vector<std::string> metadata_keys;  // lower case
  int64_t metadata_cardinality_limit = 1000;
};

void read_batch(Section& section, BatchConfig& into);

}  // namespace millrace::config
