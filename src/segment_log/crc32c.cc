#include "segment_log/crc32c.h"

#include <isa-l/crc.h>

#include <algorithm>

namespace millrace::segment_log {

uint32_t crc32c_add(uint32_t state, std::span<const uint8_t> bytes) {
  constexpr size_t kPieceMax = size_t{1} << 30;  // the library counts in int
  while (!bytes.empty()) {
    const size_t size = std::min(bytes.size(), kPieceMax);
    // It takes a pointer to bytes it does not change.
    state = crc32_iscsi(const_cast<uint8_t*>(bytes.data()), static_cast<int>(size), state);
    bytes = bytes.subspan(size);
  }
  return state;
}

}  // namespace millrace::segment_log
