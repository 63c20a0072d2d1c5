#include "ottl/xxh3.h"

#include <array>
#include <bit>
#include <cstring>

namespace millrace::ottl {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr uint64_t kPrime32_1 = 0x9e3779b1;
constexpr uint64_t kPrime32_2 = 0x85ebca77;
constexpr uint64_t kPrime32_3 = 0xc2b2ae3d;
constexpr uint64_t kPrime64_1 = 0x9e3779b185ebca87;
constexpr uint64_t kPrime64_2 = 0xc2b2ae3d27d4eb4f;
constexpr uint64_t kPrime64_3 = 0x165667b19e3779f9;
constexpr uint64_t kPrime64_4 = 0x85ebca77c2b2ae63;
constexpr uint64_t kPrime64_5 = 0x27d4eb2f165667c5;
constexpr uint64_t kMixPrime1 = 0x165667919e3779f9;
constexpr uint64_t kMixPrime2 = 0x9fb21c651e98df25;

// The default secret of the specification, as little-endian words.
constexpr std::array<uint64_t, 24> kSecret = {
    0xbe4ba423396cfeb8, 0x1cad21f72c81017c, 0xdb979083e96dd4de, 0x1f67b3b7a4a44072,
    0x78e5c0cc4ee679cb, 0x2172ffcc7dd05a82, 0x8e2443f7744608b8, 0x4c263a81e69035e0,
    0xcb00c391bb52283c, 0xa32e531b8b65d088, 0x4ef90da297486471, 0xd8acdea946ef1938,
    0x3f349ce33f76faa8, 0x1d4f0bc7c7bbdcf9, 0x3159b4cd4be0518a, 0x647378d9c97e9fc8,
    0xc3ebd33483acc5ea, 0xeb6313faffa081c5, 0x49daf0b751dd0d17, 0x9e68d429265516d3,
    0xfca1477d58be162b, 0xce31d07ad1b8f88f, 0x280416958f3acb45, 0x7e404bbbcafbd7af,
};
constexpr size_t kSecretBytes = 192;
constexpr size_t kStripeBytes = 64;
constexpr size_t kBlockBytes = 1'024;

uint64_t load64(const char* at) {
  uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}
uint32_t load32(const char* at) {
  uint32_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}
uint64_t secret64(size_t offset) {
  return load64(reinterpret_cast<const char*>(kSecret.data()) + offset);
}
uint32_t secret32(size_t offset) {
  return load32(reinterpret_cast<const char*>(kSecret.data()) + offset);
}

Hash128 multiply(uint64_t a, uint64_t b) {
  const Wide product = static_cast<Wide>(a) * b;
  return {static_cast<uint64_t>(product >> 64), static_cast<uint64_t>(product)};
}
uint64_t fold(uint64_t a, uint64_t b) {
  const Hash128 product = multiply(a, b);
  return product.high ^ product.low;
}

uint64_t mix_end(uint64_t hash) {
  hash = (hash ^ hash >> 37) * kMixPrime1;
  return hash ^ hash >> 32;
}
// The end of XXH64, for texts of up to three bytes.
uint64_t mix_end_short(uint64_t hash) {
  hash = (hash ^ hash >> 33) * kPrime64_2;
  hash = (hash ^ hash >> 29) * kPrime64_3;
  return hash ^ hash >> 32;
}

uint32_t combine_short(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<uint8_t>(text[i])); };
  const size_t size = text.size();
  return byte(0) << 16 | byte(size / 2) << 24 | byte(size - 1) | static_cast<uint32_t>(size) << 8;
}

uint64_t mix16(const char* at, size_t secret) {
  return fold(load64(at) ^ secret64(secret), load64(at + 8) ^ secret64(secret + 8));
}

void mix32(Hash128* hash, const char* first, const char* second, size_t secret) {
  hash->low += mix16(first, secret);
  hash->low ^= load64(second) + load64(second + 8);
  hash->high += mix16(second, secret + 16);
  hash->high ^= load64(first) + load64(first + 8);
}

using Accumulators = std::array<uint64_t, 8>;

void accumulate(Accumulators* sums, const char* stripe, size_t secret) {
  for (size_t i = 0; i < sums->size(); i++) {
    const uint64_t word = load64(stripe + 8 * i);
    const uint64_t key = word ^ secret64(secret + 8 * i);
    (*sums)[i ^ 1] += word;
    (*sums)[i] += (key & 0xffffffff) * (key >> 32);
  }
}

// Of texts of more than 240 bytes.
Accumulators accumulate_all(std::string_view text) {
  Accumulators sums = {kPrime32_3, kPrime64_1, kPrime64_2, kPrime64_3,
                       kPrime64_4, kPrime32_2, kPrime64_5, kPrime32_1};
  constexpr size_t kStripes = kBlockBytes / kStripeBytes;
  size_t at = 0;
  for (; text.size() - at > kBlockBytes; at += kBlockBytes) {
    for (size_t i = 0; i < kStripes; i++) {
      accumulate(&sums, text.data() + at + kStripeBytes * i, 8 * i);
    }
    for (size_t i = 0; i < sums.size(); i++) {
      sums[i] ^= sums[i] >> 47;
      sums[i] ^= secret64(kSecretBytes - kStripeBytes + 8 * i);
      sums[i] *= kPrime32_1;
    }
  }
  for (size_t i = 0; text.size() - at > kStripeBytes; i++, at += kStripeBytes) {
    accumulate(&sums, text.data() + at, 8 * i);
  }
  accumulate(&sums, text.data() + text.size() - kStripeBytes, kSecretBytes - kStripeBytes - 7);
  return sums;
}

uint64_t merge(const Accumulators& sums, size_t secret, uint64_t start) {
  for (size_t i = 0; i < 4; i++) {
    start += fold(sums[2 * i] ^ secret64(secret + 16 * i),
                  sums[2 * i + 1] ^ secret64(secret + 16 * i + 8));
  }
  return mix_end(start);
}

uint64_t hash64_of_at_most_16(std::string_view text) {
  const size_t size = text.size();
  const char* const data = text.data();
  if (size > 8) {
    const uint64_t low = load64(data) ^ secret64(24) ^ secret64(32);
    const uint64_t high = load64(data + size - 8) ^ secret64(40) ^ secret64(48);
    return mix_end(size + __builtin_bswap64(low) + high + fold(low, high));
  }
  if (size >= 4) {
    const uint64_t word = load32(data + size - 4) + (static_cast<uint64_t>(load32(data)) << 32);
    uint64_t hash = word ^ secret64(8) ^ secret64(16);
    hash ^= std::rotl(hash, 49) ^ std::rotl(hash, 24);
    hash *= kMixPrime2;
    hash ^= (hash >> 35) + size;
    hash *= kMixPrime2;
    return hash ^ hash >> 28;
  }
  if (size > 0) return mix_end_short(combine_short(text) ^ secret32(0) ^ secret32(4));
  return mix_end_short(secret64(56) ^ secret64(64));
}

Hash128 hash128_of_at_most_16(std::string_view text) {
  const size_t size = text.size();
  const char* const data = text.data();
  if (size > 8) {
    const uint64_t low = load64(data);
    const uint64_t high = load64(data + size - 8);
    Hash128 mixed = multiply(low ^ high ^ secret64(32) ^ secret64(40), kPrime64_1);
    mixed.low += static_cast<uint64_t>(size - 1) << 54;
    const uint64_t flipped = high ^ secret64(48) ^ secret64(56);
    mixed.high += flipped + (flipped & 0xffffffff) * (kPrime32_2 - 1);
    mixed.low ^= __builtin_bswap64(mixed.high);
    Hash128 hash = multiply(mixed.low, kPrime64_2);
    hash.high += mixed.high * kPrime64_2;
    return {mix_end(hash.high), mix_end(hash.low)};
  }
  if (size >= 4) {
    const uint64_t word = load32(data) + (static_cast<uint64_t>(load32(data + size - 4)) << 32);
    Hash128 hash = multiply(word ^ secret64(16) ^ secret64(24), kPrime64_1 + (size << 2));
    hash.high += hash.low << 1;
    hash.low ^= hash.high >> 3;
    hash.low = (hash.low ^ hash.low >> 35) * kMixPrime2;
    hash.low ^= hash.low >> 28;
    return {mix_end(hash.high), hash.low};
  }
  if (size > 0) {
    const uint32_t low = combine_short(text);
    const uint32_t high = std::rotl(__builtin_bswap32(low), 13);
    return {mix_end_short(high ^ secret32(8) ^ secret32(12)),
            mix_end_short(low ^ secret32(0) ^ secret32(4))};
  }
  return {mix_end_short(secret64(80) ^ secret64(88)), mix_end_short(secret64(64) ^ secret64(72))};
}

Hash128 end128(const Hash128& hash, size_t size) {
  const uint64_t low = hash.low + hash.high;
  const uint64_t high = hash.low * kPrime64_1 + hash.high * kPrime64_4 + size * kPrime64_2;
  return {0 - mix_end(high), mix_end(low)};
}

}  // namespace

uint64_t xxh3_64(std::string_view text) {
  const size_t size = text.size();
  const char* const data = text.data();
  if (size <= 16) return hash64_of_at_most_16(text);
  uint64_t hash = size * kPrime64_1;
  if (size <= 128) {
    for (size_t i = (size - 1) / 32 + 1; i-- > 0;) {
      hash += mix16(data + 16 * i, 32 * i) + mix16(data + size - 16 * (i + 1), 32 * i + 16);
    }
    return mix_end(hash);
  }
  if (size > 240) return merge(accumulate_all(text), 11, hash);
  for (size_t i = 0; i < 8; i++) hash += mix16(data + 16 * i, 16 * i);
  hash = mix_end(hash);
  for (size_t i = 8; i < size / 16; i++) hash += mix16(data + 16 * i, 16 * (i - 8) + 3);
  return mix_end(hash + mix16(data + size - 16, 136 - 17));
}

Hash128 xxh3_128(std::string_view text) {
  const size_t size = text.size();
  const char* const data = text.data();
  if (size <= 16) return hash128_of_at_most_16(text);
  Hash128 hash{0, size * kPrime64_1};
  if (size <= 128) {
    for (size_t i = (size - 1) / 32 + 1; i-- > 0;) {
      mix32(&hash, data + 16 * i, data + size - 16 * (i + 1), 32 * i);
    }
    return end128(hash, size);
  }
  if (size > 240) {
    const Accumulators sums = accumulate_all(text);
    return {merge(sums, kSecretBytes - kStripeBytes - 11, ~(size * kPrime64_2)),
            merge(sums, 11, hash.low)};
  }
  for (size_t i = 32; i < 160; i += 32) {
    mix32(&hash, data + i - 32, data + i - 16, i - 32);
  }
  hash = {mix_end(hash.high), mix_end(hash.low)};
  for (size_t i = 160; i <= size; i += 32) {
    mix32(&hash, data + i - 32, data + i - 16, 3 + i - 160);
  }
  mix32(&hash, data + size - 16, data + size - 32, 136 - 17 - 16);
  return end128(hash, size);
}

}  // namespace millrace::ottl
