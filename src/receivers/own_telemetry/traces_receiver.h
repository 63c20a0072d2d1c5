// Hands the spans that a worker recorded of itself to the intake of their pipeline: when a batch is
// full, and when its first span has waited for a while.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "reception/receiver.h"

namespace millrace::receivers::own_telemetry {

struct OwnTracesOptions {
  // The resource attributes that the configuration sets (resource_of).
  std::vector<std::string> resource_names;
  Duration wait_max = 5s;
  size_t batch_spans = 512;
};

// The spans are those of ReceiverParts::own_spans, which must be there.
std::shared_ptr<const reception::ReceiverFactory> make_own_traces_factory(OwnTracesOptions options);

}  // namespace millrace::receivers::own_telemetry
