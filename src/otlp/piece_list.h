// A message in the making: kept stretches of received bytes and small new ones between them. What
// lies behind one another in the same chunk becomes one piece, so that an edit of few items leaves
// few pieces. Stretches shorter than kCopyBelowBytes that stand between new bytes are copied:
// a piece costs more than they do, here and in every gathered write. One thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "wire/writer.h"

namespace millrace::otlp {

inline constexpr size_t kCopyBelowBytes = 512;

class PieceList {
 public:
  // `writer` holds the new bytes of all lists of one edit; it must outlive them.
  explicit PieceList(wire::Writer* writer) : writer_(writer) {}

  // A stretch of bytes that `owner` keeps alive.
  void keep(const Bytes& owner, std::span<const uint8_t> stretch);
  // The same, copied when it is short.
  void keep_or_copy(const Bytes& owner, std::span<const uint8_t> stretch);
  void write_len_prefix(uint32_t field_number, size_t content_size);
  void write(std::span<const uint8_t> bytes);
  void append(PieceList&& other);

  size_t size() const { return size_; }
  Rope to_rope();

 private:
  void append_run(Bytes bytes);

  wire::Writer* writer_;
  std::vector<Bytes> pieces_;
  size_t size_ = 0;
};

}  // namespace millrace::otlp
