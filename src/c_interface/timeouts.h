// Milliseconds of a C caller as a duration that no arithmetic on it can overflow.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace millrace::c_interface {

// More than a year is a year: UINT64_MAX means "as long as it takes".
inline std::chrono::nanoseconds timeout_of(uint64_t timeout_ms) {
  constexpr uint64_t kYearMs = uint64_t{366} * 24 * 3600 * 1000;
  return std::chrono::milliseconds(std::min(timeout_ms, kYearMs));
}

}  // namespace millrace::c_interface
