// Decompresses whole bodies into one contiguous chunk.
//
// Safe against bombs: output is written only into memory that the budget has granted, never more
// than `max_bytes`, and the work done is bounded by the input read plus a small multiple of
// max_bytes. Sizes that the input states about itself (gzip's ISIZE, zstd's frame content size) are
// a first guess for the chunk, cut to what that many input bytes can possibly hold.
//
// A body of megabytes takes milliseconds, and few bytes may become megabytes: where the pace of the
// work may suspend it, it goes on block by block and tells the pace. The object belongs to that one
// body until it returns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "compress/coding.h"
#include "memory/work.h"

namespace millrace::compress {

inline constexpr size_t kDecompressorBytes = 384 << 10;

// One thread. Holds the libraries' contexts (at most kDecompressorBytes), made when first needed.
class Decompressor {
 public:
  Decompressor();
  ~Decompressor();
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;

  // All of `input`, which must be exactly one body: trailing bytes are an error, several gzip
  // members or zstd frames are joined. An input without any member or frame is an error, a body
  // that decompresses to nothing is not. kIdentity copies.
  //   kInvalidArgument    corrupt, truncated, or not of this coding
  //   kResourceExhausted  decompresses to more than max_bytes
  //   kUnavailable        the budget refused; the message begins with "memory"
  // Every chunk taken on the way is given back, whatever the end.
  Result<Bytes> decompress(Coding coding, std::span<const uint8_t> input, Work& work,
                           size_t max_bytes);
  // In one go.
  Result<Bytes> decompress(Coding coding, std::span<const uint8_t> input, ChunkPool& pool,
                           size_t max_bytes) {
    Pace pace;
    Work work{pool, pace};
    return decompress(coding, input, work, max_bytes);
  }

 private:
  struct Contexts;
  std::unique_ptr<Contexts> contexts_;
};

}  // namespace millrace::compress
