// Shared, immutable bytes. A Chunk is one allocation with a reference count; Bytes is a view into a
// chunk that keeps it alive; a Rope is a sequence of Bytes that reads as one.
//
// Copying Bytes costs one atomic increment and copies no data. The trap: a slice of 10 bytes keeps
// a whole chunk alive. Bytes that are held for long and use little of their chunk must therefore be
// compacted (Bytes::copy_of).
//
// Threads: the reference count is atomic, so Bytes may be passed to another thread and destroyed
// there. The bytes behind a Bytes never change once it is shared. A single Bytes or Rope object
// belongs to one thread at a time.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace {

struct Chunk;

// Receives a chunk when its last reference is dropped. Called from any thread.
class ChunkHome {
 public:
  virtual void take_back(Chunk* chunk) noexcept = 0;

 protected:
  ~ChunkHome() = default;
};

// The number of readable bytes behind the capacity of every chunk, so that scanners may load whole
// vectors from any position inside it.
inline constexpr size_t kChunkPadding = 64;

struct Chunk {
  std::atomic<uint32_t> references;  // relaxed to add; acquire-release to drop: the last one frees
  uint32_t size_class;               // used by the home alone
  size_t capacity;                   // bytes at data(), without the padding
  ChunkHome* home;                   // null: free_chunk() frees the chunk
  uint8_t* data() { return reinterpret_cast<uint8_t*>(this + 1); }
};
static_assert(sizeof(Chunk) % 8 == 0);

// Allocates a chunk with one reference and no home. Never returns null: the process ends when the
// system has no memory.
Chunk* allocate_chunk(size_t capacity);
void free_chunk(Chunk* chunk) noexcept;

// An owning pointer to a chunk.
class ChunkRef {
 public:
  ChunkRef() = default;
  // Takes ownership of one reference that the caller holds.
  static ChunkRef adopt(Chunk* chunk) {
    ChunkRef ref;
    ref.chunk_ = chunk;
    return ref;
  }
  ChunkRef(const ChunkRef& other) : chunk_(other.chunk_) {
    if (chunk_ != nullptr) chunk_->references.fetch_add(1, std::memory_order_relaxed);
  }
  ChunkRef(ChunkRef&& other) noexcept : chunk_(std::exchange(other.chunk_, nullptr)) {}
  ChunkRef& operator=(ChunkRef other) noexcept {
    std::swap(chunk_, other.chunk_);
    return *this;
  }
  ~ChunkRef() {
    if (chunk_ != nullptr) drop(chunk_);
  }
  Chunk* get() const { return chunk_; }
  Chunk* operator->() const { return chunk_; }
  explicit operator bool() const { return chunk_ != nullptr; }
  // True when this is the only reference, so that its owner may write or reuse the chunk.
  bool unique() const { return chunk_->references.load(std::memory_order_acquire) == 1; }

 private:
  static void drop(Chunk* chunk) noexcept;
  Chunk* chunk_ = nullptr;
};

class Bytes {
 public:
  Bytes() = default;
  Bytes(ChunkRef chunk, const uint8_t* data, size_t size)
      : chunk_(std::move(chunk)), data_(data), size_(size) {}
  // Copies `bytes` into a new chunk whose capacity is bytes.size().
  static Bytes copy_of(std::span<const uint8_t> bytes);
  static Bytes copy_of(std::string_view text) {
    return copy_of(std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
  }
  const uint8_t* data() const { return data_; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::span<const uint8_t> view() const { return {data_, size_}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }
  // A part of these bytes in the same chunk. Precondition: offset + size <= this->size().
  Bytes slice(size_t offset, size_t size) const { return Bytes(chunk_, data_ + offset, size); }
  const ChunkRef& chunk() const { return chunk_; }

 private:
  ChunkRef chunk_;
  const uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

class Rope {
 public:
  Rope() = default;
  explicit Rope(Bytes bytes) { append(std::move(bytes)); }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const std::vector<Bytes>& pieces() const { return pieces_; }
  void append(Bytes bytes) {
    if (bytes.empty()) return;
    size_ += bytes.size();
    pieces_.push_back(std::move(bytes));
  }
  void append(const Rope& other);
  void append(Rope&& other);
  void clear() {
    pieces_.clear();
    size_ = 0;
  }
  // A part as a new rope over the same chunks. Precondition: offset + size <= this->size().
  Rope slice(size_t offset, size_t size) const;
  // One contiguous view; shares the chunk when there is one piece, copies otherwise.
  Bytes to_bytes() const;
  // Precondition: `into` has room for size() bytes.
  void copy_to(uint8_t* into) const;

 private:
  std::vector<Bytes> pieces_;
  size_t size_ = 0;
};

inline std::string_view as_text(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline std::span<const uint8_t> as_span(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace millrace
