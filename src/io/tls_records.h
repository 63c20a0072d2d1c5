// Cuts written bytes into TLS records: small pieces share a record, whole records of a large piece
// are encrypted in place. Function without state.
#pragma once

#include <sys/uio.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace millrace::io {

inline constexpr size_t kTlsRecordBytes = 16 << 10;

// Calls `encrypt` (std::span<const uint8_t> to bool) for each record, as long as
// `has_room(gathered)` holds; `gathered` are the bytes of the record that is not full yet. Returns
// how many bytes of `from` were taken; nothing when `encrypt` has failed.
template <class HasRoom, class Encrypt>
std::optional<size_t> cut_records(std::span<const iovec> from, const HasRoom& has_room,
                                  const Encrypt& encrypt) {
  size_t total = 0;
  size_t gathered = 0;
  uint8_t record[kTlsRecordBytes];
  for (const iovec& piece : from) {
    std::span<const uint8_t> left(static_cast<const uint8_t*>(piece.iov_base), piece.iov_len);
    while (!left.empty() && has_room(gathered)) {
      const size_t part = std::min(left.size(), kTlsRecordBytes - gathered);
      if (gathered == 0 && part == kTlsRecordBytes) {
        if (!encrypt(left.first(part))) return std::nullopt;
      } else {
        std::memcpy(record + gathered, left.data(), part);
        gathered += part;
        if (gathered == kTlsRecordBytes) {
          if (!encrypt(std::span<const uint8_t>(record))) return std::nullopt;
          gathered = 0;
        }
      }
      left = left.subspan(part);
      total += part;
    }
    if (!left.empty()) break;
  }
  if (gathered > 0 && !encrypt(std::span<const uint8_t>(record, gathered))) return std::nullopt;
  return total;
}

}  // namespace millrace::io
