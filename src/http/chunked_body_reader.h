// Takes the chunked coding off a message body (RFC 9112, section 7.1) as it comes. Keeps nothing of
// what it reads: extensions and trailers are passed over, within the bounds of response_limit.h.
// One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "http/response_limit.h"

namespace millrace::http {

class ChunkedBodyReader {
 public:
  enum class Outcome : uint8_t {
    kMore,       // all bytes are used, and the body goes on
    kComplete,   // the body, trailers included, is over
    kMalformed,  // not the chunked coding
    kTooLong,    // limit() says what
    kStopped     // the receiver of the data said so
  };
  // Starts with a new body.
  void reset() { *this = ChunkedBodyReader(); }
  // Gives the data to `on_data`, which returns false to stop. `used` is how many of `bytes` belong
  // to the body: all of them, except for kComplete.
  template <class OnData>
  Outcome read(std::span<const uint8_t> bytes, size_t& used, OnData on_data) {
    for (used = 0; used < bytes.size();) {
      if (state_ == State::kData) {
        const size_t count = data_left_ < bytes.size() - used ? static_cast<size_t>(data_left_)
                                                              : bytes.size() - used;
        if (!on_data(bytes.subspan(used, count))) return Outcome::kStopped;
        used += count;
        data_left_ -= count;
        if (data_left_ == 0) state_ = State::kDataCr;
        continue;
      }
      const Outcome outcome = step(bytes[used++]);
      if (outcome != Outcome::kMore) return outcome;
    }
    return Outcome::kMore;
  }
  ResponseLimit limit() const { return limit_; }

 private:
  enum class State : uint8_t {
    kSizeStart,  // the first digit of a chunk's size
    kSize,
    kSizeSpace,  // spaces behind the size
    kExtension,
    kLineLf,  // the line feed behind size or extensions
    kData,
    kDataCr,
    kDataLf,
    kTrailerStart,  // the beginning of a trailer's line, or of the empty line
    kTrailer,
    kTrailerLf,
    kEndLf,
  };
  Outcome step(uint8_t byte);
  Outcome add_digit(uint8_t byte);
  Outcome end_line();
  Outcome too_long(ResponseLimit limit);

  State state_ = State::kSizeStart;
  ResponseLimit limit_ = ResponseLimit::kNone;
  uint64_t data_left_ = 0;  // of the chunk
  size_t line_bytes_ = 0;   // of the line in front of the chunk
  uint64_t lines_excess_ = 0;
  size_t trailer_bytes_ = 0;
};

}  // namespace millrace::http
