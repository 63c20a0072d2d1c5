// The library reads from a Source and tells it what it has used up, so that the pace of the work is
// kept without copying; what a Source has peeked at stays valid while the work is suspended. It
// writes into memory of a stated size, which is checked against the limit and against what the
// input can hold before it is reserved.
#include "compress/snappy_coding.h"

#include <isa-l/crc.h>
#include <snappy-sinksource.h>
#include <snappy.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "compress/decompress_error.h"

namespace millrace::compress {
namespace {

constexpr size_t kFrameHeaderBytes = 4;  // type, length
constexpr size_t kChecksumBytes = 4;
constexpr size_t kFramePlainBytesMax = 64 * 1024;
constexpr std::array<uint8_t, 10> kStreamIdentifier = {0xff, 6, 0, 0, 's', 'N', 'a', 'P', 'p', 'Y'};
enum Frame : uint8_t {
  kCompressed = 0,
  kUncompressed = 1,
  kUnskippableMax = 0x7f,
  kIdentifier = 0xff,
};
// A copy of 64 bytes takes three of input.
constexpr size_t kRatioMax = 22;
constexpr size_t kInputStepBytes = 4 * 1024;
constexpr size_t kInputUnits = 4;
constexpr size_t kFrameUnits = 100;
constexpr size_t kCompressUnits = 2;

uint32_t masked_crc(std::span<const uint8_t> bytes) {
  const uint32_t crc =
      ~crc32_iscsi(const_cast<uint8_t*>(bytes.data()), static_cast<int>(bytes.size()), 0xffffffffU);
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8U;
}

void write_little_endian(uint8_t* at, uint32_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) at[i] = static_cast<uint8_t>(value >> (8 * i));
}

class SpanSource final : public snappy::Source {
 public:
  SpanSource(std::span<const uint8_t> bytes, Pace& pace) : bytes_(bytes), pace_(pace) {}
  size_t Available() const override { return bytes_.size(); }
  const char* Peek(size_t* size) override {
    *size = pace_.may_suspend() ? std::min(bytes_.size(), kInputStepBytes) : bytes_.size();
    return reinterpret_cast<const char*>(bytes_.data());
  }
  void Skip(size_t size) override {
    bytes_ = bytes_.subspan(size);
    pace_.step(kInputUnits * size);
  }

 private:
  std::span<const uint8_t> bytes_;
  Pace& pace_;
};

class RopeSource final : public snappy::Source {
 public:
  RopeSource(const Rope& rope, Pace& pace) : rope_(rope), pace_(pace), left_(rope.size()) {
    pass_empty_pieces();
  }
  size_t Available() const override { return left_; }
  const char* Peek(size_t* size) override {
    if (left_ == 0) {
      *size = 0;
      return "";
    }
    const Bytes& piece = rope_.pieces()[piece_];
    *size = piece.size() - offset_;
    return reinterpret_cast<const char*>(piece.data()) + offset_;
  }
  void Skip(size_t size) override {
    left_ -= size;
    pace_.step(kCompressUnits * size);
    for (size_t part; size > 0; size -= part) {
      part = std::min(size, rope_.pieces()[piece_].size() - offset_);
      offset_ += part;
      pass_empty_pieces();
    }
  }
  // Copies the next bytes, at most `size`; how many.
  size_t read(uint8_t* into, size_t size) {
    size_t copied = 0;
    while (copied < size && left_ > 0) {
      size_t part = 0;
      const char* from = Peek(&part);
      part = std::min(part, size - copied);
      std::memcpy(into + copied, from, part);
      Skip(part);
      copied += part;
    }
    return copied;
  }

 private:
  void pass_empty_pieces() {
    while (piece_ < rope_.pieces().size() && offset_ == rope_.pieces()[piece_].size()) {
      ++piece_;
      offset_ = 0;
    }
  }

  const Rope& rope_;
  Pace& pace_;
  size_t left_;
  size_t piece_ = 0;
  size_t offset_ = 0;
};

bool is_framed(std::span<const uint8_t> input) {
  return input.size() >= kStreamIdentifier.size() &&
         std::ranges::equal(input.first(kStreamIdentifier.size()), kStreamIdentifier);
}

// One block behind what `out` has.
Status decode_block(Coding coding, std::span<const uint8_t> block, size_t plain_bytes_max,
                    ChunkBuffer& out, Pace& pace) {
  size_t size = 0;
  const auto* text = reinterpret_cast<const char*>(block.data());
  if (!snappy::GetUncompressedLength(text, block.size(), &size) || size > plain_bytes_max ||
      size / kRatioMax > block.size()) {
    return corrupt(coding, "corrupt data");
  }
  if (size > out.bytes_max() - out.used()) return too_large(coding, out.bytes_max());
  if (const auto room = out.make_room(size); room != ChunkBuffer::Room::kOk) {
    return no_room(room, coding, out.bytes_max());
  }
  uint8_t nothing = 0;
  uint8_t* into = out.data() == nullptr ? &nothing : out.data() + out.used();
  SpanSource source(block, pace);
  if (!snappy::RawUncompress(&source, reinterpret_cast<char*>(into))) {
    return corrupt(coding, "corrupt data");
  }
  out.note_written(size);
  return {};
}

// A frame of data: its checksum and its content.
Status decode_frame(Coding coding, uint8_t type, std::span<const uint8_t> frame, ChunkBuffer& out,
                    Pace& pace) {
  if (frame.size() < kChecksumBytes) return corrupt(coding, "a frame is too short");
  const uint32_t checksum = read_little_endian_32(frame.data());
  const std::span<const uint8_t> content = frame.subspan(kChecksumBytes);
  const size_t before = out.used();
  if (type == kCompressed) {
    const Status decoded = decode_block(coding, content, kFramePlainBytesMax, out, pace);
    if (!decoded) return decoded;
  } else {
    if (content.size() > kFramePlainBytesMax) return corrupt(coding, "a frame is too long");
    if (content.size() > out.bytes_max() - out.used()) return too_large(coding, out.bytes_max());
    if (const auto room = out.make_room(content.size()); room != ChunkBuffer::Room::kOk) {
      return no_room(room, coding, out.bytes_max());
    }
    if (!content.empty()) std::memcpy(out.data() + out.used(), content.data(), content.size());
    out.note_written(content.size());
    pace.step(content.size() / 4);
  }
  const size_t written = out.used() - before;
  const std::span<const uint8_t> plain(written == 0 ? nullptr : out.data() + before, written);
  if (masked_crc(plain) != checksum) return corrupt(coding, "wrong checksum");
  return {};
}

Status decode_frames(Coding coding, std::span<const uint8_t> input, ChunkBuffer& out, Pace& pace) {
  if (!input.empty() && !is_framed(input)) return corrupt(coding, "not framed snappy");
  while (!input.empty()) {
    pace.step(kFrameUnits);
    if (input.size() < kFrameHeaderBytes) return corrupt(coding, "truncated");
    const uint8_t type = input[0];
    const size_t size = read_little_endian_32(input.data()) >> 8;
    if (size > input.size() - kFrameHeaderBytes) return corrupt(coding, "truncated");
    const std::span<const uint8_t> frame = input.subspan(kFrameHeaderBytes, size);
    if (type == kCompressed || type == kUncompressed) {
      if (Status decoded = decode_frame(coding, type, frame, out, pace); !decoded) return decoded;
    } else if (type <= kUnskippableMax) {
      return corrupt(coding, "a frame of an unknown kind");
    } else if (type == kIdentifier && !is_framed(input)) {
      return corrupt(coding, "a wrong stream identifier");
    }
    input = input.subspan(kFrameHeaderBytes + size);
  }
  return {};
}

size_t write_frames(RopeSource& source, std::span<uint8_t> into) {
  std::vector<uint8_t> plain(kFramePlainBytesMax);  // too large for the stack of a fiber
  uint8_t* at = std::ranges::copy(kStreamIdentifier, into.data()).out;
  while (const size_t size = source.read(plain.data(), plain.size())) {
    uint8_t* content = at + kFrameHeaderBytes + kChecksumBytes;
    size_t written = 0;
    snappy::RawCompress(reinterpret_cast<const char*>(plain.data()), size,
                        reinterpret_cast<char*>(content), &written);
    const bool is_smaller = written < size - size / 8;
    if (!is_smaller) {
      std::memcpy(content, plain.data(), size);
      written = size;
    }
    at[0] = is_smaller ? kCompressed : kUncompressed;
    write_little_endian(at + 1, static_cast<uint32_t>(kChecksumBytes + written), 3);
    write_little_endian(at + kFrameHeaderBytes, masked_crc({plain.data(), size}), kChecksumBytes);
    at = content + written;
  }
  return static_cast<size_t>(at - into.data());
}

}  // namespace

size_t snappy_bound(Coding coding, size_t plain_size) {
  if (coding == Coding::kSnappy) return snappy::MaxCompressedLength(plain_size);
  const size_t frames = plain_size / kFramePlainBytesMax + 1;
  return kStreamIdentifier.size() + frames * (kFrameHeaderBytes + kChecksumBytes) + plain_size +
         snappy::MaxCompressedLength(kFramePlainBytesMax);
}

Result<size_t> compress_snappy(Coding coding, const Rope& plain, std::span<uint8_t> into,
                               Pace& pace) {
  RopeSource source(plain, pace);
  if (coding == Coding::kSnappyFramed) return write_frames(source, into);
  snappy::UncheckedByteArraySink sink(reinterpret_cast<char*>(into.data()));
  return snappy::Compress(&source, &sink);
}

Result<Bytes> decompress_snappy(Coding coding, std::span<const uint8_t> input, ChunkBuffer& out,
                                Pace& pace) {
  const bool framed = coding == Coding::kSnappyFramed || is_framed(input);
  const Status decoded = framed ? decode_frames(coding, input, out, pace)
                                : decode_block(coding, input, SIZE_MAX, out, pace);
  if (!decoded) return fail(decoded.error());
  return out.finish();
}

}  // namespace millrace::compress
