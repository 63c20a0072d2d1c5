// Deflate comes in two speeds: libdeflate needs the whole output in one buffer but is the faster
// (1.3 to 1.5 GB/s against 1.1), ISA-L can go on in a larger buffer where the last one ended. So
// the first buffer is sized by a guess and tried with libdeflate; only when it is too small does
// the member start again with ISA-L, which then grows without repeating anything.
//
// Work that may be suspended takes libdeflate only for what it does in a small part of a slice.
//
// zstd is always decoded straight into the output, in one shot or block by block: the streaming
// interface would hold a window of its own, as large as the sender asks for, outside the budget.
// When the output does not fit the frame starts again in a buffer four times as large, so that all
// attempts together cost at most a third more than the last.
#include "compress/decompressor.h"

// Block by block needs ZSTD_decompressContinue, which the shared library exports.
#define ZSTD_STATIC_LINKING_ONLY

#include <isa-l/igzip_lib.h>
#include <libdeflate.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string>

#include "base/allocation_name.h"
#include "compress/decompress_error.h"
#include "compress/snappy_coding.h"
#include "memory/chunk_buffer.h"

namespace millrace::compress {
namespace {

using Room = ChunkBuffer::Room;

// No deflate stream holds more than this many bytes per byte of input (258 from two bits).
constexpr size_t kDeflateRatioMax = 1032;
// gzip's smallest member: 10 bytes of header, 2 of an empty block, 8 of trailer.
constexpr size_t kGzipMemberMin = 20;
// Where the work may be suspended: libdeflate decodes a body of at most so much by itself, which
// takes a third of a millisecond of honest data; everything else goes in steps.
constexpr size_t kOneGoInputBytes = 64 * 1024;
constexpr size_t kOneGoOutputBytes = 512 * 1024;
// A block of ten bytes that holds nothing costs the tables of a whole one, so the input counts.
constexpr size_t kInputStepBytes = 4 * 1024;
constexpr size_t kOutputStepBytes = 128 * 1024;
constexpr size_t kInputUnits = 50;
constexpr size_t kMemberUnits = 1000;
constexpr size_t kCopiedAtOnceBytes = 128 * 1024;
// For zstd frames that do not state their size: telemetry seldom shrinks more.
constexpr size_t kZstdGuessRatio = 8;

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

  Result<Bytes> inflate(Coding coding, std::span<const uint8_t> input, ChunkBuffer& out,
                        Pace& pace);
  Status inflate_streaming(Coding coding, std::span<const uint8_t> input, ChunkBuffer& out,
                           Pace& pace);
  Status inflate_rest_of_member(Coding coding, ChunkBuffer& out, std::span<const uint8_t>& input,
                                Pace& pace);
  Result<Bytes> decompress_zstd(std::span<const uint8_t> input, ChunkBuffer& out, Pace& pace);
  size_t zstd_attempt(std::span<const uint8_t> input, std::span<uint8_t> into, Pace& pace);
};

Decompressor::Decompressor() : contexts_(std::make_unique<Contexts>()) {}
Decompressor::~Decompressor() = default;

Result<Bytes> Decompressor::decompress(Coding coding, std::span<const uint8_t> input, Work& work,
                                       size_t max_bytes) {
  ChunkBuffer out(work, max_bytes);
  switch (coding) {
    case Coding::kIdentity: {
      if (const Room room = out.make_room(input.size()); room != Room::kOk) {
        return no_room(room, coding, max_bytes);
      }
      for (size_t part; !input.empty(); input = input.subspan(part)) {
        part = std::min(input.size(), kCopiedAtOnceBytes);
        std::copy_n(input.data(), part, out.data() + out.used());
        out.note_written(part);
        work.pace.step(part / 4);
      }
      return out.finish();
    }
    case Coding::kGzip:
    case Coding::kDeflate:
    case Coding::kZlib:
      return contexts_->inflate(coding, input, out, work.pace);
    case Coding::kZstd:
      return contexts_->decompress_zstd(input, out, work.pace);
    case Coding::kSnappy:
    case Coding::kSnappyFramed:
      return decompress_snappy(coding, input, out, work.pace);
  }
  return fail(Code::kInternal, "unknown coding");
}

Result<Bytes> Decompressor::Contexts::inflate(Coding coding, std::span<const uint8_t> input,
                                              ChunkBuffer& out, Pace& pace) {
  if (input.empty()) return corrupt(coding, "empty");
  if (input.size() > std::numeric_limits<uint32_t>::max()) {
    return fail(Code::kResourceExhausted, "compressed body of 4 GiB or more");
  }
  if (deflate == nullptr) {
    const AllocationName name("constant decompressor", kDecompressorBytes);
    deflate.reset(libdeflate_alloc_decompressor());
    if (deflate == nullptr) return fail(Code::kUnavailable, "memory for a decompressor");
  }
  const size_t guess = std::max<size_t>(1, guess_deflate_size(coding, input, out.bytes_max()));
  if (out.bytes_max() > 0) {
    if (const Room room = out.make_room(guess); room != Room::kOk) {
      return no_room(room, coding, out.bytes_max());
    }
  }
  // libdeflate does all of a member in one call.
  const bool in_one_go =
      !pace.may_suspend() || (input.size() <= kOneGoInputBytes && guess <= kOneGoOutputBytes);
  if (!in_one_go) {
    if (Status all = inflate_streaming(coding, input, out, pace); !all) {
      return fail(std::move(all.error()));
    }
    return out.finish();
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
      if (Status rest = inflate_streaming(coding, input, out, pace); !rest) {
        return fail(std::move(rest.error()));
      }
      return out.finish();
    }
    if (result != LIBDEFLATE_SUCCESS) return corrupt(coding, "corrupt or truncated");
    out.note_written(produced);
    input = input.subspan(consumed);
    pace.step(produced + kMemberUnits);
    if (coding != Coding::kGzip && !input.empty()) return corrupt(coding, "trailing bytes");
  }
  return out.finish();
}

// Goes on member by member with ISA-L, growing the output as it fills.
Status Decompressor::Contexts::inflate_streaming(Coding coding, std::span<const uint8_t> input,
                                                 ChunkBuffer& out, Pace& pace) {
  if (isal == nullptr) {
    const AllocationName name("constant decompressor", kDecompressorBytes);
    isal = std::make_unique<inflate_state>();
  }
  do {
    isal_inflate_init(isal.get());
    isal->crc_flag = coding == Coding::kGzip ? ISAL_GZIP : ISAL_ZLIB;
    if (Status member = inflate_rest_of_member(coding, out, input, pace); !member) return member;
    if (coding != Coding::kGzip && !input.empty()) return corrupt(coding, "trailing bytes");
  } while (!input.empty());
  return {};
}

// Takes the member off the front of `input`.
Status Decompressor::Contexts::inflate_rest_of_member(Coding coding, ChunkBuffer& out,
                                                      std::span<const uint8_t>& input, Pace& pace) {
  const size_t input_step = pace.may_suspend() ? kInputStepBytes : input.size();
  const size_t output_step =
      pace.may_suspend() ? kOutputStepBytes : std::numeric_limits<uint32_t>::max();
  std::span<const uint8_t> rest = input;  // what the library has not been given
  isal->avail_in = 0;
  while (true) {
    if (isal->avail_in == 0 && !rest.empty()) {
      const size_t part = std::min(rest.size(), input_step);
      isal->next_in = const_cast<uint8_t*>(rest.data());
      isal->avail_in = static_cast<uint32_t>(part);
      rest = rest.subspan(part);
    }
    if (out.room() == 0 && out.used() < out.bytes_max()) {
      if (const Room room = out.make_room(1); room != Room::kOk) {
        return no_room(room, coding, out.bytes_max());
      }
    }
    // At the limit one spare byte tells a body that just fits from one that goes on.
    uint8_t spare = 0;
    const bool at_limit = out.room() == 0;
    isal->next_out = at_limit ? &spare : out.data() + out.used();
    isal->avail_out = at_limit ? 1 : static_cast<uint32_t>(std::min(out.room(), output_step));
    const uint32_t offered = isal->avail_out;
    const uint32_t input_before = isal->avail_in;
    const int code = isal_inflate(isal.get());
    const uint32_t produced = offered - isal->avail_out;
    if (code != ISAL_DECOMP_OK) return corrupt(coding, describe_isal(code));
    if (at_limit && produced > 0) return too_large(coding, out.bytes_max());
    out.note_written(produced);
    pace.step(produced + kInputUnits * (input_before - isal->avail_in) + kMemberUnits);
    if (isal->block_state == ISAL_BLOCK_FINISH) {
      input = input.last(isal->avail_in + rest.size());
      return {};
    }
    if (produced == 0 && isal->avail_in == input_before) return corrupt(coding, "truncated");
  }
}

namespace {

constexpr size_t kZstdBlockUnits = 10;
constexpr size_t kZstdFrameUnits = 200;
constexpr size_t kSkippableHeaderBytes = 8;

size_t zstd_error(ZSTD_ErrorCode code) { return size_t{0} - static_cast<size_t>(code); }

bool is_skippable(std::span<const uint8_t> input) {
  return input.size() >= kSkippableHeaderBytes &&
         (read_little_endian_32(input.data()) & ZSTD_MAGIC_SKIPPABLE_MASK) ==
             ZSTD_MAGIC_SKIPPABLE_START;
}

// Size of the frame at the front, from its blocks' headers (RFC 8878, 3.1.1.2); an error's code
// when it does not end. ZSTD_findFrameCompressedSize does the same in one go, which takes long for
// millions of empty blocks.
size_t frame_size(std::span<const uint8_t> input, Pace& pace) {
  constexpr size_t kBlockHeaderBytes = 3;
  constexpr size_t kChecksumBytes = 4;
  constexpr uint32_t kRle = 1;
  constexpr uint32_t kReserved = 3;
  if (is_skippable(input)) {
    const size_t size = kSkippableHeaderBytes + read_little_endian_32(input.data() + 4);
    return size <= input.size() ? size : zstd_error(ZSTD_error_srcSize_wrong);
  }
  ZSTD_frameHeader header;
  const size_t missing = ZSTD_getFrameHeader(&header, input.data(), input.size());
  if (ZSTD_isError(missing)) return missing;
  if (missing != 0) return zstd_error(ZSTD_error_srcSize_wrong);
  size_t at = header.headerSize;
  for (bool is_last = false; !is_last;) {
    pace.step(kZstdBlockUnits);
    if (input.size() - at < kBlockHeaderBytes) return zstd_error(ZSTD_error_srcSize_wrong);
    const uint32_t block = input[at] | uint32_t{input[at + 1]} << 8 | uint32_t{input[at + 2]} << 16;
    const uint32_t type = block >> 1 & 3;
    // In one go the library takes a longer block of one repeated byte, in steps it does not.
    if (type == kReserved || block >> 3 > header.blockSizeMax) {
      return zstd_error(ZSTD_error_corruption_detected);
    }
    is_last = (block & 1) != 0;
    at += kBlockHeaderBytes;
    const size_t content = type == kRle ? 1 : block >> 3;
    if (content > input.size() - at) return zstd_error(ZSTD_error_srcSize_wrong);
    at += content;
  }
  if (header.checksumFlag != 0) at += kChecksumBytes;
  return at <= input.size() ? at : zstd_error(ZSTD_error_srcSize_wrong);
}

// The sum of what the frames say they hold; nothing when one of them does not say. Fails when the
// input does not end with a whole frame.
Result<std::optional<size_t>> stated_zstd_size(std::span<const uint8_t> input, Pace& pace) {
  size_t total = 0;
  bool known = true;
  while (!input.empty()) {
    const size_t frame = frame_size(input, pace);
    if (ZSTD_isError(frame)) return corrupt(Coding::kZstd, ZSTD_getErrorName(frame));
    const unsigned long long content = ZSTD_getFrameContentSize(input.data(), input.size());
    if (content == ZSTD_CONTENTSIZE_ERROR) return corrupt(Coding::kZstd, "not a frame");
    if (content == ZSTD_CONTENTSIZE_UNKNOWN) {
      known = false;
    } else if (__builtin_add_overflow(total, content, &total)) {
      return corrupt(Coding::kZstd, "impossible content size");
    }
    input = input.subspan(frame);
    pace.step(kZstdFrameUnits);
  }
  if (!known) return std::nullopt;
  return total;
}

}  // namespace

// All frames into `into`; the size, or an error's code. The work of one block, at most 128 KiB of
// output, is not interrupted.
size_t Decompressor::Contexts::zstd_attempt(std::span<const uint8_t> input, std::span<uint8_t> into,
                                            Pace& pace) {
  if (!pace.may_suspend()) {
    return ZSTD_decompressDCtx(zstd.get(), into.data(), into.size(), input.data(), input.size());
  }
  size_t written = 0;
  while (!input.empty()) {
    pace.step(kZstdFrameUnits);
    if (is_skippable(input)) {
      input = input.subspan(frame_size(input, pace));  // the frames were found whole
      continue;
    }
    const size_t begun = ZSTD_decompressBegin(zstd.get());
    if (ZSTD_isError(begun)) return begun;
    for (size_t wanted; (wanted = ZSTD_nextSrcSizeToDecompress(zstd.get())) != 0;) {
      if (wanted > input.size()) return zstd_error(ZSTD_error_srcSize_wrong);
      const size_t got = ZSTD_decompressContinue(zstd.get(), into.data() + written,
                                                 into.size() - written, input.data(), wanted);
      if (ZSTD_isError(got)) return got;
      written += got;
      input = input.subspan(wanted);
      pace.step(got / 2 + 4 * wanted + kZstdBlockUnits);
    }
  }
  return written;
}

Result<Bytes> Decompressor::Contexts::decompress_zstd(std::span<const uint8_t> input,
                                                      ChunkBuffer& out, Pace& pace) {
  if (input.empty()) return corrupt(Coding::kZstd, "empty");
  if (zstd == nullptr) {
    const AllocationName name("constant decompressor", kDecompressorBytes);
    zstd.reset(ZSTD_createDCtx());
    if (zstd == nullptr) return fail(Code::kUnavailable, "memory for a decompressor");
  }
  const Result<std::optional<size_t>> stated = stated_zstd_size(input, pace);
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
    const size_t written = zstd_attempt(input, {into, out.room()}, pace);
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
