#include "destination/concurrency.h"

#include <algorithm>

namespace millrace::pipeline {

ConcurrencyLimit::ConcurrencyLimit(ConcurrencyOptions options)
    : min_(std::max<uint32_t>(1, std::min(options.min, options.max))),
      max_(std::max<uint32_t>(1, options.max)),
      adaptive_(options.adaptive && min_ < max_),
      limit_(max_ * kScale) {}

bool ConcurrencyLimit::try_acquire() {
  uint32_t held = held_.load(std::memory_order_seq_cst);
  while (held < limit()) {
    if (held_.compare_exchange_weak(held, held + 1, std::memory_order_seq_cst)) return true;
  }
  return false;
}

void ConcurrencyLimit::on_answered(Duration latency) {
  if (!adaptive_) return;
  const int64_t sample = std::max<int64_t>(1, latency.count());
  const int64_t usual = usual_ns_.load(std::memory_order_relaxed);
  usual_ns_.store(usual == 0 ? sample : usual + (sample - usual) / 16, std::memory_order_relaxed);
  const uint32_t limit = limit_.load(std::memory_order_relaxed);
  if (held() * kScale + kScale < limit) return;  // not all permits are used: nothing was learnt
  // Latency well above its mean says that the destination queues what we send: grow no further.
  if (usual != 0 && sample > 2 * usual) {
    limit_.store(std::max(min_ * kScale, limit - limit / 64), std::memory_order_relaxed);
    return;
  }
  // One more after a whole round of answers.
  limit_.store(std::min(max_ * kScale, limit + std::max<uint32_t>(1, kScale * kScale / limit)),
               std::memory_order_relaxed);
}

void ConcurrencyLimit::on_passing_failure(MonotonicTime now) {
  if (adaptive_) shrink(now);
}

// At most once a second, because one outage fails everything that is in flight at once.
void ConcurrencyLimit::shrink(MonotonicTime now) {
  const int64_t now_ns = now.time_since_epoch().count();
  int64_t last = last_shrink_ns_.load(std::memory_order_relaxed);
  if (last != 0 && now_ns - last < Duration(1s).count()) return;
  if (!last_shrink_ns_.compare_exchange_strong(last, now_ns, std::memory_order_relaxed)) return;
  const uint32_t limit = limit_.load(std::memory_order_relaxed);
  limit_.store(std::max(min_ * kScale, limit - limit / 4), std::memory_order_relaxed);
}

}  // namespace millrace::pipeline
