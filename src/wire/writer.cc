#include "wire/writer.h"

#include <algorithm>

namespace millrace::wire {

namespace {
constexpr size_t kChunkBytesMin = 64;
// The chunk size that a writer of many small messages grows to.
constexpr size_t kChunkBytesGrown = 64 * 1024;
}  // namespace

Writer::Writer(size_t capacity_bytes) {
  chunk_ = ChunkRef::adopt(allocate_chunk(std::max(capacity_bytes, kChunkBytesMin)));
  data_ = chunk_->data();
  capacity_ = chunk_->capacity;
}

void Writer::grow(size_t bytes) {
  const size_t capacity =
      std::max({size_ + bytes, 2 * size_, std::min(2 * chunk_->capacity, kChunkBytesGrown)});
  auto chunk = ChunkRef::adopt(allocate_chunk(capacity));
  if (size_ != 0) std::memcpy(chunk->data(), data_, size_);
  chunk_ = std::move(chunk);
  data_ = chunk_->data();
  capacity_ = chunk_->capacity;
}

void Writer::close(Nested nested) {
  const size_t content_size = size_ - nested.content_offset;
  const size_t length_bytes = varint_size(content_size);
  if (length_bytes != nested.length_bytes) {
    if (length_bytes > nested.length_bytes) room(length_bytes - nested.length_bytes);
    uint8_t* content = data_ + nested.content_offset;
    std::memmove(content - nested.length_bytes + length_bytes, content, content_size);
    size_ = size_ - nested.length_bytes + length_bytes;
  }
  write_varint(data_ + nested.content_offset - nested.length_bytes, content_size);
}

Bytes Writer::finish() {
  Bytes written(chunk_, data_, size_);
  data_ += size_;
  capacity_ -= size_;
  size_ = 0;
  return written;
}

}  // namespace millrace::wire
