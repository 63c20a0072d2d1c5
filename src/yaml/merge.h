// Lays one configuration over another, as several --config do.
#pragma once

#include "yaml/node.h"

namespace millrace::yaml {

// Mappings are joined key by key, at every depth; anything else in `over` (lists too, and null)
// takes the place of what is there. Each value keeps the place it was written at.
void merge(Node& into, Node&& over);

}  // namespace millrace::yaml
