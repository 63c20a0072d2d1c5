// Blocks on their way to a file: headers, metadata and padding are laid out here, payloads stay
// where they are and are only referenced.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "segment_log/format.h"

namespace millrace::segment_log {

class BlockBuffer {
 public:
  // `offset`: where in the file the first block goes; `synced`: the mark for all of them. Bytes.
  BlockBuffer(uint64_t epoch, uint64_t offset, uint64_t synced)
      : epoch_(epoch), offset_(offset), synced_(synced) {}

  // Fills in epoch, position, mark, sizes and CRCs.
  void add(BlockHeader header, std::string_view body);
  // The payload's bytes must live until the pieces are written.
  void add_record(BlockHeader header, std::string_view metadata, const Rope& payload);

  bool empty() const { return bytes_ == 0; }
  uint64_t bytes() const { return bytes_; }
  uint64_t end() const { return offset_ + bytes_; }
  std::vector<std::span<const uint8_t>> pieces() const;

 private:
  struct Piece {
    const uint8_t* outside;  // null: `at` in owned_
    size_t at;
    size_t size;
  };
  uint8_t* extend(size_t size);

  const uint64_t epoch_;
  const uint64_t offset_;
  const uint64_t synced_;
  uint64_t bytes_ = 0;
  std::vector<uint8_t> owned_;
  std::vector<Piece> pieces_;
};

}  // namespace millrace::segment_log
