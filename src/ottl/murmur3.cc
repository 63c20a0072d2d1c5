#include "ottl/murmur3.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace millrace::ottl {
namespace {

template <class Word>
Word load(std::string_view text, size_t offset) {
  Word word;
  std::memcpy(&word, text.data() + offset, sizeof word);
  return word;
}

// The bytes from `offset` on, the first one lowest.
uint64_t load_rest(std::string_view text, size_t offset, size_t count) {
  uint64_t word = 0;
  for (size_t i = 0; i < count; i++) {
    word |= static_cast<uint64_t>(static_cast<uint8_t>(text[offset + i])) << 8 * i;
  }
  return word;
}

uint64_t mix_end(uint64_t k) {
  k = (k ^ k >> 33) * 0xff51afd7ed558ccd;
  k = (k ^ k >> 33) * 0xc4ceb9fe1a85ec53;
  return k ^ k >> 33;
}

constexpr uint64_t kFirst = 0x87c37b91114253d5;
constexpr uint64_t kSecond = 0x4cf5ad432745937f;
uint64_t mix_first(uint64_t k) { return std::rotl(k * kFirst, 31) * kSecond; }
uint64_t mix_second(uint64_t k) { return std::rotl(k * kSecond, 33) * kFirst; }

}  // namespace

uint32_t murmur3_32(std::string_view text) {
  const auto mix = [](uint32_t k) { return std::rotl(k * 0xcc9e2d51, 15) * 0x1b873593; };
  uint32_t hash = 0;
  size_t at = 0;
  for (; at + 4 <= text.size(); at += 4) {
    hash = std::rotl(hash ^ mix(load<uint32_t>(text, at)), 13) * 5 + 0xe6546b64;
  }
  if (at < text.size()) {
    hash ^= mix(static_cast<uint32_t>(load_rest(text, at, text.size() - at)));
  }
  hash ^= static_cast<uint32_t>(text.size());
  hash = (hash ^ hash >> 16) * 0x85ebca6b;
  hash = (hash ^ hash >> 13) * 0xc2b2ae35;
  return hash ^ hash >> 16;
}

std::pair<uint64_t, uint64_t> murmur3_128(std::string_view text) {
  uint64_t h1 = 0;
  uint64_t h2 = 0;
  size_t at = 0;
  for (; at + 16 <= text.size(); at += 16) {
    h1 = (std::rotl(h1 ^ mix_first(load<uint64_t>(text, at)), 27) + h2) * 5 + 0x52dce729;
    h2 = (std::rotl(h2 ^ mix_second(load<uint64_t>(text, at + 8)), 31) + h1) * 5 + 0x38495ab5;
  }
  const size_t left = text.size() - at;
  if (left > 8) h2 ^= mix_second(load_rest(text, at + 8, left - 8));
  if (left > 0) h1 ^= mix_first(load_rest(text, at, std::min<size_t>(left, 8)));
  h1 ^= text.size();
  h2 ^= text.size();
  h1 += h2;
  h2 += h1;
  h1 = mix_end(h1);
  h2 = mix_end(h2);
  h1 += h2;
  return {h1, h1 + h2};
}

}  // namespace millrace::ottl
