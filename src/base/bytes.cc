#include "base/bytes.h"

#include <cstdlib>
#include <new>

#include "base/check.h"

namespace millrace {

Chunk* allocate_chunk(size_t capacity) {
  void* memory = std::malloc(sizeof(Chunk) + capacity + kChunkPadding);
  MILLRACE_CHECK(memory != nullptr);
  auto* chunk =
      new (memory) Chunk{.references = 1, .size_class = 0, .capacity = capacity, .home = nullptr};
  // Scanners may load the padding. Its value is irrelevant, but it must be initialized memory.
  std::memset(chunk->data() + capacity, 0, kChunkPadding);
  return chunk;
}

void free_chunk(Chunk* chunk) noexcept {
  chunk->~Chunk();
  std::free(chunk);
}

void ChunkRef::drop(Chunk* chunk) noexcept {
  if (chunk->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  if (chunk->home != nullptr) {
    chunk->home->take_back(chunk);
  } else {
    free_chunk(chunk);
  }
}

Bytes Bytes::copy_of(std::span<const uint8_t> bytes) {
  if (bytes.empty()) return {};
  auto chunk = ChunkRef::adopt(allocate_chunk(bytes.size()));
  std::memcpy(chunk->data(), bytes.data(), bytes.size());
  const uint8_t* data = chunk->data();
  return Bytes(std::move(chunk), data, bytes.size());
}

void Rope::append(const Rope& other) {
  pieces_.insert(pieces_.end(), other.pieces_.begin(), other.pieces_.end());
  size_ += other.size_;
}

void Rope::append(Rope&& other) {
  if (pieces_.empty()) {
    pieces_ = std::move(other.pieces_);
  } else {
    for (Bytes& piece : other.pieces_) pieces_.push_back(std::move(piece));
  }
  size_ += other.size_;
  other.clear();
}

Rope Rope::slice(size_t offset, size_t size) const {
  MILLRACE_DCHECK(offset + size <= size_);
  Rope part;
  for (const Bytes& piece : pieces_) {
    if (size == 0) break;
    if (offset >= piece.size()) {
      offset -= piece.size();
      continue;
    }
    const size_t taken = std::min(size, piece.size() - offset);
    part.append(piece.slice(offset, taken));
    size -= taken;
    offset = 0;
  }
  return part;
}

Bytes Rope::to_bytes() const {
  if (pieces_.empty()) return {};
  if (pieces_.size() == 1) return pieces_.front();
  auto chunk = ChunkRef::adopt(allocate_chunk(size_));
  copy_to(chunk->data());
  const uint8_t* data = chunk->data();
  return Bytes(std::move(chunk), data, size_);
}

void Rope::copy_to(uint8_t* into) const {
  for (const Bytes& piece : pieces_) {
    std::memcpy(into, piece.data(), piece.size());
    into += piece.size();
  }
}

}  // namespace millrace
