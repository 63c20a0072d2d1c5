// Compresses whole bodies, pieces of a rope in order, into one exact buffer.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/pace.h"
#include "base/result.h"
#include "compress/coding.h"

namespace millrace::compress {

// Bytes that a compressor keeps between calls at most, without those that one body needs.
inline constexpr size_t kCompressorBytes = 2 << 20;

// Level "whatever is best here", and otelcol's own -1.
inline constexpr int kDefaultLevel = -1;

// One thread. Reuses its contexts, so keep it; compressing the same bytes twice with the same
// kind of pace gives the same output.
//
// The result lies on the heap; the caller reserves it. What is kept between calls, the libraries'
// contexts and at most 4 MiB, does not grow with load and is no term of the budget.
class Compressor {
 public:
  // `level` is otelcol's compression_params.level. gzip and deflate: kDefaultLevel and 1 are
  // ISA-L's level 1 (960 MB/s at zlib 1's ratio), 2 and 3 ISA-L's, 0 ISA-L's 0, 4 to 9 libdeflate's
  // (slower, smaller), or zlib's, in steps, where the work may be suspended and a body is large.
  // zstd: kDefaultLevel and 0 mean 1; 1 to 19. Values outside are cut to the nearest one. snappy
  // has no levels.
  Compressor(Coding coding, int level);
  ~Compressor();
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  Coding coding() const { return coding_; }
  // kIdentity shares the bytes where they are one piece. Fails only with kInternal (the library
  // refused) and kUnavailable (no memory for a context).
  // In steps that tell `pace`; while it suspends the caller, the object belongs to that body.
  Result<Bytes> compress(const Rope& plain, Pace& pace);
  // In one go.
  Result<Bytes> compress(const Rope& plain) {
    Pace pace;
    return compress(plain, pace);
  }

 private:
  struct Contexts;
  const Coding coding_;
  const int level_;
  std::unique_ptr<Contexts> contexts_;
};

}  // namespace millrace::compress
