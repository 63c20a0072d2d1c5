// Reads segment files, whatever their bytes say. Nothing here trusts a field that no checksum
// covers, and a block that is covered was written by us: the epoch is part of it.
//
// An error is the disk's own; damage is not an error but a value. Memory: one block, or 1 MiB.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "io/disk.h"
#include "segment_log/format.h"

namespace millrace::segment_log {

enum class HeadState : uint8_t { kValid, kNewerVersion, kDamaged };
struct Head {
  HeadState state = HeadState::kDamaged;
  BlockHeader header;  // unless damaged
};
Result<Head> read_head(io::DiskFile& file);

struct Damage {
  uint64_t offset = 0;
  uint64_t bytes = 0;
  friend bool operator==(const Damage&, const Damage&) = default;
};

struct Scan {
  uint64_t end = 0;     // of the last valid block
  uint64_t synced = 0;  // the largest synced mark, in bytes
  size_t valid_blocks = 0;
  std::vector<Damage> damages;  // torn ones too: those that begin at `synced` or behind
  bool is_torn(const Damage& damage) const { return damage.offset >= synced; }
};
// Of each valid block, in order; the body of a record is checked and not passed.
using OnBlock = std::function<void(const BlockHeader& header, std::span<const uint8_t> body)>;
Result<Scan> scan_segment(io::DiskFile& file, uint64_t epoch, const OnBlock& on_block);

struct Sealed {
  uint64_t bytes = 0;  // of the file
  Trailer trailer;
  BlockHeader summary_header;
  std::vector<SummaryEntry> summary;
};
// Nothing when the file is not sealed, or the end of its footer is damaged.
Result<std::optional<Sealed>> read_sealed(io::DiskFile& file, uint64_t epoch);

struct Footer {
  RecordId first_id = 0;
  std::vector<IndexEntry> index;
  std::vector<DoneRange> done;
  bool done_is_whole = true;  // false: a part of it was damaged
};
// Nothing when the index is damaged.
Result<std::optional<Footer>> read_footer(io::DiskFile& file, uint64_t epoch, const Sealed& sealed);

// The ranges of a block of one of the two kinds that hold them; nothing for all others.
std::vector<DoneRange> done_ranges_of(const BlockHeader& header, std::span<const uint8_t> body);

struct ReadRecord {
  BlockHeader header;
  Bytes body;  // metadata and payload, in a chunk of their own
};
// Reads records of one segment one after the other, small neighbours by one call of the disk. Holds
// up to 256 KiB beside what it gives out. `file` and `entries` outlive it.
class RecordReader {
 public:
  RecordReader(io::DiskFile& file, uint64_t epoch, std::span<const IndexEntry> entries)
      : file_(file), epoch_(epoch), entries_(entries) {}

  // The record of the index-th entry; cheapest when they are asked for in their order. Nothing when
  // its header or body fails its check.
  Result<std::optional<ReadRecord>> read(size_t index);

 private:
  void read_ahead(size_t index);
  std::optional<ReadRecord> from_window(const IndexEntry& entry) const;

  io::DiskFile& file_;
  const uint64_t epoch_;
  const std::span<const IndexEntry> entries_;
  size_t read_ahead_to_ = 0;  // entries before it were looked at for the window
  uint64_t window_begin_ = 0;
  std::vector<uint8_t> window_;
};

}  // namespace millrace::segment_log
