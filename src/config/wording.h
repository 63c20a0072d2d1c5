// The words of messages about a configuration.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "config/section.h"
#include "yaml/node.h"

namespace millrace::config {

// In double quotes.
std::string quoted(std::string_view text);
// A value as its writer would recognise it: quoted, cut when long, secrets in URLs hidden; or its
// kind.
std::string found_text(const yaml::Node& node);
// With commas between; an empty name is shown as "".
std::string joined(std::span<const std::string_view> names);
// "; did you mean \"x\"?", or empty when no candidate is near.
std::string did_you_mean(std::string_view name, std::span<const std::string_view> candidates);
// "an integer from 1 to 5" and the like.
std::string range_text(const IntegerRange& range);
std::string number_text(double value);

}  // namespace millrace::config
