// "Did you mean …?": the name that was probably meant. Pure functions.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace millrace::config {

// Insertions, deletions, replacements and swaps of neighbours between the two (upper and lower
// case count as equal). Cost: the product of the lengths.
size_t edit_distance(std::string_view a, std::string_view b);

// The candidate nearest to `name`, empty when none is near enough to be a typing mistake.
std::string_view nearest_name(std::string_view name, std::span<const std::string_view> candidates);

}  // namespace millrace::config
