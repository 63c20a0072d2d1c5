#include "io/tls_greeting.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace millrace::io {

namespace {
// The headers of a record and of the handshake message in it (RFC 8446, sections 5.1 and 4).
constexpr size_t kRecordHeaderBytes = 5;
constexpr size_t kMessageHeaderBytes = 4;
constexpr size_t kRecordBytesMax = 16 << 10;
constexpr uint8_t kHandshakeRecord = 22;
constexpr uint8_t kClientHello = 1;

std::unexpected<Error> refused(std::string why) { return fail(Code::kUnavailable, std::move(why)); }
}  // namespace

void TlsGreeting::append(std::span<const uint8_t> bytes) {
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

Result<size_t> TlsGreeting::bytes_wanted() const {
  if (!bytes_.empty() && bytes_[0] != kHandshakeRecord) {
    return refused("the peer does not speak TLS");
  }
  if (bytes_.size() < kRecordHeaderBytes + kMessageHeaderBytes) {
    return kRecordHeaderBytes + kMessageHeaderBytes;
  }
  const size_t record = static_cast<size_t>(bytes_[3]) << 8 | bytes_[4];
  const size_t message = static_cast<size_t>(bytes_[6]) << 16 |
                         static_cast<size_t>(bytes_[7]) << 8 | static_cast<size_t>(bytes_[8]);
  if (record < kMessageHeaderBytes || record > kRecordBytesMax) {
    return refused("the first record has " + std::to_string(record) + " bytes");
  }
  if (bytes_[5] != kClientHello) return refused("the peer did not begin with a ClientHello");
  if (message > kClientHelloBytesMax) {
    return refused("the ClientHello has " + std::to_string(message) + " bytes, allowed are " +
                   std::to_string(kClientHelloBytesMax));
  }
  return kRecordHeaderBytes + record;
}

size_t TlsGreeting::take(std::span<uint8_t> into) {
  const size_t count = std::min(into.size(), bytes_.size() - taken_);
  std::memcpy(into.data(), bytes_.data() + taken_, count);
  taken_ += count;
  if (taken_ == bytes_.size()) {
    bytes_ = {};
    taken_ = 0;
  }
  return count;
}

}  // namespace millrace::io
