#include "own_spans/sampler.h"

namespace millrace::own_spans {
namespace {

constexpr uint64_t kAll = uint64_t{1} << 63;

uint64_t bound_of(double share) {
  if (share >= 1) return kAll;
  if (!(share > 0)) return 0;
  return static_cast<uint64_t>(share * static_cast<double>(kAll));
}

}  // namespace

Sampler::Sampler(SamplerShares shares)
    : root_(bound_of(shares.root)),
      parent_sampled_(bound_of(shares.parent_sampled)),
      parent_not_sampled_(bound_of(shares.parent_not_sampled)) {}

bool Sampler::samples(const std::optional<http::TraceContext>& parent,
                      const TraceId& trace_id) const {
  const uint64_t bound = !parent              ? root_
                         : parent->is_sampled ? parent_sampled_
                                              : parent_not_sampled_;
  uint64_t value = 0;
  for (size_t i = 8; i < trace_id.size(); ++i) value = value << 8 | trace_id[i];
  return value >> 1 < bound;
}

}  // namespace millrace::own_spans
