// The errors of decompress(), the same for all codings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "compress/coding.h"
#include "memory/chunk_buffer.h"

namespace millrace::compress {

inline std::unexpected<Error> corrupt(Coding coding, std::string_view detail) {
  return fail(Code::kInvalidArgument,
              std::string(coding_name(coding)) + " body: " + std::string(detail));
}

inline std::unexpected<Error> too_large(Coding coding, size_t max_bytes) {
  return fail(Code::kResourceExhausted, std::string(coding_name(coding)) +
                                            " body decompresses to more than the limit of " +
                                            std::to_string(max_bytes) + " bytes");
}

inline std::unexpected<Error> no_room(ChunkBuffer::Room room, Coding coding, size_t max_bytes) {
  if (room == ChunkBuffer::Room::kLimit) return too_large(coding, max_bytes);
  return fail(Code::kUnavailable, "memory budget exhausted while decompressing");
}

inline uint32_t read_little_endian_32(const uint8_t* at) {
  return uint32_t{at[0]} | uint32_t{at[1]} << 8 | uint32_t{at[2]} << 16 | uint32_t{at[3]} << 24;
}

}  // namespace millrace::compress
