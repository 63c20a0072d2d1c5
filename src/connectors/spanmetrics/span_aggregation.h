// Counts the spans of a batch in the series of this worker.
#pragma once

#include <optional>
#include <unordered_map>
#include <utility>

#include "base/random.h"
#include "connectors/spanmetrics/dimensions.h"
#include "connectors/spanmetrics/series.h"
#include "memory/work.h"

namespace millrace::connectors::spanmetrics {

using ResourceMap =
    std::unordered_map<item_identity::Identity, ResourceSeries, item_identity::IdentityHash>;

// One worker's part: the counts since it was last taken. One thread.
using HandedResource = std::pair<item_identity::Identity, ResourceSeries>;
struct Part {
  ResourceMap resources;
  std::optional<HandedResource> handed;  // on its way to the first worker
  // Resources that found no memory are not known: their spans are counted here and nowhere else.
  uint64_t uncounted_spans = 0;
};

class SpanAggregation {
 public:
  SpanAggregation(const Options& options, const Dimensions& dimensions,
                  item_identity::Identity seed, SeriesMemory& memory, Random& random)
      : options_(options), dimensions_(dimensions), seed_(seed), memory_(memory), random_(random) {}

  // Steps work.pace; the part may be taken while the walk is suspended.
  void count(const Rope& request, WallTime now, Work& work, Part& part);

 private:
  struct Batch;
  ResourceSeries* resource_of(Batch& batch, const SpanContext& context);
  void count_span(Batch& batch, SpanContext& context);
  void count_events(Batch& batch, SpanContext& context, uint64_t count, double duration);
  void touch(Batch& batch, const SpanContext& context, uint64_t count, double duration,
             Series& series) const;
  item_identity::Identity resource_identity(otlp::MessageBytes resource,
                                            const item_identity::IdentityMaker& maker) const;

  const Options& options_;
  const Dimensions& dimensions_;
  const item_identity::Identity seed_;
  SeriesMemory& memory_;
  Random& random_;
};

}  // namespace millrace::connectors::spanmetrics
