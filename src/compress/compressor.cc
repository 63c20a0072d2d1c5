#include "compress/compressor.h"

#include <isa-l/igzip_lib.h>
#include <libdeflate.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "base/allocation_name.h"
#include "compress/deflate_stream.h"
#include "compress/snappy_coding.h"

namespace millrace::compress {
namespace {

constexpr int kIsalLevelMax = 3;
constexpr std::array<uint32_t, kIsalLevelMax + 1> kIsalLevelBuffer = {
    0, ISAL_DEF_LVL1_DEFAULT, ISAL_DEF_LVL2_DEFAULT, ISAL_DEF_LVL3_DEFAULT};
// The buffer for output is kept between calls up to this size.
constexpr size_t kKeptScratchBytes = 4 << 20;
// Bytes that the libraries allocate, for zstd at its highest level; up to level 3 less than 1 MiB.
constexpr size_t kContextBytesMax = 96 << 20;

int effective_level(Coding coding, int level) {
  if (coding == Coding::kZstd) return std::clamp(level <= 0 ? 1 : level, 1, 19);
  return level < 0 ? 1 : std::min(level, 9);
}

// Stored blocks are deflate's worst case: 5 bytes for at most 65,535, here generously 16 for
// 16,384, and room for any header, trailer and the library's last block.
size_t deflate_bound(size_t size) { return size + (size / 16'384 + 1) * 16 + 1024; }

// At most so much at once, a quarter of a millisecond at level 1.
constexpr size_t kStepBytes = 128 * 1024;
// libdeflate takes a body in one call, here of at most half a slice; it costs half of zlib, which
// takes larger ones in steps.
constexpr size_t kUnitsAtOnce = 1'000'000;

// Calls `visit` with the bytes of the rope in order, until it returns false.
template <class Visit>
void in_steps(const Rope& plain, const Visit& visit) {
  for (const Bytes& piece : plain.pieces()) {
    for (size_t at = 0; at < piece.size(); at += kStepBytes) {
      if (!visit(piece.view().subspan(at, std::min(kStepBytes, piece.size() - at)))) return;
    }
  }
}

}  // namespace

struct Compressor::Contexts {
  struct FreeDeflate {
    void operator()(libdeflate_compressor* c) const { libdeflate_free_compressor(c); }
  };
  struct FreeZstd {
    void operator()(ZSTD_CCtx* c) const { ZSTD_freeCCtx(c); }
  };
  std::unique_ptr<isal_zstream> isal;
  std::vector<uint8_t> isal_level_buffer;
  std::unique_ptr<libdeflate_compressor, FreeDeflate> deflate;
  std::unique_ptr<DeflateStream> deflate_stream;
  std::unique_ptr<ZSTD_CCtx, FreeZstd> zstd;
  std::vector<uint8_t> scratch;

  Result<size_t> deflate_fast(Coding coding, int level, const Rope& plain, Pace& pace);
  Result<size_t> deflate_small(Coding coding, int level, const Rope& plain, Pace& pace);
  Result<size_t> compress_zstd(int level, const Rope& plain, Pace& pace);
};

Compressor::Compressor(Coding coding, int level)
    : coding_(coding),
      level_(effective_level(coding, level)),
      contexts_(std::make_unique<Contexts>()) {}
Compressor::~Compressor() = default;

Result<Bytes> Compressor::compress(const Rope& plain, Pace& pace) {
  if (coding_ == Coding::kIdentity) return plain.to_bytes();
  if (plain.size() >= std::numeric_limits<uint32_t>::max() / 2) {
    return fail(Code::kInternal, "body of 2 GiB or more cannot be compressed");
  }
  const bool zstd = coding_ == Coding::kZstd;
  const bool snappy = coding_ == Coding::kSnappy || coding_ == Coding::kSnappyFramed;
  const size_t bound = zstd     ? ZSTD_compressBound(plain.size())
                       : snappy ? snappy_bound(coding_, plain.size())
                                : deflate_bound(plain.size());
  std::vector<uint8_t>& scratch = contexts_->scratch;
  if (scratch.size() < bound) {
    const AllocationName name("term encoded");
    scratch.resize(bound);
  }
  const AllocationName name("constant compressor", kContextBytesMax);
  const Result<size_t> size = zstd     ? contexts_->compress_zstd(level_, plain, pace)
                              : snappy ? compress_snappy(coding_, plain, scratch, pace)
                              : level_ <= kIsalLevelMax
                                  ? contexts_->deflate_fast(coding_, level_, plain, pace)
                                  : contexts_->deflate_small(coding_, level_, plain, pace);
  if (!size) return fail(size.error());
  const AllocationName term("term encoded");
  Bytes compressed = Bytes::copy_of(std::span(scratch).first(*size));
  if (scratch.size() > kKeptScratchBytes) {
    scratch.resize(kKeptScratchBytes);
    scratch.shrink_to_fit();
  }
  return compressed;
}

Result<size_t> Compressor::Contexts::deflate_fast(Coding coding, int level, const Rope& plain,
                                                  Pace& pace) {
  if (isal == nullptr) {
    isal = std::make_unique<isal_zstream>();
    isal_level_buffer.resize(kIsalLevelBuffer[static_cast<size_t>(level)]);
  }
  isal_deflate_init(isal.get());
  isal->level = static_cast<uint32_t>(level);
  isal->level_buf = isal_level_buffer.data();
  isal->level_buf_size = static_cast<uint32_t>(isal_level_buffer.size());
  isal->gzip_flag = coding == Coding::kGzip ? IGZIP_GZIP : IGZIP_ZLIB;
  isal->flush = NO_FLUSH;
  isal->next_out = scratch.data();
  isal->avail_out = static_cast<uint32_t>(scratch.size());
  size_t left = plain.size();
  const auto feed = [&](const uint8_t* data, size_t size) {
    left -= size;
    isal->next_in = const_cast<uint8_t*>(data);
    isal->avail_in = static_cast<uint32_t>(size);
    isal->end_of_stream = left == 0 ? 1 : 0;
    do {
      // ISA-L states no bound; noise passes any that is worked out from stored blocks.
      if (isal->avail_out == 0) {
        scratch.resize(scratch.size() + scratch.size() / 4);
        isal->next_out = scratch.data() + isal->total_out;
        isal->avail_out = static_cast<uint32_t>(scratch.size() - isal->total_out);
      }
      if (isal_deflate(isal.get()) != COMP_OK) return false;
    } while (isal->avail_out == 0);
    return isal->avail_in == 0;
  };
  bool fine = true;
  in_steps(plain, [&](std::span<const uint8_t> step) {
    fine = fine && feed(step.data(), step.size());
    pace.step(step.size());
    return fine;
  });
  uint8_t nothing = 0;
  if (plain.empty()) fine = feed(&nothing, 0);
  if (!fine || isal->internal_state.state != ZSTATE_END) {
    return fail(Code::kInternal, "deflate did not end");
  }
  return isal->total_out;
}

Result<size_t> Compressor::Contexts::deflate_small(Coding coding, int level, const Rope& plain,
                                                   Pace& pace) {
  if (pace.may_suspend() && plain.size() > kUnitsAtOnce / deflate_units(level)) {
    if (deflate_stream == nullptr) deflate_stream = std::make_unique<DeflateStream>(coding, level);
    return deflate_stream->compress(plain, scratch, pace);
  }
  if (deflate == nullptr) {
    deflate.reset(libdeflate_alloc_compressor(level));
    if (deflate == nullptr) return fail(Code::kUnavailable, "memory for a compressor");
  }
  const Bytes whole = plain.to_bytes();
  const auto encode = coding == Coding::kGzip ? libdeflate_gzip_compress : libdeflate_zlib_compress;
  const size_t size =
      encode(deflate.get(), whole.data(), whole.size(), scratch.data(), scratch.size());
  if (size == 0) return fail(Code::kInternal, "deflate did not fit its bound");
  pace.step(whole.size() * deflate_units(level));
  return size;
}

Result<size_t> Compressor::Contexts::compress_zstd(int level, const Rope& plain, Pace& pace) {
  if (zstd == nullptr) {
    zstd.reset(ZSTD_createCCtx());
    if (zstd == nullptr) return fail(Code::kUnavailable, "memory for a compressor");
    ZSTD_CCtx_setParameter(zstd.get(), ZSTD_c_compressionLevel, level);
  }
  ZSTD_CCtx_reset(zstd.get(), ZSTD_reset_session_only);
  // States the size in the frame, so that the receiver needs one buffer and no window.
  ZSTD_CCtx_setPledgedSrcSize(zstd.get(), plain.size());
  ZSTD_outBuffer out = {scratch.data(), scratch.size(), 0};
  size_t left = plain.size();
  size_t result = 0;
  const auto feed = [&](const uint8_t* data, size_t size) {
    left -= size;
    ZSTD_inBuffer in = {data, size, 0};
    do {
      result =
          ZSTD_compressStream2(zstd.get(), &out, &in, left == 0 ? ZSTD_e_end : ZSTD_e_continue);
    } while (!ZSTD_isError(result) && (in.pos < in.size || (left == 0 && result != 0)) &&
             out.pos < out.size);
  };
  in_steps(plain, [&](std::span<const uint8_t> step) {
    feed(step.data(), step.size());
    pace.step(2 * step.size() * static_cast<size_t>(level));
    return !ZSTD_isError(result);
  });
  if (plain.empty()) feed(nullptr, 0);
  if (ZSTD_isError(result)) return fail(Code::kInternal, ZSTD_getErrorName(result));
  if (result != 0) return fail(Code::kInternal, "zstd did not fit its bound");
  return out.pos;
}

}  // namespace millrace::compress
