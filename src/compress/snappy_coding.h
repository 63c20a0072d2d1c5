// snappy as a content coding, as a block and framed (google/snappy: format_description.txt,
// framing_format.txt); the inside of compressor.cc and decompressor.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/pace.h"
#include "base/result.h"
#include "compress/coding.h"
#include "memory/chunk_buffer.h"

namespace millrace::compress {

// `coding` is kSnappy or kSnappyFramed.

// What compress_snappy() writes at most, and needs as room.
size_t snappy_bound(Coding coding, size_t plain_size);
// Returns the size of what was written into `into`.
Result<size_t> compress_snappy(Coding coding, const Rope& plain, std::span<uint8_t> into,
                               Pace& pace);

// See Decompressor::decompress. A framed body of no bytes is an empty body, as in Go.
Result<Bytes> decompress_snappy(Coding coding, std::span<const uint8_t> input, ChunkBuffer& out,
                                Pace& pace);

}  // namespace millrace::compress
