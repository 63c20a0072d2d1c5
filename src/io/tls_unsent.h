// Encrypted bytes that the inner stream has not accepted. Holds the loop's shared buffer while it
// has bytes, or a buffer of just their size when they have to wait. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "io/stream.h"
#include "io/tls_linger.h"

namespace millrace::io {

class TlsUnsent {
 public:
  // `linger` must outlive it.
  explicit TlsUnsent(TlsLinger& linger) : linger_(linger) {}

  void append(std::span<const uint8_t> bytes);
  size_t size() const { return bytes_.size() - start_; }
  bool empty() const { return size() == 0; }
  // Writes as much as `inner` accepts. kOk: everything, also when there was nothing; kWouldBlock:
  // the rest waits; kError: `inner` is broken.
  IoOutcome write_to(Stream& inner);
  // The rest is sent in the background (TlsLinger), through `inner`.
  void hand_over(std::unique_ptr<Stream> inner) {
    linger_.add(std::move(inner), std::exchange(bytes_, {}), std::exchange(start_, 0));
  }

 private:
  void fit();

  TlsLinger& linger_;
  std::vector<uint8_t> bytes_;  // from start_
  size_t start_ = 0;
};

}  // namespace millrace::io
