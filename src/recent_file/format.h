// The blocks of docs/formats/recent-telemetry.md, word by word. Pure; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/signal.h"
#include "base/time.h"

namespace millrace::recent_file {

inline constexpr std::array<uint8_t, 8> kMagic = {'M', 'L', 'R', 'E', 'C', 'E', 'N', 'T'};
inline constexpr uint16_t kVersion = 1;
inline constexpr size_t kHeadPrefixBytes = 24;  // in front of the head's body
inline constexpr size_t kHeadBodyBytesMax = 1 << 20;
inline constexpr size_t kRequestHeadBytes = 24;

struct FileHead {
  WallTime started_at;
  uint64_t redaction_hash = 0;
  std::string instance_id;
  std::vector<std::string> pipelines;
};

struct HeadPrefix {
  uint16_t version = 0;
  uint32_t body_bytes = 0;
  uint32_t body_crc = 0;
};

struct RequestHead {
  uint32_t crc = 0;
  uint32_t body_bytes = 0;
  Signal signal = Signal::kTraces;
  uint16_t pipeline = 0;
  uint32_t item_count = 0;
  WallTime received_at;
};

// The whole head: prefix and body.
std::string encode_head(const FileHead& head);
// Nothing: no file of recent telemetry begins so. Its version may be another than kVersion.
std::optional<HeadPrefix> decode_prefix(std::span<const uint8_t, kHeadPrefixBytes> bytes);
// Nothing: the CRC or a field is wrong, or a text is not UTF-8.
std::optional<FileHead> decode_head(const HeadPrefix& prefix, std::span<const uint8_t> body);

// With the CRC over both; `head.crc` and `head.body_bytes` are not read.
std::array<uint8_t, kRequestHeadBytes> encode_request_head(const RequestHead& head,
                                                           std::span<const uint8_t> body);
// Nothing: no request begins so. The CRC is not checked yet.
std::optional<RequestHead> decode_request_head(std::span<const uint8_t, kRequestHeadBytes> bytes);
bool is_crc_right(std::span<const uint8_t, kRequestHeadBytes> head, std::span<const uint8_t> body);

}  // namespace millrace::recent_file
