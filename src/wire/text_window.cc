// UTF-8 without a branch for each character: nearly all errors show in two bytes that follow one
// another, and three tables of sixteen entries, indexed by their nibbles, name the errors that the
// pair may have. What the tables cannot see is the third and the fourth byte of a character, which
// must be continuations behind a continuation. The method is that of J. Keiser and D. Lemire,
// "Validating UTF-8 In Less Than One Instruction Per Byte" (2020).
#include "wire/text_window.h"

#if defined(__x86_64__)

namespace millrace::wire {

namespace {

struct PairErrors {
  uint8_t first_high[16] = {};
  uint8_t first_low[16] = {};
  uint8_t second_high[16] = {};
};

// Bit e of an entry: the nibble may be part of error e. A pair has the errors of all three entries.
constexpr PairErrors make_pair_errors() {
  // The nibbles of each error as sets: bit i stands for nibble i.
  struct Sets {
    unsigned first_high, first_low, second_high;
  };
  constexpr Sets kErrors[8] = {
      {0xf000, 0xffff, 0xf0ff},  // a lead byte without a continuation
      {0x00ff, 0xffff, 0x0f00},  // a continuation behind ASCII
      {0x1000, 0x0003, 0x0f00},  // overlong, two bytes
      {0x4000, 0x0001, 0x0300},  // overlong, three bytes
      {0x4000, 0x2000, 0x0c00},  // a surrogate
      {0x8000, 0xfff0, 0x0e00},  // over U+10FFFF
      {0x8000, 0xffe1, 0x0100},  // over U+10FFFF, or overlong, four bytes
      {0x0f00, 0xffff, 0x0f00},  // two continuations: an error but in a longer character
  };
  PairErrors errors;
  for (unsigned e = 0; e < 8; ++e) {
    for (unsigned nibble = 0; nibble < 16; ++nibble) {
      const auto bit_of = [&](unsigned set) {
        return static_cast<uint8_t>((set >> nibble & 1) << e);
      };
      errors.first_high[nibble] |= bit_of(kErrors[e].first_high);
      errors.first_low[nibble] |= bit_of(kErrors[e].first_low);
      errors.second_high[nibble] |= bit_of(kErrors[e].second_high);
    }
  }
  return errors;
}
constexpr PairErrors kPairErrors = make_pair_errors();
constexpr char kTwoContinuations = '\x80';

[[gnu::target("avx2")]] inline __m256i load(const uint8_t* at) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
}

[[gnu::target("avx2")]] inline __m256i look_up(const uint8_t (&table)[16], __m256i nibbles) {
  const __m128i half = _mm_loadu_si128(reinterpret_cast<const __m128i*>(table));
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(half), nibbles);
}

// Bit i: byte i is wrong behind the three bytes before it, which are readable.
[[gnu::target("avx2")]] inline uint32_t errors_in_32(const uint8_t* at) {
  const __m256i nibble = _mm256_set1_epi8(15);
  const __m256i first = load(at - 1);
  const __m256i first_high = _mm256_and_si256(_mm256_srli_epi16(first, 4), nibble);
  const __m256i second_high = _mm256_and_si256(_mm256_srli_epi16(load(at), 4), nibble);
  const __m256i of_first =
      _mm256_and_si256(look_up(kPairErrors.first_high, first_high),
                       look_up(kPairErrors.first_low, _mm256_and_si256(first, nibble)));
  const __m256i found = _mm256_and_si256(of_first, look_up(kPairErrors.second_high, second_high));
  // 0x80 and more: a lead of three or four bytes stands two before, one of four bytes three before.
  const __m256i third = _mm256_subs_epu8(load(at - 2), _mm256_set1_epi8(0xe0 - 0x80));
  const __m256i fourth = _mm256_subs_epu8(load(at - 3), _mm256_set1_epi8(0xf0 - 0x80));
  const __m256i wanted =
      _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8(kTwoContinuations));
  return ~static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(found, wanted)));
}

}  // namespace

bool Avx2Window::is_utf8(const uint8_t* at, size_t size) {
  const uint64_t errors = errors_in_32(at + 3) | uint64_t{errors_in_32(at + 35)} << 32;
  const bool ends_whole = at[size - 1] < 0xc0 && at[size - 2] < 0xe0 && at[size - 3] < 0xf0;
  return errors << (67 - size) == 0 && ends_whole;
}

}  // namespace millrace::wire

#endif
