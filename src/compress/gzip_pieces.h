// Compresses a text that is made piece by piece into one gzip member, piece by piece: for answers
// that are written while they are made.
//
// One thread. ISA-L's level 1, as Compressor: a quarter of a millisecond for 128 KiB. The context
// takes kContextBytes, which the owner reserves.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace millrace::compress {

class GzipPieces {
 public:
  static constexpr size_t kContextBytes = size_t{512} << 10;

  GzipPieces();
  ~GzipPieces();
  GzipPieces(const GzipPieces&) = delete;
  GzipPieces& operator=(const GzipPieces&) = delete;

  enum class End : uint8_t { kMore, kLast };
  // Appends what can be given of the output to `into`, perhaps nothing; after kLast all of it.
  // Nothing may follow kLast. kInternal: the library
  // refused.
  Status add(std::string_view plain, End end, std::string& into);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace millrace::compress
