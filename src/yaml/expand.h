// Replaces ${…} in a configuration, by otelcol's rules:
//   ${env:NAME}, ${NAME}          the environment; unset: null, with a warning
//   ${env:NAME:-default}          the default only when NAME is unset, not when it is empty
//   ${file:path}                  a file's text without one newline at its end
//   ${yaml:…}                     YAML in place
//   $$                            one $, so that $${X} is the text ${X}; a single $x is unchanged
// References nest; inner ones are replaced first. A value that is exactly one ${…} is read as YAML
// and gets that type; Node::original keeps the text for string fields. Elsewhere it is text.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "yaml/node.h"

namespace millrace::yaml {

// The process's environment and files as functions, given by the owner of the process.
struct World {
  std::function<std::optional<std::string>(const std::string& name)> environment;
  // Errors name the path and the system's reason.
  std::function<Result<std::string>(const std::string& path)> read_file;
};

struct Finding {
  Place place;
  std::string message;
};

// Bounds for values that refer to themselves or grow without a limit.
inline constexpr size_t kExpansionsMax = 10'000;
inline constexpr size_t kExpansionDepthMax = 100;
inline constexpr size_t kExpandedBytesMax = 16 << 20;

// Expands `root` in place. After an error ("file:line:column: …") the tree is partly expanded.
Status expand(Node& root, const World& world, std::vector<Finding>& warnings);

}  // namespace millrace::yaml
