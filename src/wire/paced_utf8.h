// Whether a text is UTF-8, in steps of a pace: a body may be one string of many megabytes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "base/pace.h"
#include "wire/utf8.h"

namespace millrace::wire {

inline bool is_utf8_in_steps(std::string_view text, Pace& pace) {
  constexpr size_t kStepBytes = 64 << 10;
  while (text.size() > kStepBytes) {
    size_t end = kStepBytes;
    // Not inside of a character, which has at most three bytes behind its first.
    while (end > kStepBytes - 4 && (text[end] & 0xC0) == 0x80) --end;
    if (!is_utf8(text.substr(0, end))) return false;
    pace.step(end / 4);
    text.remove_prefix(end);
  }
  return is_utf8(text);
}

}  // namespace millrace::wire
