// Hashes of identities: 128 bits, with secrets that are drawn at the start, so that senders cannot
// choose keys that fall together. Equal hashes are taken for equal keys.
//
// Immutable after construction. Cost: two multiplications for eight bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "base/bytes.h"

namespace millrace::exporters {

struct KeyHash {
  uint64_t high = 0;
  uint64_t low = 0;
  bool operator==(const KeyHash&) const = default;
  // The sum does not depend on the order of its summands: for sets.
  KeyHash& operator+=(const KeyHash& other) {
    high += other.high;
    low += other.low;
    return *this;
  }
};

class KeyHasher {
 public:
  KeyHasher(uint64_t first_secret, uint64_t second_secret)
      : secrets_{first_secret | 1, second_secret | 1} {}

  KeyHash of(std::span<const uint8_t> bytes) const {
    KeyHash hash{mixed(secrets_[0], bytes.size() ^ kOdd[0]),
                 mixed(secrets_[1], bytes.size() ^ kOdd[1])};
    while (bytes.size() >= 8) {
      add(hash, word_at(bytes.data(), 8));
      bytes = bytes.subspan(8);
    }
    add(hash, word_at(bytes.data(), bytes.size()));
    return finished(hash);
  }
  KeyHash of(std::string_view text) const { return of(as_span(text)); }
  // The hash of a sequence: order matters.
  KeyHash joined(const KeyHash& first, const KeyHash& second) const {
    KeyHash hash = first;
    add(hash, second.high);
    add(hash, second.low);
    return finished(hash);
  }

 private:
  __extension__ typedef unsigned __int128 Wide;
  static constexpr uint64_t kOdd[2] = {0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F};

  static uint64_t mixed(uint64_t a, uint64_t b) {
    const auto product = static_cast<Wide>(a) * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  }
  static uint64_t word_at(const uint8_t* at, size_t size) {
    uint64_t word = 0;
    if (size != 0) std::memcpy(&word, at, size);
    return word;
  }
  void add(KeyHash& hash, uint64_t word) const {
    hash.high = mixed(hash.high ^ word ^ secrets_[0], kOdd[0]);
    hash.low = mixed(hash.low ^ word ^ secrets_[1], kOdd[1]);
  }
  static KeyHash finished(const KeyHash& hash) {
    return {mixed(hash.high ^ kOdd[1], kOdd[0]), mixed(hash.low ^ kOdd[0], kOdd[1])};
  }

  const uint64_t secrets_[2];
};

}  // namespace millrace::exporters
