// MurmurHash3 with seed 0 (https://github.com/aappleby/smhasher, public domain): hashes for
// sampling and short names, not for secrets. Pure functions; linear.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

namespace millrace::ottl {

uint32_t murmur3_32(std::string_view text);
// MurmurHash3_x64_128: both halves.
std::pair<uint64_t, uint64_t> murmur3_128(std::string_view text);

}  // namespace millrace::ottl
