// The short way of the walk for an attribute with a string, a number or a bool, with lengths of one
// byte each and nothing else, as nearly every attribute is:
//   size 0a K key 12 V 0a S text | 12 V 18 varint | 12 V 10 varint | 12 09 21 fixed64
// V and S follow from the size and K, so that four bytes are compared at once, and all bytes up to
// the number are ASCII, so that one test serves the key, the text and the lengths. Included by
// admit_walk.h alone, for whose reasons the names are local.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "wire/protobuf.h"
#include "wire/utf8.h"

// The walk is one function a message. Builds with checks call its parts instead: with a sanitizer's
// code in every copy of them, the three walks were the longest compilations of the project.
#ifdef MILLRACE_DEBUG_CHECKS
#define MILLRACE_WALK_INLINE [[gnu::noinline]] inline
#else
#define MILLRACE_WALK_INLINE [[gnu::always_inline]] inline
#endif

namespace millrace::otlp {

namespace {

// Whether all bytes from the size up to the `text_size` bytes behind it are ASCII, or else, whether
// they are UTF-8. The bytes of the framing are ASCII, so that the whole is UTF-8 when key and text
// are.
template <class Window>
MILLRACE_WALK_INLINE bool is_attribute_text(const uint8_t* at, size_t text_size) {
  if (__builtin_expect(text_size < 64, 1)) {
    if (__builtin_expect(Window::high_bits(at) << (~text_size & 63) == 0, 1)) return true;
    return *at < 0x80 && Window::is_utf8(at, text_size + 1);
  }
  if (text_size < 128 && (Window::high_bits(at) | Window::high_bits(at + text_size - 63)) == 0) {
    return true;
  }
  return *at < 0x80 && wire::is_utf8_slow(at, text_size + 1);
}

// Returns the end of the plain attribute whose size stands at `at`, or null: the general walk
// decides. Precondition: 64 bytes behind `end` are readable.
template <class Window>
MILLRACE_WALK_INLINE const uint8_t* skip_plain_attribute(const uint8_t* at, const uint8_t* end) {
  const size_t size = at[0];
  const uint8_t* const after = at + 1 + size;
  const size_t key_size = at[2];
  const size_t rest = size - key_size;  // with the key's tag and length
  if (after > end || at[1] != 0x0a || static_cast<ptrdiff_t>(rest) < 6) return nullptr;
  const uint8_t* const value = at + 3 + key_size;
  const uint32_t head = wire::load_fixed32(value);
  const auto lengths = static_cast<uint32_t>(rest) * 0x01000100;
  size_t text_size = size;
  if (head != lengths + (0x000a0012 - 0x06000400)) {  // not a string
    text_size = key_size + 5;
    if ((head & 0xf7ffff) == (lengths & 0xff00) + (0x100012 - 0x400)) {  // int or bool
      // The number ends with the first byte under 0x80, which must be the last.
      const uint64_t ends = ~wire::load_fixed64(value + 3) & 0x8080808080808080;
      if (static_cast<size_t>(std::countr_zero(ends)) + 41 != rest * 8) return nullptr;
    } else if ((head & 0xffffff) != 0x210912 || rest != 13) {
      return nullptr;
    }
  }
  return is_attribute_text<Window>(at, text_size) ? after : nullptr;
}

}  // namespace

}  // namespace millrace::otlp
