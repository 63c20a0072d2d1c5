// Ids that can be checked for loss and duplicates wherever they arrive. A generator numbers its
// items from 0 and writes the number into the span id. The trace id contains the span id of the
// trace's first item, and its other half is mixed well, so that samplers find randomness in it.
//
//   span id   0      0xA7
//             1..2   the generator's id, big endian
//             3..7   the item's sequence number, big endian
//   trace id  0..7   the span id of the trace's first item
//             8..15  that number, mixed
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace millrace::load {

inline constexpr uint8_t kNumberedMark = 0xA7;
inline constexpr int kSequenceBits = 40;
inline constexpr uint64_t kSequenceEnd = uint64_t{1} << kSequenceBits;

struct NumberedId {
  uint16_t generator = 0;
  uint64_t sequence = 0;  // below kSequenceEnd
  friend bool operator==(const NumberedId&, const NumberedId&) = default;
};

// The span id as a big-endian number.
constexpr uint64_t to_span_number(NumberedId id) {
  return uint64_t{kNumberedMark} << 56 | uint64_t{id.generator} << kSequenceBits |
         (id.sequence & (kSequenceEnd - 1));
}

inline void write_big_endian(uint8_t* into, uint64_t value) {
  value = __builtin_bswap64(value);
  std::memcpy(into, &value, sizeof value);
}
inline uint64_t read_big_endian(const uint8_t* from) {
  uint64_t value;
  std::memcpy(&value, from, sizeof value);
  return __builtin_bswap64(value);
}

// The finalizer of SplitMix64.
constexpr uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

// Returns nothing when the ids are not numbered: of another length, or made by another program.
inline std::optional<NumberedId> read_numbered_id(std::span<const uint8_t> trace_id,
                                                  std::span<const uint8_t> span_id) {
  if (trace_id.size() != 16 || span_id.size() != 8) return std::nullopt;
  const uint64_t span_number = read_big_endian(span_id.data());
  const uint64_t trace_number = read_big_endian(trace_id.data());
  if (span_number >> 56 != kNumberedMark ||
      span_number >> kSequenceBits != trace_number >> kSequenceBits ||
      read_big_endian(trace_id.data() + 8) != mix(trace_number)) {
    return std::nullopt;
  }
  return NumberedId{static_cast<uint16_t>(span_number >> kSequenceBits),
                    span_number & (kSequenceEnd - 1)};
}

}  // namespace millrace::load
