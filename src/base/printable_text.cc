#include "base/printable_text.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace millrace {
namespace {

bool is_plain(char c) { return c >= 0x20 && c != 0x7f; }

// A code point of UTF-8. A size of 0 means that the first byte begins none (RFC 3629, section 4).
struct CodePoint {
  uint32_t value = 0;
  size_t size = 0;
};

CodePoint read_code_point(std::string_view text) {
  const auto byte = [&](size_t at) { return static_cast<uint8_t>(text[at]); };
  const uint8_t first = byte(0);
  if (first < 0x80) return {first, 1};
  const size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return {};
  uint32_t value = first & (0xffu >> (size + 1));
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    value = value << 6 | (byte(i) & 0x3f);
  }
  constexpr std::array<uint32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < kSmallest[size] || value > 0x10ffff || is_surrogate) return {};
  return {value, size};
}

bool must_be_escaped(uint32_t c) {
  if (c < 0xa0) return c < 0x20 || c >= 0x7f;
  return c == 0x061c || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
         (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb);
}

// Precondition: `c` is below U+10000, as all code points that need an escape are.
void append_escape(std::string& out, uint32_t c) {
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  out += '\\';
  if (c == '\n' || c == '\r' || c == '\t') {
    out += c == '\n' ? 'n' : c == '\r' ? 'r' : 't';
    return;
  }
  out += 'u';
  for (const unsigned shift : {12u, 8u, 4u, 0u}) out += kHexDigits[c >> shift & 15];
}

}  // namespace

void append_printable(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const auto plain = static_cast<size_t>(std::ranges::find_if_not(text, is_plain) - text.begin());
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) return;
    const CodePoint point = read_code_point(text);
    if (point.size == 0) {
      out += "\xef\xbf\xbd";
    } else if (must_be_escaped(point.value)) {
      append_escape(out, point.value);
    } else {
      out.append(text.substr(0, point.size));
    }
    text.remove_prefix(std::max<size_t>(point.size, 1));
  }
}

bool is_printable(std::string_view text) {
  while (!text.empty()) {
    if (is_plain(text.front())) {
      text.remove_prefix(1);
      continue;
    }
    const CodePoint point = read_code_point(text);
    if (point.size == 0 || must_be_escaped(point.value)) return false;
    text.remove_prefix(point.size);
  }
  return true;
}

}  // namespace millrace
