// The totals of a configuration: metrics by name, in a section for each kind of item. Immutable
// once read. Reading is for start-up, one thread.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/signal.h"
#include "config/section.h"
#include "ottl/context.h"
#include "rules/rule.h"

namespace millrace::item_totals {

struct TotalAttribute {
  std::string key;
  std::optional<std::string> default_value;  // content of an AnyValue
};

// A metric: the items of a context for which any of its conditions holds, by attributes.
struct Total {
  std::string name;
  std::string description;
  std::vector<ottl::CompiledCondition> conditions;  // empty: all items
  std::vector<TotalAttribute> attributes;           // an item without one of them is left out
  std::string source_attribute;                     // whose values are added up; of sums only
};

struct Options {
  std::vector<Total>& of(ottl::Context context) { return totals[static_cast<size_t>(context)]; }
  const std::vector<Total>& of(ottl::Context context) const {
    return totals[static_cast<size_t>(context)];
  }
  std::array<std::vector<Total>, ottl::kContextCount> totals;
};

// Reads `spans`, `spanevents`, `metrics`, `datapoints` and `logs`. `read_own` reads the keys of a
// metric that only one connector has.
void read_totals(config::Section& section, void (*read_own)(config::Section&, Total&),
                 Options& into);

}  // namespace millrace::item_totals
