#include "compress/deflate_stream.h"

#include <algorithm>
#include <array>

#include "base/allocation_name.h"

namespace millrace::compress {
namespace {

// So little at once because data that a sender chooses may cost ten times what telemetry does.
constexpr size_t kStepBytes = 8 * 1024;
constexpr int kWindowBits = 15;
constexpr int kGzipWrapper = 16;  // added to the window's bits
constexpr int kMemoryLevel = 8;   // zlib's default
constexpr size_t kContextBytesMax = 512 * 1024;
// Nanoseconds a byte, zlib 1.2.13.
constexpr std::array<size_t, 10> kUnits = {1, 5, 5, 7, 9, 9, 12, 14, 21, 25};

}  // namespace

size_t deflate_units(int level) { return kUnits[static_cast<size_t>(std::clamp(level, 0, 9))]; }

DeflateStream::~DeflateStream() {
  if (is_open_) deflateEnd(&stream_);
}

Result<size_t> DeflateStream::compress(const Rope& plain, std::span<uint8_t> out, Pace& pace) {
  if (!is_open_) {
    const AllocationName name("constant compressor", kContextBytesMax);
    const int bits = kWindowBits + (coding_ == Coding::kGzip ? kGzipWrapper : 0);
    if (deflateInit2(&stream_, level_, Z_DEFLATED, bits, kMemoryLevel, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
      return fail(Code::kUnavailable, "memory for a compressor");
    }
    is_open_ = true;
  } else {
    deflateReset(&stream_);
  }
  stream_.next_out = out.data();
  stream_.avail_out = static_cast<uInt>(out.size());
  const auto feed = [&](std::span<const uint8_t> step, int flush) {
    stream_.next_in = const_cast<uint8_t*>(step.data());
    stream_.avail_in = static_cast<uInt>(step.size());
    const int result = deflate(&stream_, flush);
    pace.step(std::max<size_t>(1, step.size()) * deflate_units(level_));
    return result;
  };
  for (const Bytes& piece : plain.pieces()) {
    for (size_t at = 0; at < piece.size(); at += kStepBytes) {
      const auto step = piece.view().subspan(at, std::min(kStepBytes, piece.size() - at));
      if (feed(step, Z_NO_FLUSH) != Z_OK || stream_.avail_in != 0) {
        return fail(Code::kInternal, "deflate did not fit its bound");
      }
    }
  }
  if (feed({}, Z_FINISH) != Z_STREAM_END) {
    return fail(Code::kInternal, "deflate did not fit its bound");
  }
  return out.size() - stream_.avail_out;
}

}  // namespace millrace::compress
