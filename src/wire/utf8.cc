#include "wire/utf8.h"

#include <simdjson.h>

#include <algorithm>

namespace millrace::wire {

namespace {

// Below this many bytes the set-up of the vectored check costs more than it saves.
constexpr size_t kScalarBytesMax = 48;

// The size of the well-formed sequence at `at`, or 0. Table 3-7 of the Unicode Standard.
size_t sequence_size(const uint8_t* at, const uint8_t* end) {
  const uint8_t lead = at[0];
  if (lead < 0x80) return 1;
  const size_t size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (lead < 0xc2 || lead > 0xf4 || static_cast<size_t>(end - at) < size) return 0;
  uint8_t lowest = 0x80;
  uint8_t highest = 0xbf;
  if (lead == 0xe0) lowest = 0xa0;   // overlong
  if (lead == 0xed) highest = 0x9f;  // surrogates
  if (lead == 0xf0) lowest = 0x90;   // overlong
  if (lead == 0xf4) highest = 0x8f;  // over U+10FFFF
  if (at[1] < lowest || at[1] > highest) return 0;
  for (size_t i = 2; i < size; i++) {
    if ((at[i] & 0xc0) != 0x80) return 0;
  }
  return size;
}

}  // namespace

bool is_utf8_slow(const uint8_t* text, size_t size) {
  if (size > kScalarBytesMax) {
    return simdjson::validate_utf8(reinterpret_cast<const char*>(text), size);
  }
  const uint8_t* const end = text + size;
  while (text < end) {
    const size_t step = sequence_size(text, end);
    if (step == 0) return false;
    text += step;
  }
  return true;
}

std::string to_utf8(std::string_view text, size_t size_max) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  if (text.size() <= size_max && is_utf8(text)) return std::string(text);
  std::string repaired;
  while (!text.empty()) {
    const auto* const at = reinterpret_cast<const uint8_t*>(text.data());
    const size_t size = sequence_size(at, at + text.size());
    const std::string_view next = size == 0 ? kReplacement : text.substr(0, size);
    if (next.size() > size_max - repaired.size()) break;
    repaired += next;
    text.remove_prefix(std::max<size_t>(size, 1));
  }
  return repaired;
}

}  // namespace millrace::wire
