// Reads protobuf fields from a rope whose pieces end anywhere, without joining them. Precondition:
// the bytes passed admission or were made from such bytes; reading past the end stops the process.
//
// One thread; the rope must outlive the reader. Cost: one branch more than for contiguous bytes.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/check.h"
#include "wire/protobuf.h"

namespace millrace::otlp {

class RopeReader {
 public:
  explicit RopeReader(const Rope& rope) : rope_(&rope) {}

  // Bytes read so far; the end of the message is rope.size().
  size_t position() const { return position_; }
  bool done() const { return position_ == rope_->size(); }

  uint8_t read_byte() {
    if (__builtin_expect(at_ == piece_end_, 0)) enter_next_piece();
    position_++;
    return *at_++;
  }
  uint64_t read_varint() {
    uint64_t byte = read_byte();
    if (byte < 0x80) return byte;
    uint64_t value = byte & 0x7f;
    for (unsigned shift = 7; shift < 70; shift += 7) {
      byte = read_byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return value;
  }
  uint32_t read_tag() { return static_cast<uint32_t>(read_varint()); }

  void skip(size_t size) {
    while (size > static_cast<size_t>(piece_end_ - at_)) {
      const auto left = static_cast<size_t>(piece_end_ - at_);
      size -= left;
      position_ += left;
      enter_next_piece();
    }
    at_ += size;
    position_ += size;
  }
  // Skips the value behind `tag`; groups as a whole.
  void skip_value(uint32_t tag) {
    switch (wire::wire_type_of(tag)) {
      case wire::WireType::kVarint:
        read_varint();
        return;
      case wire::WireType::kI64:
        return skip(8);
      case wire::WireType::kI32:
        return skip(4);
      case wire::WireType::kLen:
        return skip(read_varint());
      case wire::WireType::kStartGroup:
        for (uint32_t inner = read_tag(); wire::wire_type_of(inner) != wire::WireType::kEndGroup;
             inner = read_tag()) {
          skip_value(inner);
        }
        return;
      case wire::WireType::kEndGroup:
        return;
    }
  }
  // Returns the next bytes as slices of the rope's pieces.
  Rope take(size_t size) {
    Rope taken;
    while (size > 0) {
      if (at_ == piece_end_) enter_next_piece();
      const Bytes& piece = rope_->pieces()[piece_ - 1];
      const size_t part = std::min(size, static_cast<size_t>(piece_end_ - at_));
      taken.append(piece.slice(static_cast<size_t>(at_ - piece.data()), part));
      at_ += part;
      position_ += part;
      size -= part;
    }
    return taken;
  }

 private:
  void enter_next_piece() {
    MILLRACE_CHECK(piece_ < rope_->pieces().size());
    const Bytes& piece = rope_->pieces()[piece_++];
    at_ = piece.data();
    piece_end_ = at_ + piece.size();
  }

  const Rope* rope_;
  size_t piece_ = 0;  // the next piece to read
  const uint8_t* at_ = nullptr;
  const uint8_t* piece_end_ = nullptr;
  size_t position_ = 0;
};

}  // namespace millrace::otlp
