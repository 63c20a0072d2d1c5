// Writes a message from kept stretches of received bytes and new bytes between them.
//
// New bytes go to chunks of the pool, so that they are reserved in the budget before they are
// written, at most `bytes_max` in all. A kept stretch of at least kCopyBelowBytes stays a slice of
// its chunk; a shorter one is copied, because a piece costs more than its bytes, here and in every
// gathered write. The list of pieces therefore takes at most a fiftieth of the bytes that it
// describes, whatever the message is.
//
// The first failure is kept: later writes are ignored, and finish() returns it. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "memory/work.h"
#include "wire/protobuf.h"

namespace millrace::otlp {

inline constexpr size_t kCopyBelowBytes = 4096;

class RopeWriter {
 public:
  // `what` is a literal for errors, such as "editing".
  RopeWriter(Work& work, size_t bytes_max, std::string_view what = "editing")
      : pool_(work.pool), pace_(work.pace), bytes_max_(bytes_max), what_(what) {}
  ~RopeWriter();
  RopeWriter(const RopeWriter&) = delete;
  RopeWriter& operator=(const RopeWriter&) = delete;

  // Keeps a stretch of bytes that `owner` keeps alive.
  void keep(const Bytes& owner, std::span<const uint8_t> stretch);
  void write(std::span<const uint8_t> bytes);
  // Room for a few bytes that the caller writes before the next call. Null after a failure.
  uint8_t* extend(size_t bytes) {
    if (bytes > static_cast<size_t>(end_ - at_) && !make_room(bytes)) return nullptr;
    if (!may_grow(bytes)) return nullptr;
    at_ += bytes;
    return at_ - bytes;
  }
  void write_len_prefix(uint32_t field_number, size_t content_size);

  // A nested message of unknown size: open it, write the content, close in reverse order.
  // Its length is encoded minimally, whatever size was expected.
  struct Nested {
    size_t prefix_at = 0;  // of the tag, in the piece
    size_t piece = 0;      // the index that the piece has or will have
    size_t size_before = 0;
    uint32_t field_number = 0;
    uint8_t length_bytes = 0;  // as expected at open()
  };
  Nested open(uint32_t field_number, size_t expected_size);
  void close(const Nested& nested);

  // Lets the writer pass the budget's limit as ChunkPool::acquire_to_drain() does.
  void let_pass_the_limit() { passes_the_limit_ = true; }

  size_t size() const { return size_; }
  bool failed() const { return failure_ != Failure::kNone; }
  // For a caller whose own memory was refused: finish() then returns that error.
  void refuse_memory() {
    if (!failed()) failure_ = Failure::kMemory;
  }
  // Returns a chunk for bytes that the caller must copy in between, reserved as the output is: from
  // the pool. Null: there is no room, and finish() returns the error.
  ChunkRef take_chunk(size_t bytes);
  // Returns `message` in one piece, copied into take_chunk() when it is in several. Nothing: there
  // is no room.
  std::optional<Bytes> join(const Rope& message);
  //   kResourceExhausted  more than bytes_max
  //   kUnavailable        the budget refused; the message begins with "memory"
  Result<Rope> finish();

 private:
  enum class Failure : uint8_t { kNone, kLimit, kMemory };

  void append_piece(Bytes bytes);
  bool may_grow(size_t bytes) {
    if (failed() || size_ + bytes > bytes_max_) return refuse_growth();
    size_ += bytes;
    return true;
  }
  bool refuse_growth();
  bool make_room(size_t bytes);
  void end_run();
  void close_in_run(const Nested& nested, size_t content_size);
  void put_prefix_apart(const Nested& nested, size_t content_size);

  ChunkPool& pool_;
  Pace& pace_;
  const size_t bytes_max_;
  const std::string_view what_;
  bool passes_the_limit_ = false;
  std::vector<Bytes> pieces_;
  ChunkRef chunk_;          // the current chunk
  uint8_t* run_ = nullptr;  // begin of the bytes written since the last piece ended
  uint8_t* at_ = nullptr;   // end of these bytes
  uint8_t* end_ = nullptr;  // end of the chunk
  size_t size_ = 0;
  Failure failure_ = Failure::kNone;
};

}  // namespace millrace::otlp
