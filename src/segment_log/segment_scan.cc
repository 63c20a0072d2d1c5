#include "segment_log/segment_scan.h"

#include <utility>

namespace millrace::segment_log {
namespace {

class BlockTaker {
 public:
  explicit BlockTaker(ScannedSegment& into) : into_(into) {}
  void take(const BlockHeader& header, std::span<const uint8_t> body) {
    note_snapshot(header);
    switch (header.kind) {
      case BlockKind::kRecord:
        take_record(header);
        break;
      case BlockKind::kTargetTable:
        if (auto targets = decode_target_table(body, header.count)) {
          into_.targets = std::move(*targets);
        }
        break;
      case BlockKind::kDoneRanges:
      case BlockKind::kDoneBitmap: {
        const auto ranges = done_ranges_of(header, body);
        into_.done.insert(into_.done.end(), ranges.begin(), ranges.end());
        break;
      }
      default:
        break;
    }
  }

 private:
  void note_snapshot(const BlockHeader& header) {
    const uint64_t offset = uint64_t{header.position} * kUnit;
    if (offset != contiguous_end_) return;
    if (offset == 0 && header.kind != BlockKind::kHead) return;
    if (offset == 0) snapshot_blocks_ = header.count;
    contiguous_end_ += block_bytes(header.body_bytes);
    into_.snapshot_is_whole = contiguous_++ >= snapshot_blocks_;
  }
  void take_record(const BlockHeader& header) {
    Segment& segment = *into_.segment;
    // Ids grow, and can't leave more room between them than there was for blocks.
    const RecordId least = segment.count() == 0 ? header.id : segment.end_id();
    const RecordId first = segment.count() == 0 ? header.id : segment.first_id();
    if (header.id < least || header.id - first >= into_.file_bytes / kBlockBytesMin) return;
    if (header.id >= RecordId{1} << 63) return;
    IndexEntry entry;
    entry.position = header.position;
    entry.body_bytes = header.body_bytes;
    entry.payload_bytes = header.body_bytes - header.metadata_bytes;
    entry.items = header.count;
    entry.admitted_bytes = header.admitted_bytes;
    entry.targets = header.targets;
    segment.add(header.id, entry, WallTime(Duration(header.time)), 0, 0);
  }

  ScannedSegment& into_;
  uint64_t contiguous_end_ = 0;
  uint64_t contiguous_ = 0;
  uint64_t snapshot_blocks_ = 0;
};

}  // namespace

Result<ScannedSegment> read_blocks(io::DiskFile& file, const SegmentName& name, uint64_t epoch) {
  const Result<uint64_t> file_bytes = file.size();
  if (!file_bytes) return fail(file_bytes.error());
  ScannedSegment scanned;
  scanned.file_bytes = *file_bytes;
  scanned.segment = std::make_shared<Segment>(name, epoch);
  scanned.segment->begin(0, *file_bytes);
  BlockTaker taker(scanned);
  Result<Scan> scan =
      scan_segment(file, epoch, [&taker](const BlockHeader& header, std::span<const uint8_t> body) {
        taker.take(header, body);
      });
  if (!scan) return fail(scan.error());
  scanned.scan = std::move(*scan);
  return scanned;
}

}  // namespace millrace::segment_log
