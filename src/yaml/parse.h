// Parses one YAML document into a tree with yaml-cpp; exceptions of yaml-cpp are caught here.
//
// Differences from plain yaml-cpp: every node has its place, duplicate keys are errors that
// name both places, merge keys (`<<`) are resolved, and size, depth and the copies that aliases
// make are bounded. More than one document is an error. Control characters are refused.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"
#include "yaml/node.h"

namespace millrace::yaml {

inline constexpr size_t kTextBytesMax = 16 << 20;
inline constexpr size_t kDepthMax = 100;
// The nodes of one document, including a copy for each alias.
inline constexpr size_t kNodesMax = 200'000;

// `file` names the source in places and messages. An empty text gives a null node. Errors are
// kInvalidArgument with "file:line:column: …".
Result<Node> parse(std::string_view text, std::string_view file);

}  // namespace millrace::yaml
