// Deflate comes in two speeds: libdeflate needs the whole output in one buffer but is the faster
// (1.3 to 1.5 GB/s against 1.1), ISA-L can go on in a larger buffer where the last one ended. So
// the first buffer is sized by a guess and tried with libdeflate; only when it is too small does
// the member start again with ISA-L, which then grows without repeating anything.
//
// zstd is always decoded in one shot, straight into the output: the streaming interface would hold
// a window of its own, as large as the sender asks for, outside the budget. When the output does
// not fit the frame starts again in a buffer four times as large, so that all attempts together
// cost at most a third more than the last.
#include "compress/decompressor.h"

#include <isa-l/igzip_lib.h>
#include <libdeflate.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string>

#include "memory/chunk_buffer.h"

namespace millrace::compress {
namespace {

using Room = ChunkBuffer::Room;

// No deflate stream holds more than this many bytes per byte of input (258 from two bits).
constexpr size_t kDeflateRatioMax = 1032;
// gzip's smallest member: 10 bytes of header, 2 of an empty block, 8 of trailer.
constexpr size_t kGzipMemberMin = 20;
// For zstd frames that do not state their size: telemetry seldom shrinks more.
constexpr size_t kZstdGuessRatio = 8;

std::unexpected<Error> corrupt(Coding coding, std::string_view detail) {
  return fail(Code::kInvalidArgument,
              std::string(coding_name(coding)) + " body: " + std::string(detail));
}

std::unexpected<Error> too_large(Coding coding, size_t max_bytes) {
  return fail(Code::kResourceExhausted, std::string(coding_name(coding)) +
                                            " body decompresses to more than the limit of " +
                                            std::to_string(max_bytes) + " bytes");
}

std::unexpected<Error> no_room(Room room, Coding coding, size_t max_bytes) {
  if (room == Room::kLimit) return too_large(coding, max_bytes);
  return fail(Code::kUnavailable, "memory budget exhausted while decompressing");
}

uint32_t read_little_endian_32(const uint8_t* at) {
  return uint32_t{at[0]} | uint32_t{at[1]} << 8 | uint32_t{at[2]} << 16 | uint32_t{at[3]} << 24;
}

// A first size for the output: what the trailer of the last gzip member says, if that is possible.
size_t guess_deflate_size(Coding coding, std::span<const uint8_t> input, size_t max_bytes) {
  size_t guess = input.size() * 4;
  if (coding == Coding::kGzip && input.size() >= kGzipMemberMin) {
    const size_t stated = read_little_endian_32(input.data() + input.size() - 4);
    if (stated <= input.size() * kDeflateRatioMax) guess = stated;
  }
  return std::min(guess, max_bytes);
}

std::string_view describe_isal(int code) {
  switch (code) {
    case ISAL_INVALID_WRAPPER:
    case ISAL_UNSUPPORTED_METHOD:
      return "not a header of this coding";
    case ISAL_INCORRECT_CHECKSUM:
      return "wrong checksum or size";
    case ISAL_NEED_DICT:
      return "needs a preset dictionary";
    default:
      return "corrupt data";
  }
}

}  // namespace

struct Decompressor::Contexts {
  struct FreeDeflate {
    void operator()(libdeflate_decompressor* d) const { libdeflate_free_decompressor(d); }
  };
  struct FreeZstd {
    void operator()(ZSTD_DCtx* d) const { ZSTD_freeDCtx(d); }
  };
  std::unique_ptr<libdeflate_decompressor, FreeDeflate> deflate;
  std::unique_ptr<inflate_state> isal;
  std::unique_ptr<ZSTD_DCtx, FreeZstd> zstd;

  Result<Bytes> inflate(Coding coding, std::span<const uint8_t> input, ChunkBuffer& out);
  Status inflate_streaming(Coding coding, std::span<const uint8_t> input, ChunkBuffer& out);
  Status inflate_rest_of_member(Coding coding, ChunkBuffer& out);
  Result<Bytes> decompress_zstd(std::span<const uint8_t> input, ChunkBuffer& out);
};

Decompressor::Decompressor() : contexts_(std::make_unique<Contexts>()) {}
Decompressor::~Decompressor() = default;

Result<Bytes> Decompressor::decompress(Coding coding, std::span<const uint8_t> input,
                                       ChunkPool& pool, size_t max_bytes) {
  ChunkBuffer out(pool, max_bytes);
  switch (coding) {
    case Coding::kIdentity: {
      if (const Room room = out.make_room(input.size()); room != Room::kOk) {
        return no_room(room, coding, max_bytes);
      }
      if (!input.empty()) std::copy(input.begin(), input.end(), out.data());
      out.note_written(input.size());
      return out.finish();
    }
    case Coding::kGzip:
    case Coding::kDeflate:
      return contexts_->inflate(coding, input, out);
    case Coding::kZstd:
      return contexts_->decompress_zstd(input, out);
  }
  return fail(Code::kInternal, "unknown coding");
}

Result<Bytes> Decompressor::Contexts::inflate(Coding coding, std::span<const uint8_t> input,
                                              ChunkBuffer& out) {
  if (input.empty()) return corrupt(coding, "empty");
  if (input.size() > std::numeric_limits<uint32_t>::max()) {
    return fail(Code::kResourceExhausted, "compressed body of 4 GiB or more");
  }
  if (deflate == nullptr) {
    deflate.reset(libdeflate_alloc_decompressor());
    if (deflate == nullptr) return fail(Code::kUnavailable, "memory for a decompressor");
  }
  const size_t guess = std::max<size_t>(1, guess_deflate_size(coding, input, out.bytes_max()));
  if (out.bytes_max() > 0) {
    if (const Room room = out.make_room(guess); room != Room::kOk) {
      return no_room(room, coding, out.bytes_max());
    }
  }
  const auto decode =
      coding == Coding::kGzip ? libdeflate_gzip_decompress_ex : libdeflate_zlib_decompress_ex;
  while (!input.empty()) {
    size_t consumed = 0;
    size_t produced = 0;
    uint8_t nothing = 0;
    uint8_t* into = out.data() == nullptr ? &nothing : out.data() + out.used();
    const libdeflate_result result =
        decode(deflate.get(), input.data(), input.size(), into, out.room(), &consumed, &produced);
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE) {
      if (Status rest = inflate_streaming(coding, input, out); !rest) {
        return fail(std::move(rest.error()));
      }
      return out.finish();
    }
    if (result != LIBDEFLATE_SUCCESS) return corrupt(coding, "corrupt or truncated");
    out.note_written(produced);
    input = input.subspan(consumed);
    if (coding == Coding::kDeflate && !input.empty()) return corrupt(coding, "trailing bytes");
  }
  return out.finish();
}

// Goes on member by member with ISA-L, growing the output as it fills.
Status Decompressor::Contexts::inflate_streaming(Coding coding, std::span<const uint8_t> input,
                                                 ChunkBuffer& out) {
  if (isal == nullptr) isal = std::make_unique<inflate_state>();
  do {
    isal_inflate_init(isal.get());
    isal->crc_flag = coding == Coding::kGzip ? ISAL_GZIP : ISAL_ZLIB;
    isal->next_in = const_cast<uint8_t*>(input.data());
    isal->avail_in = static_cast<uint32_t>(input.size());
    if (Status member = inflate_rest_of_member(coding, out); !member) return member;
    input = input.last(isal->avail_in);
    if (coding == Coding::kDeflate && !input.empty()) return corrupt(coding, "trailing bytes");
  } while (!input.empty());
  return {};
}

Status Decompressor::Contexts::inflate_rest_of_member(Coding coding, ChunkBuffer& out) {
  while (true) {
    if (out.room() == 0 && out.used() < out.bytes_max()) {
      if (const Room room = out.make_room(1); room != Room::kOk) {
        return no_room(room, coding, out.bytes_max());
      }
    }
    // At the limit one spare byte tells a body that just fits from one that goes on.
    uint8_t spare = 0;
    const bool at_limit = out.room() == 0;
    isal->next_out = at_limit ? &spare : out.data() + out.used();
    isal->avail_out = at_limit ? 1
                               : static_cast<uint32_t>(std::min<size_t>(
                                     out.room(), std::numeric_limits<uint32_t>::max()));
    const uint32_t offered = isal->avail_out;
    const uint32_t input_before = isal->avail_in;
    const int code = isal_inflate(isal.get());
    const uint32_t produced = offered - isal->avail_out;
    if (code != ISAL_DECOMP_OK) return corrupt(coding, describe_isal(code));
    if (at_limit && produced > 0) return too_large(coding, out.bytes_max());
    out.note_written(produced);
    if (isal->block_state == ISAL_BLOCK_FINISH) return {};
    if (produced == 0 && isal->avail_in == input_before) return corrupt(coding, "truncated");
  }
}

namespace {

// The sum of what the frames say they hold; nothing when one of them does not say. Fails when the
// input does not end with a whole frame.
Result<std::optional<size_t>> stated_zstd_size(std::span<const uint8_t> input) {
  size_t total = 0;
  bool known = true;
  while (!input.empty()) {
    const size_t frame = ZSTD_findFrameCompressedSize(input.data(), input.size());
    if (ZSTD_isError(frame)) return corrupt(Coding::kZstd, ZSTD_getErrorName(frame));
    const unsigned long long content = ZSTD_getFrameContentSize(input.data(), input.size());
    if (content == ZSTD_CONTENTSIZE_ERROR) return corrupt(Coding::kZstd, "not a frame");
    if (content == ZSTD_CONTENTSIZE_UNKNOWN) {
      known = false;
    } else if (__builtin_add_overflow(total, content, &total)) {
      return corrupt(Coding::kZstd, "impossible content size");
    }
    input = input.subspan(frame);
  }
  if (!known) return std::nullopt;
  return total;
}

}  // namespace

Result<Bytes> Decompressor::Contexts::decompress_zstd(std::span<const uint8_t> input,
                                                      ChunkBuffer& out) {
  if (input.empty()) return corrupt(Coding::kZstd, "empty");
  if (zstd == nullptr) {
    zstd.reset(ZSTD_createDCtx());
    if (zstd == nullptr) return fail(Code::kUnavailable, "memory for a decompressor");
  }
  const Result<std::optional<size_t>> stated = stated_zstd_size(input);
  if (!stated) return fail(stated.error());
  if (stated->has_value() && **stated > out.bytes_max()) {
    return too_large(Coding::kZstd, out.bytes_max());
  }
  size_t size = std::min(stated->value_or(input.size() * kZstdGuessRatio), out.bytes_max());
  while (true) {
    if (const Room room = out.make_room(size); room != Room::kOk) {
      return no_room(room, Coding::kZstd, out.bytes_max());
    }
    uint8_t nothing = 0;
    uint8_t* into = out.data() == nullptr ? &nothing : out.data();
    const size_t written =
        ZSTD_decompressDCtx(zstd.get(), into, out.room(), input.data(), input.size());
    if (!ZSTD_isError(written)) {
      out.note_written(written);
      return out.finish();
    }
    // The frames were found whole above; a stated size that is wrong is damage, not lack of room.
    if (stated->has_value() || ZSTD_getErrorCode(written) != ZSTD_error_dstSize_tooSmall) {
      return corrupt(Coding::kZstd, ZSTD_getErrorName(written));
    }
    if (out.room() >= out.bytes_max()) return too_large(Coding::kZstd, out.bytes_max());
    size = std::min(out.room() * 4, out.bytes_max());
  }
}

}  // namespace millrace::compress
