#include "http/chunked_body_reader.h"

namespace millrace::http {
namespace {

// No chunk can have as many bytes: what is larger is a mistake or an attack.
constexpr uint64_t kChunkBytesMax = uint64_t{1} << 60;

int digit_of(uint8_t byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  const uint8_t lower = byte | 0x20;
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// A horizontal tab and everything that can be seen (RFC 9110, section 5.5).
bool is_text(uint8_t byte) { return byte == '\t' || (byte >= 0x20 && byte != 0x7f); }

}  // namespace

ChunkedBodyReader::Outcome ChunkedBodyReader::too_long(ResponseLimit limit) {
  limit_ = limit;
  return Outcome::kTooLong;
}

ChunkedBodyReader::Outcome ChunkedBodyReader::add_digit(uint8_t byte) {
  const int digit = digit_of(byte);
  if (digit < 0) return Outcome::kMalformed;
  data_left_ = data_left_ * 16 + static_cast<uint64_t>(digit);
  return data_left_ < kChunkBytesMax ? Outcome::kMore : Outcome::kMalformed;
}

// The line in front of a chunk is whole.
ChunkedBodyReader::Outcome ChunkedBodyReader::end_line() {
  lines_excess_ += line_bytes_;
  const uint64_t usual = 16 + 2 * data_left_;
  lines_excess_ -= lines_excess_ < usual ? lines_excess_ : usual;
  if (lines_excess_ > kChunkLinesExcessMax) return too_long(ResponseLimit::kChunkLine);
  line_bytes_ = 0;
  state_ = data_left_ == 0 ? State::kTrailerStart : State::kData;
  return Outcome::kMore;
}

ChunkedBodyReader::Outcome ChunkedBodyReader::step(uint8_t byte) {
  if (state_ <= State::kLineLf && ++line_bytes_ > kChunkLineBytesMax) {
    return too_long(ResponseLimit::kChunkLine);
  }
  if (state_ >= State::kTrailerStart && ++trailer_bytes_ > kTrailerBytesMax) {
    return too_long(ResponseLimit::kTrailers);
  }
  switch (state_) {
    case State::kSizeStart:
      state_ = State::kSize;
      return add_digit(byte);
    case State::kSize:
      if (byte == '\r') {
        state_ = State::kLineLf;
      } else if (byte == ';') {
        state_ = State::kExtension;
      } else if (byte == ' ' || byte == '\t') {
        state_ = State::kSizeSpace;
      } else {
        return add_digit(byte);
      }
      return Outcome::kMore;
    case State::kSizeSpace:
      if (byte == '\r') {
        state_ = State::kLineLf;
      } else if (byte == ';') {
        state_ = State::kExtension;
      } else if (byte != ' ' && byte != '\t') {
        return Outcome::kMalformed;
      }
      return Outcome::kMore;
    case State::kExtension:
    case State::kTrailer:
      if (byte == '\r') {
        state_ = state_ == State::kExtension ? State::kLineLf : State::kTrailerLf;
      } else if (!is_text(byte)) {
        return Outcome::kMalformed;
      }
      return Outcome::kMore;
    case State::kLineLf:
      return byte == '\n' ? end_line() : Outcome::kMalformed;
    case State::kDataCr:
      state_ = State::kDataLf;
      return byte == '\r' ? Outcome::kMore : Outcome::kMalformed;
    case State::kDataLf:
      state_ = State::kSizeStart;
      return byte == '\n' ? Outcome::kMore : Outcome::kMalformed;
    case State::kTrailerStart:
      state_ = byte == '\r' ? State::kEndLf : State::kTrailer;
      return byte == '\r' || is_text(byte) ? Outcome::kMore : Outcome::kMalformed;
    case State::kTrailerLf:
      state_ = State::kTrailerStart;
      return byte == '\n' ? Outcome::kMore : Outcome::kMalformed;
    case State::kEndLf:
      return byte == '\n' ? Outcome::kComplete : Outcome::kMalformed;
    case State::kData:
      break;
  }
  return Outcome::kMalformed;
}

}  // namespace millrace::http
