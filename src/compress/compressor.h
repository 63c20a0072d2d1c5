// Compresses whole bodies, pieces of a rope in order, into one exact buffer.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "compress/coding.h"

namespace millrace::compress {

// Level "whatever is best here", and otelcol's own -1.
inline constexpr int kDefaultLevel = -1;

// One thread. Reuses its contexts, so keep it; compressing the same bytes twice gives the same
// output.
//
// The result lies on the heap and is not refused by the memory budget, on purpose: what drains a
// full process must not fail for lack of memory. The caller counts it, and what is kept between
// calls (held_bytes).
class Compressor {
 public:
  // `level` is otelcol's compression_params.level. gzip and deflate: kDefaultLevel and 1 are
  // ISA-L's level 1 (960 MB/s at zlib 1's ratio), 2 and 3 ISA-L's, 4 to 9 libdeflate's (slower,
  // smaller), 0 ISA-L's 0. zstd: kDefaultLevel and 0 mean 1; 1 to 19. Values outside are cut to
  // the nearest one.
  Compressor(Coding coding, int level);
  ~Compressor();
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  Coding coding() const { return coding_; }
  // kIdentity shares the bytes where they are one piece. Fails only with kInternal (the library
  // refused) and kUnavailable (no memory for a context).
  Result<Bytes> compress(const Rope& plain);
  // Contexts and buffers kept for the next call: at most 4 MiB and what the libraries need.
  size_t held_bytes() const;

 private:
  struct Contexts;
  const Coding coding_;
  const int level_;
  std::unique_ptr<Contexts> contexts_;
};

}  // namespace millrace::compress
