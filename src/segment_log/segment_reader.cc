#include "segment_log/segment_reader.h"

#include <algorithm>
#include <cstring>

#include "base/allocation_name.h"
#include "segment_log/crc32c.h"

namespace millrace::segment_log {
namespace {

constexpr size_t kWindowBytes = size_t{1} << 20;
constexpr size_t kTailBytes = 8192;  // holds trailer and summary of a usual segment

// A moving view of a file that reads ahead.
class Window {
 public:
  Window(io::DiskFile& file, uint64_t file_bytes) : file_(file), file_bytes_(file_bytes) {}

  // Precondition: offset + size is within the file. Valid until the next call. Empty only when the
  // file became shorter.
  Result<std::span<const uint8_t>> view(uint64_t offset, size_t size) {
    if (offset < begin_ || offset + size > begin_ + bytes_.size()) {
      const uint64_t rest = file_bytes_ - offset;
      const AllocationName name("constant lane of the log");
      bytes_.resize(std::min<uint64_t>(std::max(size, kWindowBytes), rest));
      begin_ = offset;
      const Result<size_t> count = file_.read_at(offset, bytes_);
      if (!count) {
        bytes_.clear();
        return fail(count.error());
      }
      bytes_.resize(*count);
      if (*count < size) return std::span<const uint8_t>();
    }
    return std::span<const uint8_t>(bytes_).subspan(offset - begin_, size);
  }

 private:
  io::DiskFile& file_;
  const uint64_t file_bytes_;
  uint64_t begin_ = 0;
  std::vector<uint8_t> bytes_;
};

bool fits(const BlockHeader& header, uint64_t epoch, uint64_t offset, uint64_t file_bytes) {
  return header.version == kVersion && header.epoch == epoch &&
         uint64_t{header.position} * kUnit == offset &&
         header.metadata_bytes <= header.body_bytes &&
         offset + block_bytes(header.body_bytes) <= file_bytes;
}

class Scanner {
 public:
  Scanner(io::DiskFile& file, uint64_t file_bytes, uint64_t epoch, const OnBlock& on_block)
      : window_(file, file_bytes), file_bytes_(file_bytes), epoch_(epoch), on_block_(on_block) {}

  Result<Scan> run() {
    uint64_t offset = 0;
    while (offset < file_bytes_) {
      Result<std::optional<BlockHeader>> header = header_at(offset);
      if (!header) return fail(header.error());
      if (!*header) {
        const Result<uint64_t> next = skip_damage(offset);
        if (!next) return fail(next.error());
        offset = *next;
        continue;
      }
      scan_.synced = std::max(scan_.synced, uint64_t{(*header)->synced} * kUnit);
      const uint64_t size = block_bytes((*header)->body_bytes);
      const Result<bool> whole = check_body(offset, **header);
      if (!whole) return fail(whole.error());
      if (*whole) {
        ++scan_.valid_blocks;
        scan_.end = offset + size;
      } else {
        note_damage(offset, size);
      }
      offset += size;
    }
    return std::move(scan_);
  }

 private:
  Result<std::optional<BlockHeader>> header_at(uint64_t offset) {
    if (offset + kHeaderBytes > file_bytes_) return std::optional<BlockHeader>();
    const auto bytes = window_.view(offset, kHeaderBytes);
    if (!bytes) return fail(bytes.error());
    if (bytes->empty()) return std::optional<BlockHeader>();
    std::optional<BlockHeader> header = decode_header(*bytes);
    if (header && !fits(*header, epoch_, offset, file_bytes_)) header.reset();
    return header;
  }

  Result<bool> check_body(uint64_t offset, const BlockHeader& header) {
    const uint64_t padded = block_bytes(header.body_bytes) - kHeaderBytes;
    uint64_t at = offset + kHeaderBytes;
    // What isn't a record is looked at whole, and small.
    const bool is_record = header.kind == BlockKind::kRecord;
    uint32_t crc = kCrc32cStart;
    std::span<const uint8_t> body;
    for (uint64_t left = padded; left > 0;) {
      const size_t size = is_record ? std::min<uint64_t>(left, kWindowBytes) : left;
      const auto bytes = window_.view(at, size);
      if (!bytes) return fail(bytes.error());
      if (bytes->empty()) return false;
      crc = crc32c_add(crc, *bytes);
      body = *bytes;
      at += size;
      left -= size;
    }
    if (crc32c_finish(crc) != header.body_crc) return false;
    on_block_(header, is_record || body.empty() ? std::span<const uint8_t>()
                                                : body.first(header.body_bytes));
    return true;
  }

  // From `offset`, where no valid header is, to the next one or the end.
  Result<uint64_t> skip_damage(uint64_t offset) {
    uint64_t at = offset;
    uint64_t last_written = offset;  // end of the last unit that is not zero
    while (at < file_bytes_) {
      const size_t size = std::min<uint64_t>(kUnit, file_bytes_ - at);
      const auto unit = window_.view(at, size);
      if (!unit) return fail(unit.error());
      if (std::any_of(unit->begin(), unit->end(), [](uint8_t byte) { return byte != 0; })) {
        if (at > offset) {
          const auto header = header_at(at);
          if (!header) return fail(header.error());
          if (*header) {
            note_damage(offset, at - offset);
            return at;
          }
        }
        last_written = at + size;
      }
      at += size;
    }
    if (last_written > offset) note_damage(offset, last_written - offset);
    return file_bytes_;
  }

  void note_damage(uint64_t offset, uint64_t bytes) {
    if (!scan_.damages.empty() &&
        scan_.damages.back().offset + scan_.damages.back().bytes == offset) {
      scan_.damages.back().bytes += bytes;
    } else {
      scan_.damages.push_back({offset, bytes});
    }
  }

  Window window_;
  const uint64_t file_bytes_;
  const uint64_t epoch_;
  const OnBlock& on_block_;
  Scan scan_;
};

struct Block {
  BlockHeader header;
  std::vector<uint8_t> bytes;  // with the header
  std::span<const uint8_t> body() const {
    return std::span(bytes).subspan(kHeaderBytes, header.body_bytes);
  }
};

// A block whose whole bytes are in `bytes`.
std::optional<BlockHeader> check_block(std::span<const uint8_t> bytes, uint64_t epoch,
                                       uint64_t offset) {
  if (bytes.size() < kHeaderBytes) return {};
  const std::optional<BlockHeader> header = decode_header(bytes);
  if (!header || !fits(*header, epoch, offset, offset + bytes.size())) return {};
  const auto body = bytes.subspan(kHeaderBytes, block_bytes(header->body_bytes) - kHeaderBytes);
  if (crc32c(body) != header->body_crc) return {};
  return header;
}

Result<std::optional<Block>> read_block(io::DiskFile& file, uint64_t file_bytes, uint64_t epoch,
                                        uint64_t offset) {
  Block block;
  block.bytes.resize(kHeaderBytes);
  if (offset + kHeaderBytes > file_bytes) return std::optional<Block>();
  const Result<size_t> head = file.read_at(offset, block.bytes);
  if (!head) return fail(head.error());
  if (*head < kHeaderBytes) return std::optional<Block>();
  const std::optional<BlockHeader> header = decode_header(block.bytes);
  if (!header || !fits(*header, epoch, offset, file_bytes)) return std::optional<Block>();
  block.bytes.resize(block_bytes(header->body_bytes));
  const Result<size_t> count = file.read_at(offset, block.bytes);
  if (!count) return fail(count.error());
  if (*count < block.bytes.size()) return std::optional<Block>();
  if (!check_block(block.bytes, epoch, offset)) return std::optional<Block>();
  block.header = *header;
  return block;
}

}  // namespace

Result<Head> read_head(io::DiskFile& file) {
  std::vector<uint8_t> bytes(kHeaderBytes);
  const Result<size_t> count = file.read_at(0, bytes);
  if (!count) return fail(count.error());
  Head head;
  if (*count < kHeaderBytes) return head;
  const std::optional<BlockHeader> header = decode_header(bytes);
  if (!header || header->kind != BlockKind::kHead || header->position != 0) return head;
  head.header = *header;
  head.state = header->version > kVersion ? HeadState::kNewerVersion : HeadState::kValid;
  return head;
}

Result<Scan> scan_segment(io::DiskFile& file, uint64_t epoch, const OnBlock& on_block) {
  const Result<uint64_t> file_bytes = file.size();
  if (!file_bytes) return fail(file_bytes.error());
  return Scanner(file, *file_bytes, epoch, on_block).run();
}

Result<std::optional<Sealed>> read_sealed(io::DiskFile& file, uint64_t epoch) {
  const Result<uint64_t> file_bytes = file.size();
  if (!file_bytes) return fail(file_bytes.error());
  if (*file_bytes < kBlockBytesMin || *file_bytes % kUnit != 0) return std::optional<Sealed>();
  std::vector<uint8_t> tail(std::min<uint64_t>(kTailBytes, *file_bytes));
  const uint64_t tail_at = *file_bytes - tail.size();
  const Result<size_t> count = file.read_at(tail_at, tail);
  if (!count) return fail(count.error());
  if (*count < tail.size()) return std::optional<Sealed>();

  const auto last = std::span<const uint8_t>(tail).last(kBlockBytesMin);
  const auto header = check_block(last, epoch, *file_bytes - kBlockBytesMin);
  if (!header || header->kind != BlockKind::kTrailer) return std::optional<Sealed>();
  const auto trailer = decode_trailer(last.subspan(kHeaderBytes, header->body_bytes));
  if (!trailer) return std::optional<Sealed>();

  Sealed sealed{.bytes = *file_bytes, .trailer = *trailer, .summary_header = {}, .summary = {}};
  const uint64_t summary_at = uint64_t{trailer->summary} * kUnit;
  Result<std::optional<Block>> block = read_block(file, *file_bytes, epoch, summary_at);
  if (!block) return fail(block.error());
  if (!*block || (*block)->header.kind != BlockKind::kSummary) return std::optional<Sealed>();
  auto summary = decode_summary((*block)->body(), (*block)->header.count);
  if (!summary || (*block)->header.admitted_bytes > *file_bytes / kBlockBytesMin) {
    return std::optional<Sealed>();
  }
  sealed.summary_header = (*block)->header;
  sealed.summary = std::move(*summary);
  return sealed;
}

std::vector<DoneRange> done_ranges_of(const BlockHeader& header, std::span<const uint8_t> body) {
  if (header.kind == BlockKind::kDoneRanges) {
    return decode_done_ranges(body, header.count).value_or(std::vector<DoneRange>());
  }
  if (header.kind == BlockKind::kDoneBitmap) {
    return decode_done_bitmap(header, body).value_or(std::vector<DoneRange>());
  }
  return {};
}

Result<std::optional<Footer>> read_footer(io::DiskFile& file, uint64_t epoch,
                                          const Sealed& sealed) {
  Footer footer;
  const uint64_t index_at = uint64_t{sealed.trailer.index} * kUnit;
  for (uint64_t at = uint64_t{sealed.trailer.footer} * kUnit; at < index_at;) {
    Result<std::optional<Block>> block = read_block(file, sealed.bytes, epoch, at);
    if (!block) return fail(block.error());
    if (!*block) {
      footer.done_is_whole = false;
      break;
    }
    const auto ranges = done_ranges_of((*block)->header, (*block)->body());
    footer.done.insert(footer.done.end(), ranges.begin(), ranges.end());
    at += (*block)->bytes.size();
  }
  Result<std::optional<Block>> block = read_block(file, sealed.bytes, epoch, index_at);
  if (!block) return fail(block.error());
  if (!*block || (*block)->header.kind != BlockKind::kIndex) return std::optional<Footer>();
  auto index = decode_index((*block)->body(), (*block)->header.count);
  if (!index) return std::optional<Footer>();
  footer.first_id = (*block)->header.id;
  footer.index = std::move(*index);
  for (IndexEntry& entry : footer.index) {
    const uint64_t end = uint64_t{entry.position} * kUnit + block_bytes(entry.body_bytes);
    if (end > sealed.bytes || entry.payload_bytes > entry.body_bytes) entry = IndexEntry();
  }
  return footer;
}

namespace {

// A call of the disk costs about what copying some 10 KiB costs.
constexpr uint64_t kReadAheadMax = 256 << 10;
constexpr uint64_t kGapMax = 8 << 10;         // what may lie unwanted between two
constexpr uint64_t kWorthAWindow = 32 << 10;  // larger ones are read where they stay

struct Stretch {
  uint64_t begin;
  uint64_t end;
};

Stretch stretch_of(const IndexEntry& entry) {
  const uint64_t begin = uint64_t{entry.position} * kUnit;
  return {begin, begin + block_bytes(entry.body_bytes)};
}

std::optional<BlockHeader> check_record(std::span<const uint8_t> bytes, uint64_t epoch,
                                        const IndexEntry& entry) {
  const auto header = check_block(bytes, epoch, stretch_of(entry).begin);
  if (!header || header->kind != BlockKind::kRecord || header->body_bytes != entry.body_bytes) {
    return {};
  }
  return header;
}

Result<std::optional<ReadRecord>> read_alone(io::DiskFile& file, uint64_t epoch,
                                             const IndexEntry& entry) {
  const size_t size = block_bytes(entry.body_bytes);
  auto chunk = ChunkRef::adopt(allocate_chunk(size));
  const Result<size_t> count = file.read_at(stretch_of(entry).begin, {chunk->data(), size});
  if (!count) return fail(count.error());
  if (*count < size) return std::optional<ReadRecord>();
  const auto header = check_record({chunk->data(), size}, epoch, entry);
  if (!header) return std::optional<ReadRecord>();
  const uint8_t* const body = chunk->data() + kHeaderBytes;
  return ReadRecord{*header, Bytes(std::move(chunk), body, entry.body_bytes)};
}

}  // namespace

// Whatever is wrong with the window, the record is then read by itself: a bad sector takes nothing
// but the record that it lies in.
Result<std::optional<ReadRecord>> RecordReader::read(size_t index) {
  if (index >= read_ahead_to_) read_ahead(index);
  if (std::optional<ReadRecord> record = from_window(entries_[index])) return record;
  return read_alone(file_, epoch_, entries_[index]);
}

// The neighbours may lie in front, too: with the newest first they are asked for from the end.
void RecordReader::read_ahead(size_t index) {
  window_.clear();
  Stretch all = stretch_of(entries_[index]);
  read_ahead_to_ = index + 1;
  if (all.end - all.begin > kWorthAWindow) return;
  for (; read_ahead_to_ < entries_.size(); ++read_ahead_to_) {
    const Stretch next = stretch_of(entries_[read_ahead_to_]);
    const Stretch both{std::min(all.begin, next.begin), std::max(all.end, next.end)};
    const bool is_near = next.begin <= all.end + kGapMax && all.begin <= next.end + kGapMax;
    if (!is_near || next.end - next.begin > kWorthAWindow) break;
    if (both.end - both.begin > kReadAheadMax) break;
    all = both;
  }
  if (read_ahead_to_ == index + 1) return;
  const AllocationName name("constant lane of the log");
  window_.resize(all.end - all.begin);
  window_begin_ = all.begin;
  const Result<size_t> count = file_.read_at(all.begin, window_);
  window_.resize(count ? *count : 0);
}

std::optional<ReadRecord> RecordReader::from_window(const IndexEntry& entry) const {
  const auto [begin, end] = stretch_of(entry);
  if (begin < window_begin_ || end > window_begin_ + window_.size()) return {};
  const auto block = std::span(window_).subspan(begin - window_begin_, end - begin);
  const auto header = check_record(block, epoch_, entry);
  if (!header) return {};
  return ReadRecord{*header, Bytes::copy_of(block.subspan(kHeaderBytes, entry.body_bytes))};
}

}  // namespace millrace::segment_log
