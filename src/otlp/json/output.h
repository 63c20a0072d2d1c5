// The decoder's output: writes protobuf into a ChunkBuffer, unchecked inside the room that need()
// has made. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "memory/chunk_buffer.h"
#include "otlp/json/schema.h"
#include "wire/protobuf.h"

namespace millrace::otlp::json {

// The size of the last length prefix of each kind of message: the guess for the next one, so that
// its content rarely has to move.
using LengthGuesses = std::array<uint8_t, kMessageCount>;

class Output {
 public:
  Output(ChunkBuffer& buffer, LengthGuesses& guesses, Pace& pace)
      : buffer_(buffer), guesses_(guesses), pace_(pace) {
    refresh();
  }

  // Returns false when the buffer can't grow; room_failure() has the reason.
  bool need(size_t size) {
    return __builtin_expect(size <= static_cast<size_t>(end_ - at_), 1) || grow(size);
  }
  ChunkBuffer::Room room_failure() const { return failure_; }

  // Precondition of the functions below: need() has made the room.
  void tag(uint32_t number, wire::WireType type) {
    at_ = wire::write_varint(at_, wire::make_tag(number, type));
  }
  void varint(uint64_t value) { at_ = wire::write_varint(at_, value); }
  template <class Fixed>
  void fixed(Fixed value) {
    std::memcpy(at_, &value, sizeof value);
    at_ += sizeof value;
  }
  void bytes(const void* data, size_t size) {
    if (size > 0) std::memcpy(at_, data, size);
    at_ += size;
  }
  uint8_t* position() { return at_; }
  void advance(size_t size) { at_ += size; }

  // A nested message or packed field: content between open() and close().
  struct Mark {
    size_t content;  // offset of the content
    size_t length_bytes;
  };
  // Precondition: 16 bytes of room.
  Mark open(uint32_t number, size_t length_bytes) {
    tag(number, wire::WireType::kLen);
    at_ += length_bytes;
    return {offset(), length_bytes};
  }
  Mark open(uint32_t number, MessageId id) {
    return open(number, guesses_[static_cast<size_t>(id)]);
  }
  [[nodiscard]] bool close(Mark mark) {
    const size_t size = offset() - mark.content;
    const size_t length_bytes = wire::varint_size(size);
    if (length_bytes != mark.length_bytes) {
      if (!need(length_bytes)) return false;
      pace_.step(size / 8);
      uint8_t* content = buffer_.data() + mark.content;
      std::memmove(content + length_bytes - mark.length_bytes, content, size);
      at_ += length_bytes;
      at_ -= mark.length_bytes;
    }
    wire::write_varint(buffer_.data() + mark.content - mark.length_bytes, size);
    return true;
  }
  [[nodiscard]] bool close(Mark mark, MessageId id) {
    const size_t size = offset() - mark.content;
    guesses_[static_cast<size_t>(id)] = static_cast<uint8_t>(wire::varint_size(size));
    return close(mark);
  }
  size_t offset() { return static_cast<size_t>(at_ - buffer_.data()); }
  void truncate(size_t offset) { at_ = buffer_.data() + offset; }
  // Passes the number of written bytes to the buffer.
  void sync() { buffer_.set_used(at_ == nullptr ? 0 : offset()); }

 private:
  bool grow(size_t size) {
    sync();
    failure_ = buffer_.make_room(size);
    refresh();
    return failure_ == ChunkBuffer::Room::kOk;
  }
  void refresh() {
    at_ = buffer_.data() == nullptr ? nullptr : buffer_.data() + buffer_.used();
    end_ = at_ == nullptr ? nullptr : at_ + buffer_.room();
  }

  ChunkBuffer& buffer_;
  LengthGuesses& guesses_;
  Pace& pace_;
  uint8_t* at_ = nullptr;
  uint8_t* end_ = nullptr;
  ChunkBuffer::Room failure_ = ChunkBuffer::Room::kOk;
};

}  // namespace millrace::otlp::json
