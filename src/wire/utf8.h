// Checks whether a text is UTF-8 (RFC 3629: no surrogates, nothing over U+10FFFF or overlong).
//
// Most strings of telemetry are short and ASCII, so the test for ASCII is inline and vectorized and
// only other strings take the complete check. A library call for each string costs three times as
// much. Thread safe: no state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace millrace::wire {

// The complete check, without the test for ASCII and without reads past the end.
bool is_utf8_slow(const uint8_t* text, size_t size);

#if defined(__SSE2__)
[[gnu::always_inline]] inline bool is_ascii_padded(const uint8_t* text, size_t size) {
  const auto load = [](const uint8_t* at) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  };
  const __m128i first = load(text);
  if (size < 16) {
    return (static_cast<unsigned>(_mm_movemask_epi8(first)) & ((1u << size) - 1)) == 0;
  }
  // The last sixteen bytes overlap those before.
  __m128i all = _mm_or_si128(first, load(text + size - 16));
  for (size_t i = 16; i + 16 < size; i += 16) all = _mm_or_si128(all, load(text + i));
  return _mm_movemask_epi8(all) == 0;
}
#else
inline bool is_ascii_padded(const uint8_t* text, size_t size) {
  uint64_t all = 0;
  uint64_t word;
  size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    std::memcpy(&word, text + i, 8);
    all |= word;
  }
  if (i < size) {
    std::memcpy(&word, text + i, 8);
    all |= word & ((uint64_t{1} << 8 * (size - i)) - 1);
  }
  return (all & 0x8080808080808080) == 0;
}
#endif

// Precondition: 16 bytes behind the text are readable (their values are irrelevant), as inside any
// chunk (kChunkPadding).
[[gnu::always_inline]] inline bool is_utf8_padded(const uint8_t* text, size_t size) {
  return __builtin_expect(is_ascii_padded(text, size), 1) || is_utf8_slow(text, size);
}

// For text without readable bytes behind it.
inline bool is_utf8(std::string_view text) {
  return is_utf8_slow(reinterpret_cast<const uint8_t*>(text.data()), text.size());
}

// The text with U+FFFD in place of each byte that begins no well-formed character, cut at a whole
// character to at most `size_max` bytes. For text from outside (headers, answers of a back end, the
// environment) that becomes a string field of a message: readers refuse a message with one invalid
// string as a whole. Copies the text; for a valid text the additional cost is the check.
std::string to_utf8(std::string_view text, size_t size_max = SIZE_MAX);

}  // namespace millrace::wire
