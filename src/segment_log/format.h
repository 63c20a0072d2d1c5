// The blocks of docs/formats/segment-log.md, word by word. Sizes are bytes, positions are units
// unless a name says otherwise.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/metadata.h"
#include "base/signal.h"
#include "segment_log/log.h"

namespace millrace::segment_log {

inline constexpr size_t kUnit = 64;
inline constexpr size_t kHeaderBytes = 80;
inline constexpr size_t kBlockBytesMin = 2 * kUnit;
inline constexpr uint16_t kVersion = 1;
inline constexpr std::array<uint8_t, 4> kMagic = {'M', 'L', 'G', 'B'};
// A segment file is below this, so that a position in units and a body's size fit in 32 bits.
inline constexpr uint64_t kSegmentBytesMax = uint64_t{1} << 31;

enum class BlockKind : uint8_t {
  kHead = 1,
  kRecord = 2,
  kTargetTable = 3,
  kDoneRanges = 4,
  kDoneBitmap = 5,
  kIndex = 6,
  kSummary = 7,
  kTrailer = 8,
};

struct BlockHeader {
  BlockKind kind = BlockKind::kHead;
  uint8_t signal = 0;
  uint16_t version = kVersion;
  uint64_t epoch = 0;
  uint32_t position = 0;
  uint32_t synced = 0;
  uint32_t body_bytes = 0;
  uint32_t metadata_bytes = 0;
  uint32_t body_crc = 0;
  uint32_t count = 0;
  uint32_t admitted_bytes = 0;
  int64_t time = 0;
  uint64_t id = 0;
  uint64_t targets = 0;
};

// The whole block: header, body, zeros.
constexpr uint64_t block_bytes(uint64_t body_bytes) {
  return (kHeaderBytes + body_bytes + kUnit - 1) / kUnit * kUnit;
}
void encode_header(const BlockHeader& header, uint8_t* into);  // kHeaderBytes
// Nothing when magic or CRC are wrong. Precondition: kHeaderBytes of bytes. The version, epoch and
// position are the caller's to compare.
std::optional<BlockHeader> decode_header(std::span<const uint8_t> bytes);

struct SegmentName {
  uint64_t number = 0;
  uint64_t epoch = 0;
  friend bool operator==(const SegmentName&, const SegmentName&) = default;
};
// Numbers are below this, so that ids can begin with them.
inline constexpr uint64_t kSegmentNumberMax = uint64_t{1} << 39;
std::string segment_file_name(SegmentName name);
std::optional<SegmentName> parse_segment_file_name(std::string_view file_name);

// --- bodies ---

std::string encode_metadata(const Metadata& metadata);
size_t encoded_metadata_bytes(const Metadata& metadata);
std::optional<Metadata> decode_metadata(std::span<const uint8_t> bytes);

struct NamedTarget {
  TargetId id = 0;
  TargetName name;
};
std::string encode_target_table(std::span<const NamedTarget> targets);
std::optional<std::vector<NamedTarget>> decode_target_table(std::span<const uint8_t> body,
                                                            uint32_t count);

// Ids [first, first + count) are done for that target.
struct DoneRange {
  RecordId first = 0;
  uint32_t count = 0;
  TargetId target = 0;
  friend bool operator==(const DoneRange&, const DoneRange&) = default;
};
std::string encode_done_ranges(std::span<const DoneRange> ranges);
std::optional<std::vector<DoneRange>> decode_done_ranges(std::span<const uint8_t> body,
                                                         uint32_t count);
// As ranges.
std::optional<std::vector<DoneRange>> decode_done_bitmap(const BlockHeader& header,
                                                         std::span<const uint8_t> body);

struct IndexEntry {
  uint32_t position = 0;  // 0: there is no such record
  uint32_t body_bytes = 0;
  uint32_t payload_bytes = 0;
  uint32_t items = 0;
  uint32_t admitted_bytes = 0;
  uint64_t targets = 0;
  friend bool operator==(const IndexEntry&, const IndexEntry&) = default;
};
inline Amount amount_of(const IndexEntry& entry) {
  return {1, entry.items, entry.admitted_bytes, entry.payload_bytes};
}
inline constexpr size_t kIndexEntryBytes = 32;
std::string encode_index(std::span<const IndexEntry> entries);
std::optional<std::vector<IndexEntry>> decode_index(std::span<const uint8_t> body, uint32_t count);

struct SummaryEntry {
  NamedTarget target;
  Amount wanted;
};
std::string encode_summary(std::span<const SummaryEntry> entries);
std::optional<std::vector<SummaryEntry>> decode_summary(std::span<const uint8_t> body,
                                                        uint32_t count);

struct Trailer {
  uint32_t footer = 0;
  uint32_t index = 0;
  uint32_t summary = 0;
};
std::string encode_trailer(const Trailer& trailer);
std::optional<Trailer> decode_trailer(std::span<const uint8_t> body);

}  // namespace millrace::segment_log
