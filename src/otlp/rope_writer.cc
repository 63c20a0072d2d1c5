#include "otlp/rope_writer.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "base/allocation_name.h"

namespace millrace::otlp {

namespace {

// A tag and a length of at most five bytes each.
constexpr size_t kPrefixBytesMax = 10;
// Content up to this size is moved when the expected length was wrong; before larger content the
// prefix becomes a piece of its own.
constexpr size_t kMovedBytesMax = 16 * 1024;
// Bytes that are copied between two steps of the pace.
constexpr size_t kCopyAtOnceBytes = 64 * 1024;
// The room to request when the size is unknown.
constexpr size_t kRoomBytes = 4096;

}  // namespace

RopeWriter::~RopeWriter() {
  if (!chunk_ || chunk_->home == nullptr) return;
  const auto offset = static_cast<size_t>(at_ - chunk_->data());
  pool_.keep_tail({std::move(chunk_), offset});
}

void RopeWriter::keep(const Bytes& owner, std::span<const uint8_t> stretch) {
  if (stretch.size() < kCopyBelowBytes) return write(stretch);
  if (!may_grow(stretch.size())) return;
  end_run();
  append_piece(Bytes(owner.chunk(), stretch.data(), stretch.size()));
  pace_.step(kPrefixBytesMax);
}

void RopeWriter::write(std::span<const uint8_t> bytes) {
  if (bytes.empty() || !may_grow(bytes.size())) return;
  while (true) {
    const size_t part = std::min(bytes.size(), static_cast<size_t>(end_ - at_));
    if (part > 0) std::memcpy(at_, bytes.data(), part);
    at_ += part;
    bytes = bytes.subspan(part);
    if (bytes.empty()) return;
    pace_.step(part);
    if (!make_room(1)) return;
  }
}

void RopeWriter::write_len_prefix(uint32_t field_number, size_t content_size) {
  if (!make_room(kPrefixBytesMax)) return;
  uint8_t* at = wire::write_varint(at_, wire::make_tag(field_number, wire::WireType::kLen));
  at = wire::write_varint(at, content_size);
  if (!may_grow(static_cast<size_t>(at - at_))) return;
  at_ = at;
}

RopeWriter::Nested RopeWriter::open(uint32_t field_number, size_t expected_size) {
  if (!make_room(kPrefixBytesMax)) return {};
  Nested nested{.prefix_at = static_cast<size_t>(at_ - run_),
                .piece = pieces_.size(),
                .size_before = 0,
                .field_number = field_number,
                .length_bytes = static_cast<uint8_t>(wire::varint_size(expected_size))};
  uint8_t* const content =
      wire::write_varint(at_, wire::make_tag(field_number, wire::WireType::kLen)) +
      nested.length_bytes;
  if (!may_grow(static_cast<size_t>(content - at_))) return {};
  at_ = content;
  nested.size_before = size_;
  return nested;
}

void RopeWriter::close(const Nested& nested) {
  if (failed()) return;
  const size_t content_size = size_ - nested.size_before;
  const bool is_in_run = nested.piece == pieces_.size();
  if (wire::varint_size(content_size) == nested.length_bytes) {
    const uint8_t* const piece = is_in_run ? run_ : pieces_[nested.piece].data();
    // Written by this writer and not shared before finish().
    uint8_t* const prefix = const_cast<uint8_t*>(piece) + nested.prefix_at;
    wire::write_varint(prefix + wire::tag_size(nested.field_number), content_size);
  } else if (is_in_run && content_size <= kMovedBytesMax && end_ - at_ >= 8) {
    close_in_run(nested, content_size);
  } else {
    put_prefix_apart(nested, content_size);
  }
}

void RopeWriter::close_in_run(const Nested& nested, size_t content_size) {
  uint8_t* const length = run_ + nested.prefix_at + wire::tag_size(nested.field_number);
  const size_t length_bytes = wire::varint_size(content_size);
  std::memmove(length + length_bytes, length + nested.length_bytes, content_size);
  wire::write_varint(length, content_size);
  at_ = length + length_bytes + content_size;
  size_ = size_ + length_bytes - nested.length_bytes;
}

// The room for the prefix has the wrong size: it is cut out, and a prefix written behind everything
// else takes its place in the list.
void RopeWriter::put_prefix_apart(const Nested& nested, size_t content_size) {
  end_run();
  if (!make_room(kPrefixBytesMax)) return;
  const size_t placeholder_size = wire::tag_size(nested.field_number) + nested.length_bytes;
  uint8_t* const prefix = at_;
  at_ = wire::write_varint(at_, wire::make_tag(nested.field_number, wire::WireType::kLen));
  at_ = wire::write_varint(at_, content_size);
  run_ = at_;
  const Bytes written(chunk_, prefix, static_cast<size_t>(at_ - prefix));
  const Bytes around = pieces_[nested.piece];
  const size_t behind = nested.prefix_at + placeholder_size;
  std::vector<Bytes> replaced;
  if (nested.prefix_at > 0) replaced.push_back(around.slice(0, nested.prefix_at));
  replaced.push_back(written);
  if (behind < around.size()) {
    replaced.push_back(around.slice(behind, around.size() - behind));
  }
  const auto place = pieces_.begin() + static_cast<ptrdiff_t>(nested.piece);
  *place = std::move(replaced.front());
  pieces_.insert(place + 1, std::make_move_iterator(replaced.begin() + 1),
                 std::make_move_iterator(replaced.end()));
  size_ = size_ + written.size() - placeholder_size;
}

Result<Rope> RopeWriter::finish() {
  end_run();
  switch (failure_) {
    case Failure::kNone:
      break;
    case Failure::kLimit:
      return fail(Code::kResourceExhausted, std::string(what_) + " would make more than " +
                                                std::to_string(bytes_max_) + " bytes of it");
    case Failure::kMemory:
      return fail(Code::kUnavailable, "memory budget exhausted while " + std::string(what_));
  }
  const AllocationName name("term messages");
  Rope rope;
  for (Bytes& piece : pieces_) rope.append(std::move(piece));
  pieces_.clear();
  size_ = 0;
  return rope;
}

// Adjacent bytes of a chunk become one piece.
void RopeWriter::append_piece(Bytes bytes) {
  if (!pieces_.empty()) {
    Bytes& last = pieces_.back();
    if (last.chunk().get() == bytes.chunk().get() && last.data() + last.size() == bytes.data()) {
      const uint8_t* const data = last.data();
      const size_t joined = last.size() + bytes.size();
      last = Bytes(bytes.chunk(), data, joined);
      return;
    }
  }
  const AllocationName name("term messages");
  pieces_.push_back(std::move(bytes));
}

bool RopeWriter::refuse_growth() {
  if (!failed()) failure_ = Failure::kLimit;
  return false;
}

// Makes contiguous room for `bytes` bytes, in a new chunk if necessary.
bool RopeWriter::make_room(size_t bytes) {
  if (failed()) return false;
  if (static_cast<size_t>(end_ - at_) >= bytes) return true;
  end_run();
  ChunkPool::Tail tail;
  if (!chunk_) tail = pool_.take_tail(kRoomBytes);
  if (!tail.chunk) tail = {take_chunk(kPooledChunkBytes), 0};
  if (!tail.chunk) return false;
  chunk_ = std::move(tail.chunk);
  run_ = at_ = chunk_->data() + tail.offset;
  end_ = chunk_->data() + chunk_->capacity;
  return true;
}

ChunkRef RopeWriter::take_chunk(size_t bytes) {
  ChunkRef chunk = passes_the_limit_ ? pool_.acquire_to_drain(bytes) : pool_.try_acquire(bytes);
  if (!chunk) refuse_memory();
  return chunk;
}

std::optional<Bytes> RopeWriter::join(const Rope& message) {
  if (message.pieces().size() <= 1) return message.to_bytes();
  ChunkRef chunk = take_chunk(message.size());
  if (!chunk) return std::nullopt;
  uint8_t* at = chunk->data();
  for (const Bytes& piece : message.pieces()) {
    for (size_t done = 0; done < piece.size(); done += kCopyAtOnceBytes) {
      const size_t part = std::min(kCopyAtOnceBytes, piece.size() - done);
      std::memcpy(at, piece.data() + done, part);
      at += part;
      pace_.step(part / 4);
    }
  }
  const uint8_t* const data = chunk->data();
  return Bytes(std::move(chunk), data, message.size());
}

void RopeWriter::end_run() {
  if (run_ == at_) return;
  // Never joined with the piece before, because an open message stores the index of its piece.
  const AllocationName name("term messages");
  pieces_.push_back(Bytes(chunk_, run_, static_cast<size_t>(at_ - run_)));
  run_ = at_;
}

}  // namespace millrace::otlp
