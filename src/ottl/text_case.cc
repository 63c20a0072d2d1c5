#include "ottl/text_case.h"

#include <cstdint>

#include "ottl/characters.h"
#include "ottl/text_reader.h"

namespace millrace::ottl {
namespace {

// Upper-case code points beyond ASCII and what leads to their lower-case ones (Unicode's
// UnicodeData.txt).
struct CaseRange {
  uint32_t first;
  uint32_t last;
  uint32_t to_lower;
  uint32_t step = 1;
};
constexpr CaseRange kCases[] = {
    {0xc0, 0xd6, 32},       {0xd8, 0xde, 32},     {0x100, 0x12e, 1, 2}, {0x132, 0x136, 1, 2},
    {0x139, 0x147, 1, 2},   {0x14a, 0x176, 1, 2}, {0x179, 0x17d, 1, 2}, {0x388, 0x38a, 37},
    {0x391, 0x3a1, 32},     {0x3a3, 0x3ab, 32},   {0x386, 0x386, 38},   {0x38c, 0x38c, 64},
    {0x38e, 0x38f, 63},     {0x400, 0x40f, 80},   {0x410, 0x42f, 32},   {0x460, 0x480, 1, 2},
    {0x48a, 0x4be, 1, 2},   {0x4d0, 0x52e, 1, 2}, {0x531, 0x556, 48},   {0x1e00, 0x1e94, 1, 2},
    {0x1ea0, 0x1efe, 1, 2}, {0x2160, 0x216f, 16}, {0x24b6, 0x24cf, 26},
};

uint32_t lower(uint32_t code_point) {
  if (code_point < 0x80) {
    return code_point >= 'A' && code_point <= 'Z' ? code_point | 0x20 : code_point;
  }
  if (code_point == 0x178) return 0xff;
  for (const CaseRange& range : kCases) {
    if (code_point < range.first || code_point > range.last) continue;
    if ((code_point - range.first) % range.step == 0) return code_point + range.to_lower;
  }
  return code_point;
}

uint32_t upper(uint32_t code_point) {
  if (code_point < 0x80) {
    return code_point >= 'a' && code_point <= 'z' ? code_point & ~uint32_t{0x20} : code_point;
  }
  if (code_point == 0xff) return 0x178;
  if (code_point == 0xb5) return 0x39c;   // micro sign
  if (code_point == 0x3c2) return 0x3a3;  // final sigma
  if (code_point == 0x131) return 'I';    // without a dot
  if (code_point == 0x17f) return 'S';    // long s
  for (const CaseRange& range : kCases) {
    const uint32_t from = code_point - range.to_lower;
    if (from < range.first || from > range.last || code_point < range.to_lower) continue;
    if ((from - range.first) % range.step == 0) return from;
  }
  return code_point;
}

std::string change_case(std::string_view text, uint32_t (*change)(uint32_t)) {
  std::string changed;
  changed.reserve(text.size());
  while (!text.empty()) {
    const std::string_view character = first_character(text);
    append_code_point(change(to_code_point(character)), &changed);
    text.remove_prefix(character.size());
  }
  return changed;
}

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_separator(char c) { return c == ' ' || c == '_' || c == '-' || c == '.'; }

}  // namespace

std::string to_upper_case(std::string_view text) { return change_case(text, upper); }
std::string to_lower_case(std::string_view text) { return change_case(text, lower); }

std::string to_snake_case(std::string_view text) {
  text = trim_blanks(text);
  std::string snake;
  for (size_t i = 0; i < text.size(); i++) {
    const char c = text[i];
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    const char small = is_upper(c) ? static_cast<char>(c | 0x20) : c;
    const bool changes = (is_upper(c) && (is_lower(next) || is_digit(next))) ||
                         (is_lower(c) && (is_upper(next) || is_digit(next))) ||
                         (is_digit(c) && (is_upper(next) || is_lower(next)));
    if (!changes) {
      snake += is_separator(c) ? '_' : small;
      continue;
    }
    // In "JSONData" the word ends before the last upper-case letter.
    if (is_upper(c) && is_lower(next) && i > 0 && is_upper(text[i - 1])) snake += '_';
    snake += small;
    if (!is_upper(c) || is_digit(next)) snake += '_';
  }
  return snake;
}

std::string to_camel_case(std::string_view text) {
  std::string camel;
  bool is_word_begin = true;
  bool follows_upper = false;
  for (const char c : trim_blanks(text)) {
    if (is_upper(c) || is_lower(c)) {
      const bool is_small = !is_word_begin && (is_lower(c) || follows_upper);
      camel += static_cast<char>(is_small ? c | 0x20 : c & ~0x20);
      is_word_begin = false;
    } else if (is_digit(c)) {
      camel += c;
      is_word_begin = true;
    } else {
      is_word_begin = is_separator(c);
    }
    follows_upper = is_upper(c);
  }
  return camel;
}

}  // namespace millrace::ottl
