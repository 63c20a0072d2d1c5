// Writes protobuf messages into one chunk that grows, so that the result becomes Bytes without a
// copy. Lengths of nested messages are always minimal: open() leaves room for the expected length,
// close() writes the length and moves the content only when the expectation was wrong.
//
// One thread. Cost: an amortized append; a nested message whose length needs more bytes than
// guessed costs one memmove of its content.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/check.h"
#include "wire/protobuf.h"

namespace millrace::wire {

class Writer {
 public:
  explicit Writer(size_t capacity_bytes = 256);

  // Writes a field, also when the value is the default of its type: in OTLP's oneofs and `optional`
  // fields presence has a meaning. The caller omits fields that must be absent.
  void varint_field(uint32_t number, uint64_t value) {
    uint8_t* at = room(2 * kVarintBytesMax);
    at = write_varint(at, make_tag(number, WireType::kVarint));
    end_at(write_varint(at, value));
  }
  void sint_field(uint32_t number, int64_t value) { varint_field(number, zigzag_encode(value)); }
  void fixed64_field(uint32_t number, uint64_t value) {
    uint8_t* at = room(kVarintBytesMax + sizeof value);
    at = write_varint(at, make_tag(number, WireType::kI64));
    std::memcpy(at, &value, sizeof value);
    end_at(at + sizeof value);
  }
  void fixed32_field(uint32_t number, uint32_t value) {
    uint8_t* at = room(kVarintBytesMax + sizeof value);
    at = write_varint(at, make_tag(number, WireType::kI32));
    std::memcpy(at, &value, sizeof value);
    end_at(at + sizeof value);
  }
  void double_field(uint32_t number, double value) {
    uint64_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    fixed64_field(number, bits);
  }
  void bytes_field(uint32_t number, std::span<const uint8_t> value) {
    uint8_t* at = room(2 * kVarintBytesMax + value.size());
    at = write_varint(at, make_tag(number, WireType::kLen));
    at = write_varint(at, value.size());
    if (!value.empty()) std::memcpy(at, value.data(), value.size());
    end_at(at + value.size());
  }
  void string_field(uint32_t number, std::string_view value) {
    bytes_field(number, as_span(value));
  }

  // A nested message or a packed field: open it, write the content, close in reverse order.
  struct Nested {
    size_t content_offset = 0;
    size_t length_bytes = 0;  // reserved for the length
  };
  // `expected_size` is the size of the content in bytes; its order of magnitude is sufficient.
  Nested open(uint32_t number, size_t expected_size = 0) {
    uint8_t* at = room(2 * kVarintBytesMax);
    at = write_varint(at, make_tag(number, WireType::kLen));
    const size_t length_bytes = varint_size(expected_size);
    end_at(at + length_bytes);
    return {size_, length_bytes};
  }
  void close(Nested nested);
  // Discards everything from the tag of `nested` on.
  void discard(Nested nested, uint32_t number) {
    size_ = nested.content_offset - nested.length_bytes - tag_size(number);
  }

  // Appends bytes without a tag or a length.
  void raw(std::span<const uint8_t> bytes) {
    if (bytes.empty()) return;
    uint8_t* at = room(bytes.size());
    std::memcpy(at, bytes.data(), bytes.size());
    end_at(at + bytes.size());
  }
  void raw_varint(uint64_t value) { end_at(write_varint(room(kVarintBytesMax), value)); }
  void raw_fixed64(uint64_t value) {
    uint8_t* at = room(sizeof value);
    std::memcpy(at, &value, sizeof value);
    end_at(at + sizeof value);
  }

  size_t size() const { return size_; }
  // Valid until the next write.
  std::span<const uint8_t> view() const { return {data_, size_}; }
  // Returns to an earlier size(): discards what was written since.
  void truncate(size_t size) {
    MILLRACE_DCHECK(size <= size_);
    size_ = size;
  }
  std::string to_string() const { return std::string(as_text(view())); }
  // Returns what was written since the last finish(), in its chunk, without a copy. The writer can
  // be used again and continues in the same chunk while it has room.
  Bytes finish();

 private:
  uint8_t* room(size_t bytes) {
    if (__builtin_expect(capacity_ - size_ < bytes, 0)) grow(bytes);
    return data_ + size_;
  }
  void end_at(const uint8_t* end) { size_ = static_cast<size_t>(end - data_); }
  void grow(size_t bytes);

  ChunkRef chunk_;
  uint8_t* data_ = nullptr;  // start of the current message, inside the chunk
  size_t size_ = 0;
  size_t capacity_ = 0;  // from data_ to the end of the chunk
};

}  // namespace millrace::wire
