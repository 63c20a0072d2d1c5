// The options of the count connector, with otelcol's keys, names, defaults and rules. Immutable
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

namespace millrace::connectors::count {

struct CountedAttribute {
  std::string key;
  std::optional<std::string> default_value;  // content of an AnyValue
};

// A metric: the items of a context for which any of its conditions holds, by attributes.
struct Counted {
  std::string name;
  std::string description;
  std::vector<ottl::CompiledCondition> conditions;  // empty: all items
  std::vector<CountedAttribute> attributes;         // an item without one of them is not counted
};

struct Options {
  std::vector<Counted>& of(ottl::Context context) { return counted[static_cast<size_t>(context)]; }
  const std::vector<Counted>& of(ottl::Context context) const {
    return counted[static_cast<size_t>(context)];
  }
  std::array<std::vector<Counted>, ottl::kContextCount> counted;
};

void read_options(config::Section& section, Options& into);

}  // namespace millrace::connectors::count
