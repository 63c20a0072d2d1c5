// A file cut into the frames that writers put there: lines, or 4 bytes of length (big endian) and
// that many bytes. Which of the two it is, its first bytes tell.
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

// More than any destination takes in one request.
inline constexpr size_t kFrameBytesMax = size_t{256} << 20;

struct Frame {
  Bytes bytes;        // without the length, without '\n'
  std::string where;  // "dead.jsonl:7", or "a.bin: record 3 at byte 1234"
  bool is_line = false;
  bool is_cut_off = false;  // a last line without its end; it may be whole all the same
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
  // Fills one of the two. Behind a frame that cannot be read it goes on with the next one where it
  // can be found, else with kEnd. Empty lines are passed over.
  Step next(Frame* frame, Unreadable* unreadable);
  bool was_empty() const { return begun_ && total_ == 0; }

 private:
  enum class Kind : uint8_t { kLines, kLengths };
  // Looks which kind of file it is; false: one that cannot be read.
  bool begin(Unreadable* unreadable);
  Step next_line(Frame* frame, Unreadable* unreadable);
  Step next_length(Frame* frame, Unreadable* unreadable);
  Step fail_at(std::string where, std::string why, Unreadable* unreadable);
  // At least `size` bytes in the buffer, or fewer at the end.
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
  uint64_t position_ = 0;  // of buffer_[at_] in the file
  uint64_t total_ = 0;     // bytes read from the source
  uint64_t number_ = 0;    // of the last line or record
  Kind kind_ = Kind::kLines;
  bool begun_ = false;
  bool ended_ = false;     // the source has no more
  bool finished_ = false;  // nothing behind this can be read
  std::optional<Error> source_error_;
};

}  // namespace millrace::replay
