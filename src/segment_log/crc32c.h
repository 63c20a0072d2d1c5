// CRC-32C, in pieces: crc32c_finish(crc32c_add(crc32c_add(kCrc32cStart, a), b)).
#pragma once

#include <cstdint>
#include <span>

namespace millrace::segment_log {

inline constexpr uint32_t kCrc32cStart = 0xffffffff;
uint32_t crc32c_add(uint32_t state, std::span<const uint8_t> bytes);
inline uint32_t crc32c_finish(uint32_t state) { return state ^ 0xffffffff; }
inline uint32_t crc32c(std::span<const uint8_t> bytes) {
  return crc32c_finish(crc32c_add(kCrc32cStart, bytes));
}

}  // namespace millrace::segment_log
