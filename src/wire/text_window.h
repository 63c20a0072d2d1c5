// Tests of text inside a window of 64 bytes. The walk over a message makes one for each attribute,
// whose key, value and lengths lie within 64 bytes nearly always.
//
// One type for each instruction set: the walk is compiled for each of them (otlp/walks.h).
//
// high_bits(at): bit i is set when byte i is 0x80 or more. 64 bytes must be readable. Cost: 15
// instructions with SSE2, 6 with AVX2.
//
// is_utf8(at, size): wire::is_utf8_slow for 4 to 64 bytes whose first three are ASCII. 67 bytes
// must be readable. Cost: about 60 instructions with AVX2, whatever the text.
//
// Thread safe: no state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "wire/utf8.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace millrace::wire {

struct PortableWindow {
  static uint64_t high_bits(const uint8_t* at) {
    uint64_t bits = 0;
    for (unsigned i = 0; i < 64; i += 8) {
      uint64_t word;
      std::memcpy(&word, at + i, 8);
      // The product moves the high bit of byte k to bit 56 + k; no two of its terms meet.
      bits |= (word >> 7 & 0x0101010101010101) * 0x0102040810204080 >> 56 << i;
    }
    return bits;
  }
  static bool is_utf8(const uint8_t* at, size_t size) { return is_utf8_slow(at, size); }
};

#if defined(__x86_64__)

struct Sse2Window {
  static uint64_t high_bits(const uint8_t* at) {
    return of_16(at) | of_16(at + 16) << 16 | of_16(at + 32) << 32 | of_16(at + 48) << 48;
  }
  static bool is_utf8(const uint8_t* at, size_t size) { return is_utf8_slow(at, size); }

 private:
  static uint64_t of_16(const uint8_t* at) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    return static_cast<uint32_t>(_mm_movemask_epi8(bytes));
  }
};

struct Avx2Window {
  [[gnu::target("avx2")]] static uint64_t high_bits(const uint8_t* at) {
    const auto* const halves = reinterpret_cast<const __m256i*>(at);
    const auto low = static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_loadu_si256(halves)));
    const auto high = static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_loadu_si256(halves + 1)));
    return low | static_cast<uint64_t>(high) << 32;
  }
  [[gnu::target("avx2")]] static bool is_utf8(const uint8_t* at, size_t size);
};

#elif defined(__aarch64__)

struct NeonWindow {
  static uint64_t high_bits(const uint8_t* at) {
    // Each byte becomes its bit of eight; three additions of neighbours join the bits.
    const uint8x16_t weights = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    const auto bits_at = [&](unsigned i) {
      return vandq_u8(vcltzq_s8(vreinterpretq_s8_u8(vld1q_u8(at + i))), weights);
    };
    const uint8x16_t low = vpaddq_u8(bits_at(0), bits_at(16));
    const uint8x16_t high = vpaddq_u8(bits_at(32), bits_at(48));
    const uint8x16_t quarters = vpaddq_u8(low, high);
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(quarters, quarters)), 0);
  }
  static bool is_utf8(const uint8_t* at, size_t size) { return is_utf8_slow(at, size); }
};

#endif

}  // namespace millrace::wire
