// Cuts a file into its frames: lines, or a length of 4 bytes (big endian) and that many bytes. The
// file's first bytes determine which.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace millrace::replay {

// Fills a prefix of `into` and returns its size; 0 at the end.
using ByteSource = std::function<Result<size_t>(std::span<uint8_t> into)>;

// More than any destination accepts in one request.
inline constexpr size_t kFrameBytesMax = size_t{256} << 20;

struct Frame {
  Bytes bytes;        // without the length, without '\n'
  std::string where;  // "dead.jsonl:7", or "a.bin: record 3 at byte 1234"
  bool is_line = false;
  bool is_cut_off = false;  // a last line without its line end; it may still be complete
};

struct Unreadable {
  std::string where;
  std::string why;
};

// One thread.
class FrameReader {
 public:
  FrameReader(std::string name, ByteSource source, size_t frame_bytes_max = kFrameBytesMax)
      : name_(std::move(name)), source_(std::move(source)), frame_bytes_max_(frame_bytes_max) {}

  enum class Step : uint8_t { kFrame, kUnreadable, kEnd };
  // Sets one of the two. Behind an unreadable frame it continues with the next one if that can be
  // found, otherwise it returns kEnd. Empty lines are skipped.
  Step next(Frame* frame, Unreadable* unreadable);
  bool was_empty() const { return begun_ && total_ == 0; }

 private:
  enum class Kind : uint8_t { kLines, kLengths };
  // Determines the kind of the file. False: it is unreadable.
  bool begin(Unreadable* unreadable);
  Step next_line(Frame* frame, Unreadable* unreadable);
  Step next_length(Frame* frame, Unreadable* unreadable);
  Step fail_at(std::string where, std::string why, Unreadable* unreadable);
  // Fills the buffer to at least `size` bytes, or fewer at the end of the file.
  bool fill(size_t size);
  bool read_more(size_t size);
  size_t available() const { return buffer_.size() - at_; }
  std::span<const uint8_t> ahead() const { return std::span(buffer_).subspan(at_); }
  void consume(size_t size) { at_ += size, position_ += size; }
  bool skip(size_t size);

  const std::string name_;
  const ByteSource source_;
  const size_t frame_bytes_max_;
  std::vector<uint8_t> buffer_;
  size_t at_ = 0;
  uint64_t position_ = 0;  // the position of buffer_[at_] in the file
  uint64_t total_ = 0;     // bytes read from the source
  uint64_t number_ = 0;    // the number of the last line or record
  Kind kind_ = Kind::kLines;
  bool begun_ = false;
  bool ended_ = false;     // the source has no more bytes
  bool finished_ = false;  // the rest of the file is unreadable
  std::optional<Error> source_error_;
};

}  // namespace millrace::replay
