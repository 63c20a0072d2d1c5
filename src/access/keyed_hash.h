// SipHash-2-4 with 128 bits (Aumasson and Bernstein, 2012): without the key its results can neither
// be predicted nor inverted. A table looks up a secret by its hash, so that the time of a look-up
// reveals nothing about the secret. Client limits store hashes instead of the clients' names.
//
// Pure functions; about 40 ns for a token.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/result.h"

namespace millrace::access {

using HashKey = std::array<uint64_t, 2>;
using Digest = std::array<uint64_t, 2>;

// A key from the system's random generator. Each table uses a new key.
HashKey random_hash_key();

Digest keyed_hash(const HashKey& key, std::string_view text);

// The hash of a table key that is a digest: a part of it, since digests are random already.
struct DigestHash {
  size_t operator()(const Digest& digest) const { return digest[0]; }
};

}  // namespace millrace::access
