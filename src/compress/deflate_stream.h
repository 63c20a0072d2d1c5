// Compresses a body with zlib, in steps: for levels of gzip and deflate at which libdeflate, which
// takes a body in one call, would hold a loop for longer than a slice.
//
// One thread. Keeps zlib's context, some 270 KB, between calls.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/pace.h"
#include "base/result.h"
#include "compress/coding.h"

namespace millrace::compress {

class DeflateStream {
 public:
  // `coding` is kGzip or kDeflate, `level` zlib's, 1 to 9; the first call's hold for all.
  DeflateStream(Coding coding, int level) : coding_(coding), level_(level) {}
  ~DeflateStream();
  DeflateStream(const DeflateStream&) = delete;
  DeflateStream& operator=(const DeflateStream&) = delete;

  // Returns how much of `out` was written. Errors: kUnavailable (no memory for the context),
  // kInternal (`out` was too short).
  Result<size_t> compress(const Rope& plain, std::span<uint8_t> out, Pace& pace);

 private:
  const Coding coding_;
  const int level_;
  z_stream stream_{};
  bool is_open_ = false;
};

// Units of Pace for a byte at that level, 4 to 9, as measured on telemetry.
size_t deflate_units(int level);

}  // namespace millrace::compress
