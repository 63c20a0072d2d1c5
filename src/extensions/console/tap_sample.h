// One sampled request at a point of a pipeline, as JSON: its items before and behind the processor
// in front of the point, what differs, and which rule did it. On the console's loop.
#pragma once

#include <string>

#include "base/signal.h"
#include "base/time.h"
#include "extensions/console/json_writer.h"
#include "extensions/console/rule_run.h"
#include "recent/edge_taps.h"

namespace millrace::extensions::console {

struct SampleOptions {
  Signal signal = Signal::kTraces;
  size_t position = 0;      // of the sample's points
  bool has_before = false;  // the processor in front may change items
  size_t items_max = 5;
  bool is_only_changed = false;  // items that are the same are counted, not shown
  RuleRun* rules = nullptr;      // null: the processor has none
};

// About how long one sample's text may be.
inline constexpr size_t kSampleTextBytesMax = 192 << 10;

// Writes an object; false, and nothing written: the sample does not have the point.
bool write_sample(JsonWriter& json, const std::string& edge, const recent::EdgeSample& sample,
                  const SampleOptions& options);

}  // namespace millrace::extensions::console
