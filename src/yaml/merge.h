// Merges one configuration into another, as for several --config.
#pragma once

#include "yaml/node.h"

namespace millrace::yaml {

// Mappings are merged key by key at every depth. Any other value of `over` (also a list or null)
// replaces the value in `into`. Each value keeps the place where it was written.
void merge(Node& into, Node&& over);

}  // namespace millrace::yaml
