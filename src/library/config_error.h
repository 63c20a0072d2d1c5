// Errors of fields of the public Config.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "millrace/config.h"

namespace millrace::library {

inline v1::Error invalid(std::string message) {
  return {v1::ErrorCode::kInvalidArgument, std::move(message)};
}

// An error, if there is one.
using Wrong = std::optional<v1::Error>;

inline Wrong check_range(std::string_view field, uint64_t value, uint64_t min, uint64_t max) {
  if (value >= min && value <= max) return {};
  return invalid(fmt::format("{}: expected {} to {}, found {}", field, min, max, value));
}

}  // namespace millrace::library
