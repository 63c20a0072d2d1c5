// The three ways to check a text agree.
#include <cstdlib>

#include "base/bytes.h"
#include "wire/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  if (size == 0) return 0;
  const Bytes bytes = Bytes::copy_of(std::span(data, size));
  const bool valid = wire::is_utf8(bytes.text());
  if (wire::is_utf8_padded(bytes.data(), bytes.size()) != valid) std::abort();
  bool ascii = true;
  for (const uint8_t byte : bytes.view()) ascii = ascii && byte < 0x80;
  if (wire::is_ascii_padded(bytes.data(), bytes.size()) != ascii) std::abort();
  // A valid text is valid in two halves exactly when the cut is at a boundary.
  const size_t half = size / 2;
  const bool halves =
      wire::is_utf8(bytes.text().substr(0, half)) && wire::is_utf8(bytes.text().substr(half));
  if (halves && !valid) std::abort();
  return 0;
}
