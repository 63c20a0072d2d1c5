// Turns the configuration sources of the command line into one merged, expanded tree.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "yaml/expand.h"
#include "yaml/node.h"

namespace millrace::yaml {

struct Sources {
  // Paths, or scheme:value with file:, env: or yaml: (in which a key a::b::c means nested keys).
  std::vector<std::string> configs;
  // "a.b.c=value"; they override `configs`.
  std::vector<std::string> sets;
  // The YAML text that is used when `configs` is empty; may be empty.
  std::string built_in = {};
};

// Merges `configs` left to right, then `sets`, then expands ${…}. Errors name the place.
Result<Node> load(const Sources& sources, const World& world, std::vector<Finding>& warnings);

}  // namespace millrace::yaml
