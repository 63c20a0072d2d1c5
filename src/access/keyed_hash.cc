#include "access/keyed_hash.h"

#include <openssl/rand.h>

#include <bit>

#include "base/check.h"

namespace millrace::access {
namespace {

struct State {
  uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }
  void take(uint64_t word) {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
  uint64_t finish() {
    for (int i = 0; i < 4; ++i) round();
    return v0 ^ v1 ^ v2 ^ v3;
  }
};

static_assert(std::endian::native == std::endian::little, "words are read as they lie in memory");

}  // namespace

HashKey random_hash_key() {
  HashKey key{};
  MILLRACE_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(key.data()), sizeof key) == 1);
  return key;
}

Digest keyed_hash(const HashKey& key, std::string_view text) {
  // The constants of the paper, "somepseudorandomlygeneratedbytes"; 0xee selects 128 bits.
  State state{key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d ^ 0xee,
              key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573};
  size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    uint64_t word;
    std::memcpy(&word, text.data() + at, 8);
    state.take(word);
  }
  uint64_t last = static_cast<uint64_t>(text.size()) << 56;
  for (size_t i = at; i < text.size(); ++i) {
    last |= static_cast<uint64_t>(static_cast<uint8_t>(text[i])) << (8 * (i - at));
  }
  state.take(last);
  Digest digest;
  state.v2 ^= 0xee;
  digest[0] = state.finish();
  state.v1 ^= 0xdd;
  digest[1] = state.finish();
  return digest;
}

}  // namespace millrace::access
