#include "segment_log/block_buffer.h"

#include <algorithm>

#include "base/allocation_name.h"
#include "segment_log/crc32c.h"

namespace millrace::segment_log {

uint8_t* BlockBuffer::extend(size_t size) {
  const size_t at = owned_.size();
  const AllocationName name("constant lane of the log");
  owned_.resize(at + size);
  if (!pieces_.empty() && pieces_.back().outside == nullptr) {
    pieces_.back().size += size;
  } else if (size > 0) {
    pieces_.push_back({nullptr, at, size});
  }
  return owned_.data() + at;
}

void BlockBuffer::add(BlockHeader header, std::string_view body) {
  add_record(header, body, Rope());
}

void BlockBuffer::add_record(BlockHeader header, std::string_view metadata, const Rope& payload) {
  const size_t body = metadata.size() + payload.size();
  const size_t block = block_bytes(body);
  const size_t header_at = owned_.size();
  uint8_t* const owned = extend(kHeaderBytes + metadata.size());
  std::copy(metadata.begin(), metadata.end(), owned + kHeaderBytes);
  uint32_t crc = crc32c_add(kCrc32cStart, as_span(metadata));
  for (const Bytes& piece : payload.pieces()) {
    crc = crc32c_add(crc, piece.view());
    pieces_.push_back({piece.data(), 0, piece.size()});
  }
  const size_t padding = block - kHeaderBytes - body;
  const uint8_t* const zeros = extend(padding);
  crc = crc32c_add(crc, {zeros, padding});

  header.epoch = epoch_;
  header.position = static_cast<uint32_t>(end() / kUnit);
  header.synced = static_cast<uint32_t>(synced_ / kUnit);
  header.body_bytes = static_cast<uint32_t>(body);
  header.metadata_bytes =
      header.kind == BlockKind::kRecord ? static_cast<uint32_t>(metadata.size()) : 0;
  header.body_crc = crc32c_finish(crc);
  encode_header(header, owned_.data() + header_at);
  bytes_ += block;
}

std::vector<std::span<const uint8_t>> BlockBuffer::pieces() const {
  std::vector<std::span<const uint8_t>> spans;
  spans.reserve(pieces_.size());
  for (const Piece& piece : pieces_) {
    spans.emplace_back(piece.outside != nullptr ? piece.outside : owned_.data() + piece.at,
                       piece.size);
  }
  return spans;
}

}  // namespace millrace::segment_log
