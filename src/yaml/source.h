// From what stands on the command line to one merged, expanded tree.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "yaml/expand.h"
#include "yaml/node.h"

namespace millrace::yaml {

struct Sources {
  // Paths, or scheme:value with file:, env: or yaml: (in which a key a::b::c nests).
  std::vector<std::string> configs;
  // "a.b.c=value": each the last word on its key.
  std::vector<std::string> sets;
  // YAML that stands in when `configs` is empty; may be empty itself.
  std::string built_in = {};
};

// Merges left to right, sets last, then expands ${…}. Errors name the place.
Result<Node> load(const Sources& sources, const World& world, std::vector<Finding>& warnings);

}  // namespace millrace::yaml
