#include "io/tls_unsent.h"

#include "base/allocation_name.h"

namespace millrace::io {

namespace {
// A client's unsent bytes stay below 128 KiB and a record; a vector grows to twice that at the
// most.
constexpr size_t kBytesMax = 2 * ((size_t{128} << 10) + (size_t{32} << 10));
}  // namespace

void TlsUnsent::append(std::span<const uint8_t> bytes) {
  const AllocationName name("constant connection to a back end", kBytesMax);
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
  const AllocationName name("constant connection to a back end", kBytesMax);
  std::vector<uint8_t> kept(bytes_.begin() + static_cast<ptrdiff_t>(start_), bytes_.end());
  std::swap(bytes_, kept);
  start_ = 0;
  linger_.return_buffer(std::move(kept));
}

}  // namespace millrace::io
