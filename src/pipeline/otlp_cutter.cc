#include "pipeline/otlp_cutter.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "otlp/split.h"

namespace millrace::pipeline {

BatchCutter make_otlp_cutter() {
  return [](Signal signal, const Rope& request, CutLimits limits) {
    otlp::CutLimits cut;
    if (limits.items_max != 0) {
      cut.items_max = static_cast<uint32_t>(std::min<uint64_t>(limits.items_max, UINT32_MAX));
    }
    if (limits.bytes_max != 0) cut.bytes_max = limits.bytes_max;
    std::vector<CutPiece> pieces;
    otlp::Cutter cutter(signal, request);
    while (std::optional<otlp::Part> part = cutter.next(cut)) {
      pieces.push_back({std::move(part->bytes), part->item_count});
    }
    return pieces;
  };
}

}  // namespace millrace::pipeline
