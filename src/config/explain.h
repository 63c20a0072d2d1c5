// The meaning of each key of a configuration here: the text of `millrace validate --explain`.
#pragma once

#include <string>

#include "config/section.h"
#include "yaml/node.h"

namespace millrace::config {

// A line for each key that was read, in the order of their places: "otel.yaml:12:5  same  path", or
// "means", "ignored", "not supported", "unknown", with the reason. Then a line with their numbers.
// `root` is the tree that `diagnostics` has seen the components read. Values are not shown.
std::string explain(const yaml::Node& root, const Diagnostics& diagnostics);

}  // namespace millrace::config
