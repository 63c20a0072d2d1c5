// Counts the items of one batch and writes the counts as a metrics request: for each resource with
// a count its attributes, and a delta sum for each metric. One thread.
#pragma once

#include <cstdint>

#include "base/log.h"
#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "connectors/count/options.h"
#include "item_identity/identity.h"
#include "memory/work.h"

namespace millrace::connectors::count {

struct CountingParts {
  const Options& options;
  item_identity::Identity seed;
  Random& random;
  Logger& log;  // of conditions that fail, which count as not met
};

struct Counts {
  Rope request;
  uint32_t point_count = 0;
};

// Errors: kUnavailable and kResourceExhausted, as of otlp/edit.h.
Result<Counts> count_items(const CountingParts& parts, Signal signal, const Rope& batch,
                           WallTime now, Work& work);

}  // namespace millrace::connectors::count
