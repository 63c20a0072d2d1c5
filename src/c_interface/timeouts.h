// Converts a C caller's milliseconds to a duration with which arithmetic cannot overflow.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace millrace::c_interface {

// Longer times become a year: UINT64_MAX means "no limit".
inline std::chrono::nanoseconds timeout_of(uint64_t timeout_ms) {
  constexpr uint64_t kYearMs = uint64_t{366} * 24 * 3600 * 1000;
  return std::chrono::milliseconds(std::min(timeout_ms, kYearMs));
}

}  // namespace millrace::c_interface
