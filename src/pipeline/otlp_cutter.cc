#include "pipeline/otlp_cutter.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "otlp/item_count.h"
#include "otlp/split.h"

namespace millrace::pipeline {

namespace {

// Each takes some hundred bytes beside its own: with batches of one item a request of some MB would
// become GB. What is behind them stays together until they are sent.
constexpr size_t kPiecesAtOnce = 8192;

}  // namespace

BatchCutter make_otlp_cutter() {
  return [](Signal signal, const Rope& request, CutLimits limits, Work* work) {
    otlp::CutLimits cut;
    if (limits.items_max != 0) {
      cut.items_max = static_cast<uint32_t>(std::min<uint64_t>(limits.items_max, UINT32_MAX));
    }
    if (limits.bytes_max != 0) cut.bytes_max = limits.bytes_max;
    std::vector<CutPiece> pieces;
    otlp::Cutter cutter(signal, request, work);
    while (std::optional<otlp::Part> part = cutter.next(cut)) {
      pieces.push_back({std::move(part->bytes), part->item_count});
      if (pieces.size() < kPiecesAtOnce) continue;
      Rope rest = cutter.take_rest();
      if (rest.empty()) break;
      const uint32_t count =
          otlp::count_items(signal, rest, work == nullptr ? nullptr : &work->pace);
      pieces.push_back({std::move(rest), count});
      break;
    }
    return pieces;
  };
}

}  // namespace millrace::pipeline
