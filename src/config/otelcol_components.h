// The component names of otelcol's own distributions (core, and contrib at about v0.15x), for
// messages only: a configuration that uses one must learn that it is not missing by mistake.
#pragma once

#include <string_view>

#include "config/catalog.h"

namespace millrace::config {

struct OtelcolComponent {
  ComponentKind kind;
  std::string_view type;     // canonical
  bool is_contrib = true;    // false: also in the core distribution
  std::string_view instead;  // what to do here; may be empty
};

// Null when otelcol has none of that canonical name.
const OtelcolComponent* find_otelcol_component(ComponentKind kind, std::string_view type);

}  // namespace millrace::config
