// XXH3 with seed 0 (https://github.com/Cyan4973/xxHash, doc/xxhash_spec.md): hashes for sampling
// and short names, not for secrets. Pure functions; linear.
#pragma once

#include <cstdint>
#include <string_view>

namespace millrace::ottl {

struct Hash128 {
  uint64_t high = 0;
  uint64_t low = 0;
};

uint64_t xxh3_64(std::string_view text);
Hash128 xxh3_128(std::string_view text);

}  // namespace millrace::ottl
