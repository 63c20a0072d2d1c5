// A message in the making: kept stretches of received bytes and new ones between them.
//
// New bytes go to chunks of the pool, so that they are reserved in the budget before they are
// written, and never more than `bytes_max` in all. A kept stretch stays a slice of its chunk where
// it has at least kCopyBelowBytes; shorter ones are copied, because a piece costs more than they
// do, here and in every gathered write. So the list of pieces takes at most a fiftieth of the bytes
// it describes, whatever the message looks like.
//
// The first failure stays: what is written behind it is ignored, finish() returns it. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
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
  // `what`, for errors: "editing"; a literal.
  RopeWriter(Work& work, size_t bytes_max, std::string_view what = "editing")
      : pool_(work.pool), pace_(work.pace), bytes_max_(bytes_max), what_(what) {}
  ~RopeWriter();
  RopeWriter(const RopeWriter&) = delete;
  RopeWriter& operator=(const RopeWriter&) = delete;

  // A stretch of bytes that `owner` keeps alive.
  void keep(const Bytes& owner, std::span<const uint8_t> stretch);
  void write(std::span<const uint8_t> bytes);
  void write_len_prefix(uint32_t field_number, size_t content_size);

  // A nested message whose size is not known yet: open, write the content, close in reverse order.
  // The length comes out minimal, whatever was expected.
  struct Nested {
    size_t prefix_at = 0;  // of the tag, in the piece
    size_t piece = 0;      // the index that the piece has or will have
    size_t size_before = 0;
    uint32_t field_number = 0;
    uint8_t length_bytes = 0;  // as expected
  };
  Nested open(uint32_t field_number, size_t expected_size);
  void close(const Nested& nested);

  // For what drains a full process: so many bytes may be reserved beyond the limit of the budget.
  void let_pass_the_limit(size_t bytes) { beyond_left_ = bytes; }
  // What was; it must live as long as the rope.
  std::vector<Reservation> take_beyond() { return std::move(beyond_); }

  size_t size() const { return size_; }
  bool failed() const { return failure_ != Failure::kNone; }
  // For a caller whose own memory was refused: finish() says so.
  void refuse_memory() {
    if (!failed()) failure_ = Failure::kMemory;
  }
  // A chunk for what the caller has to copy on the way, by the rule of the output: of the pool, or
  // beyond the limit. Null: there is no room, and finish() says so.
  ChunkRef take_chunk(size_t bytes);
  //   kResourceExhausted  more than bytes_max
  //   kUnavailable        the budget refused; the message begins with "memory"
  Result<Rope> finish();

 private:
  enum class Failure : uint8_t { kNone, kLimit, kMemory };

  ChunkRef take_chunk_beyond(size_t bytes);
  void append_piece(Bytes bytes);
  bool may_grow(size_t bytes);
  bool make_room(size_t bytes);
  void end_run();
  void close_in_run(const Nested& nested, size_t content_size);
  void put_prefix_apart(const Nested& nested, size_t content_size);

  ChunkPool& pool_;
  Pace& pace_;
  const size_t bytes_max_;
  const std::string_view what_;
  size_t beyond_left_ = 0;
  std::vector<Reservation> beyond_;
  std::vector<Bytes> pieces_;
  ChunkRef chunk_;          // being written
  uint8_t* run_ = nullptr;  // what was written there since the last piece ended
  uint8_t* at_ = nullptr;   // behind it
  uint8_t* end_ = nullptr;  // of the chunk
  size_t size_ = 0;
  Failure failure_ = Failure::kNone;
};

}  // namespace millrace::otlp
