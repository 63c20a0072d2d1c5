// The one thing about OTLP that batching must know. Bound to otlp/split.h at assembly, so that the
// rules of batching are tested without any protobuf.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/bytes.h"
#include "base/signal.h"
#include "memory/work.h"

namespace millrace::pipeline {

struct CutPiece {
  Rope bytes;  // a valid request by itself
  uint32_t item_count = 0;
};

struct CutLimits {
  uint64_t items_max = 0;  // 0: no limit
  uint64_t bytes_max = 0;  // 0: no limit; a single item may exceed it
};

// Cuts one valid request into pieces within the limits, in order, losing nothing: the pieces' item
// counts add up to the request's. Fewer than two pieces mean that it cannot be cut. The last piece
// may be larger than the limits where there would be very many; it is to be cut again. `work`
// (null: none) provides memory for copies, and its pace counts the steps. Any thread.
using BatchCutter =
    std::function<std::vector<CutPiece>(Signal, const Rope& request, CutLimits limits, Work* work)>;

}  // namespace millrace::pipeline
