// Collects the first record of a TLS client. Until it is complete and may be a ClientHello, no
// session is created, so that the peer costs no memory for one. Pure; TlsStream feeds it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"

namespace millrace::io {

class TlsGreeting {
 public:
  // OpenSSL would accept 128 KiB. With a ticket and all extensions in use it is about 4 KiB.
  static constexpr size_t kClientHelloBytesMax = 16 << 10;

  // The total size of the record, as far as it is known. An error: it is not a ClientHello.
  Result<size_t> bytes_wanted() const;
  size_t size() const { return bytes_.size(); }
  void append(std::span<const uint8_t> bytes);

  // Returns the collected bytes, once; it is empty when all were taken.
  bool empty() const { return bytes_.empty(); }
  size_t take(std::span<uint8_t> into);

 private:
  std::vector<uint8_t> bytes_;
  size_t taken_ = 0;
};

}  // namespace millrace::io
