// SipHash-2-4 with 128 bits (Aumasson and Bernstein, 2012): a hash that cannot be steered or
// inverted without the key. Secrets are looked up by it, so that the time of a look-up tells
// nothing about them, and clients are counted by it, so that their names are not kept.
//
// Pure functions; some 40 ns for a token.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/result.h"

namespace millrace::access {

using HashKey = std::array<uint64_t, 2>;
using Digest = std::array<uint64_t, 2>;

// From the system's generator; a new one for each table.
HashKey random_hash_key();

Digest keyed_hash(const HashKey& key, std::string_view text);

// For tables whose keys are digests: they are random already.
struct DigestHash {
  size_t operator()(const Digest& digest) const { return digest[0]; }
};

}  // namespace millrace::access
