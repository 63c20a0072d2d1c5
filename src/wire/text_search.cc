#include "wire/text_search.h"

#include <bit>
#include <cstring>

#include "base/check.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace millrace::wire {
namespace {

#if defined(__x86_64__)
// The first of the positions in `mask`, counted from `at`, at which the whole text stands; or null.
inline const uint8_t* first_whole(const uint8_t* at, uint64_t mask, std::string_view text) {
  for (; mask != 0; mask &= mask - 1) {
    const uint8_t* const begin = at + std::countr_zero(mask);
    if (std::memcmp(begin, text.data(), text.size()) == 0) return begin;
  }
  return nullptr;
}

// Searches as many whole blocks as there are behind `*from`, and moves it behind them.
const uint8_t* find_in_blocks_of_16(const uint8_t** from, const uint8_t* end,
                                    std::string_view text) {
  const __m128i first = _mm_set1_epi8(text.front());
  const __m128i last = _mm_set1_epi8(text.back());
  const auto load = [](const uint8_t* at) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  };
  const size_t needed = text.size() + 15;
  const uint8_t* at = *from;
  for (; static_cast<size_t>(end - at) >= needed; at += 16) {
    const __m128i both = _mm_and_si128(_mm_cmpeq_epi8(first, load(at)),
                                       _mm_cmpeq_epi8(last, load(at + text.size() - 1)));
    const auto mask = static_cast<uint32_t>(_mm_movemask_epi8(both));
    if (mask == 0) continue;
    if (const uint8_t* const found = first_whole(at, mask, text)) return found;
  }
  *from = at;
  return nullptr;
}

[[gnu::target("avx2")]] const uint8_t* find_in_blocks_of_64(const uint8_t** from,
                                                            const uint8_t* end,
                                                            std::string_view text) {
  const __m256i first = _mm256_set1_epi8(text.front());
  const __m256i last = _mm256_set1_epi8(text.back());
  const size_t last_at = text.size() - 1;
  const size_t needed = text.size() + 63;
  const uint8_t* at = *from;
  for (size_t left = static_cast<size_t>(end - at); left >= needed; left -= 64, at += 64) {
    const auto* const begins = reinterpret_cast<const __m256i*>(at);
    const auto* const ends = reinterpret_cast<const __m256i*>(at + last_at);
    const __m256i low = _mm256_and_si256(_mm256_cmpeq_epi8(first, _mm256_loadu_si256(begins)),
                                         _mm256_cmpeq_epi8(last, _mm256_loadu_si256(ends)));
    const __m256i high = _mm256_and_si256(_mm256_cmpeq_epi8(first, _mm256_loadu_si256(begins + 1)),
                                          _mm256_cmpeq_epi8(last, _mm256_loadu_si256(ends + 1)));
    const __m256i any = _mm256_or_si256(low, high);
    if (_mm256_testz_si256(any, any) != 0) continue;
    const uint64_t mask = static_cast<uint32_t>(_mm256_movemask_epi8(low)) |
                          uint64_t{static_cast<uint32_t>(_mm256_movemask_epi8(high))} << 32;
    if (const uint8_t* const found = first_whole(at, mask, text)) return found;
  }
  *from = at;
  return nullptr;
}
#endif

}  // namespace

TextSearch::TextSearch(std::string_view text) : text_(text) { MILLRACE_CHECK(!text.empty()); }

const uint8_t* TextSearch::find(std::span<const uint8_t> bytes) const {
  const uint8_t* at = bytes.data();
  const uint8_t* const end = at + bytes.size();
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) {
    if (const uint8_t* const found = find_in_blocks_of_64(&at, end, text_)) return found;
  }
  if (const uint8_t* const found = find_in_blocks_of_16(&at, end, text_)) return found;
#endif
  const std::string_view rest(reinterpret_cast<const char*>(at), static_cast<size_t>(end - at));
  const size_t position = rest.find(text_);
  return position == std::string_view::npos ? nullptr : at + position;
}

}  // namespace millrace::wire
