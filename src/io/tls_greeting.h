// The first record of a TLS client, while it comes: before it is whole and may be a ClientHello,
// there is no session and none of its memory. Pure; fed by TlsStream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"

namespace millrace::io {

class TlsGreeting {
 public:
  // OpenSSL would take 128 KiB. With a ticket and all extensions in use it is about 4 KiB.
  static constexpr size_t kClientHelloBytesMax = 16 << 10;

  // How many bytes the record has in all, as far as can be told. An error: it is no greeting.
  Result<size_t> bytes_wanted() const;
  size_t size() const { return bytes_.size(); }
  void append(std::span<const uint8_t> bytes);

  // Hands out what was gathered, once; it is empty when all of it was taken.
  bool empty() const { return bytes_.empty(); }
  size_t take(std::span<uint8_t> into);

 private:
  std::vector<uint8_t> bytes_;
  size_t taken_ = 0;
};

}  // namespace millrace::io
