#include "daemon/terminal_text/text_width.h"

#include <cstdint>
#include <span>

namespace millrace::terminal_text {
namespace {

struct Range {
  uint32_t first;
  uint32_t last;
};

// Unicode's East Asian Width W and F, in the blocks that are in use.
constexpr Range kWide[] = {{0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0x33ff},
                           {0x3400, 0x4dbf},   {0x4e00, 0x9fff},   {0xa000, 0xa4cf},
                           {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},
                           {0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x1f300, 0x1f64f},
                           {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};
constexpr Range kCombining[] = {{0x300, 0x36f},   {0x483, 0x489},    {0x591, 0x5bd},
                                {0x610, 0x61a},   {0x64b, 0x65f},    {0x1ab0, 0x1aff},
                                {0x1dc0, 0x1dff}, {0x20d0, 0x20ff},  {0xfe00, 0xfe0f},
                                {0xfe20, 0xfe2f}, {0xe0100, 0xe01ef}};

bool is_in(std::span<const Range> ranges, uint32_t c) {
  for (const Range& range : ranges) {
    if (c >= range.first && c <= range.last) return true;
  }
  return false;
}

size_t width_of(uint32_t c) {
  if (c < 0x300) return 1;
  if (is_in(kCombining, c)) return 0;
  return is_in(kWide, c) ? 2 : 1;
}

// Removes the first code point of a text in UTF-8.
uint32_t take(std::string_view& text) {
  const auto first = static_cast<uint8_t>(text.front());
  const size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  uint32_t c = size == 1 ? first : first & (0xffu >> (size + 1));
  for (size_t i = 1; i < size && i < text.size(); ++i) {
    c = c << 6 | (static_cast<uint8_t>(text[i]) & 0x3f);
  }
  text.remove_prefix(size < text.size() ? size : text.size());
  return c;
}

}  // namespace

size_t text_width(std::string_view text) {
  size_t width = 0;
  while (!text.empty()) width += width_of(take(text));
  return width;
}

std::string cut_to_width(std::string_view text, size_t width) {
  std::string_view rest = text;
  size_t taken = 0;        // columns
  size_t fits_before = 0;  // bytes that leave a column for the mark
  while (!rest.empty()) {
    const size_t at = text.size() - rest.size();
    if (taken + 1 <= width) fits_before = at;
    taken += width_of(take(rest));
    if (taken > width) {
      return width == 0 ? std::string() : std::string(text.substr(0, fits_before)) + "…";
    }
  }
  return std::string(text);
}

std::string fit_to_width(std::string_view text, size_t width) {
  std::string fitted = cut_to_width(text, width);
  fitted.append(width - text_width(fitted), ' ');
  return fitted;
}

}  // namespace millrace::terminal_text
