// Undoes the compression of responses, within the limit for them. Makes its contexts when the
// first compressed response comes. One thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "compress/decompressor.h"
#include "memory/budget.h"
#include "memory/chunk_pool.h"

namespace millrace::transport {

class ResponseInflater {
 public:
  // The output is reserved in `budget`, which outlives it; null: in its own budget, and copied.
  ResponseInflater(size_t response_bytes_max, Budget* budget);
  // kUnimplemented: a coding that is not known; kResourceExhausted: larger than the limit;
  // kInvalidArgument: corrupt; kUnavailable: no memory.
  Result<Bytes> inflate(std::string_view coding_name, std::string_view body);

 private:
  const size_t response_bytes_max_;
  std::unique_ptr<Budget> own_budget_;  // null: there is the process's
  Budget& budget_;
  std::unique_ptr<ChunkPool> pool_;
  compress::Decompressor decompressor_;
};

}  // namespace millrace::transport
