// The types of plain scalars by the rules of Go's yaml.v3 as otelcol uses it: true and false are
// booleans, yes/no/on/off are text; 1_000, 0x1f, 0o17, 017 and 0b1 are integers. A quoted scalar
// is always text. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "yaml/node.h"

namespace millrace::yaml {

std::optional<bool> to_boolean(std::string_view plain);
std::optional<int64_t> to_integer(std::string_view plain);
// Reads integers too, and ".inf", "-.inf" and ".nan" as YAML writes them.
std::optional<double> to_number(std::string_view plain);

// The same for a node: empty when it is not a scalar, or is quoted.
std::optional<bool> to_boolean(const Node& node);
std::optional<int64_t> to_integer(const Node& node);
std::optional<double> to_number(const Node& node);

// True for a scalar that is neither a boolean nor a number.
bool is_text(const Node& node);

}  // namespace millrace::yaml
