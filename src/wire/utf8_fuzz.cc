// All checks of a text, for each instruction set that this processor has, agree with each other and
// with a slow reading of the table in RFC 3629.
#include <algorithm>
#include <cstdlib>
#include <string>

#include "base/bytes.h"
#include "wire/text_window.h"
#include "wire/utf8.h"

namespace {

// RFC 3629, section 4: the bytes that may follow each first byte.
bool is_utf8_slowly(std::span<const uint8_t> text) {
  for (size_t at = 0; at < text.size();) {
    const uint8_t first = text[at];
    if (first < 0x80) {
      ++at;
      continue;
    }
    const size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || size > text.size() - at) return false;
    const uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (text[at + 1] < low || text[at + 1] > high) return false;
    for (size_t i = 2; i < size; ++i) {
      if (text[at + i] < 0x80 || text[at + i] > 0xbf) return false;
    }
    at += size;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  if (size == 0) return 0;
  const Bytes bytes = Bytes::copy_of(std::span(data, size));
  const bool valid = wire::is_utf8(bytes.text());
  if (is_utf8_slowly(bytes.view()) != valid) std::abort();
  if (wire::is_utf8_padded(bytes.data(), bytes.size()) != valid) std::abort();
  bool ascii = true;
  for (const uint8_t byte : bytes.view()) ascii = ascii && byte < 0x80;
  if (wire::is_ascii_padded(bytes.data(), bytes.size()) != ascii) std::abort();
  uint64_t high_bits = 0;
  for (size_t i = 0; i < std::min<size_t>(size, 64); ++i)
    high_bits |= (uint64_t{data[i]} >> 7) << i;
  const auto agrees = [&](uint64_t bits) {
    return size >= 64 ? bits == high_bits : (bits ^ high_bits) << (64 - size) == 0;
  };
  if (!agrees(wire::PortableWindow::high_bits(bytes.data()))) std::abort();
#if defined(__x86_64__)
  if (!agrees(wire::Sse2Window::high_bits(bytes.data()))) std::abort();
  if (__builtin_cpu_supports("avx2") && !agrees(wire::Avx2Window::high_bits(bytes.data())))
    std::abort();
#elif defined(__aarch64__)
  if (!agrees(wire::NeonWindow::high_bits(bytes.data()))) std::abort();
#endif
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && size <= 61) {
    const Bytes window = Bytes::copy_of("abc" + std::string(bytes.text()));
    if (wire::Avx2Window::is_utf8(window.data(), window.size()) != valid) std::abort();
  }
#endif
  // A valid text is valid in two halves exactly when the cut is at a boundary.
  const size_t half = size / 2;
  const bool halves =
      wire::is_utf8(bytes.text().substr(0, half)) && wire::is_utf8(bytes.text().substr(half));
  if (halves && !valid) std::abort();
  return 0;
}
