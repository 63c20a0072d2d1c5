// The options of the cumulative_to_delta processor, with otelcol's keys and defaults.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "config/section.h"
#include "item_match/properties.h"
#include "otlp/views.h"

namespace millrace::processors::cumulativetodelta {

// One of `include` and `exclude`. Empty lists match every metric of `include`, and none of
// `exclude`.
struct MetricFilter {
  std::vector<item_match::TextMatcher> names;
  std::vector<otlp::MetricType> types;
};

// What becomes of the first point of a stream.
enum class InitialValue : uint8_t {
  kAuto,  // goes on when it began to count after the processor was made
  kKeep,
  kDrop,
};

struct Options {
  Duration max_staleness = 1h;  // 0: streams are kept for ever
  InitialValue initial_value = InitialValue::kAuto;
  MetricFilter include;
  MetricFilter exclude;

  bool wants(std::string_view name, otlp::MetricType type) const;
};

void read_options(config::Section& section, Options& into);

}  // namespace millrace::processors::cumulativetodelta
