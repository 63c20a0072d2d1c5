#include "io/tls_unsent.h"

namespace millrace::io {

void TlsUnsent::append(std::span<const uint8_t> bytes) {
  if (bytes_.capacity() == 0) bytes_ = linger_.take_buffer();
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

IoOutcome TlsUnsent::write_to(Stream& inner) {
  while (!empty()) {
    const iovec piece{bytes_.data() + start_, size()};
    const IoResult result = inner.write(std::span(&piece, 1));
    if (result.outcome == IoOutcome::kError) return IoOutcome::kError;
    if (result.outcome != IoOutcome::kOk) {
      fit();
      return IoOutcome::kWouldBlock;
    }
    start_ += result.count;
  }
  start_ = 0;
  linger_.return_buffer(std::exchange(bytes_, {}));
  return IoOutcome::kOk;
}

// Moves the rest into a buffer of its size.
void TlsUnsent::fit() {
  if (start_ == 0 && bytes_.capacity() <= 2 * size()) return;
  std::vector<uint8_t> kept(bytes_.begin() + static_cast<ptrdiff_t>(start_), bytes_.end());
  std::swap(bytes_, kept);
  start_ = 0;
  linger_.return_buffer(std::move(kept));
}

}  // namespace millrace::io
