#include "destination/retry_hint.h"

#include <algorithm>

namespace millrace::pipeline {
namespace {

constexpr Duration kUnknown = 1s;
constexpr Duration kUnknownStalled = 5s;
constexpr Duration kWindow = 1s;
// A window without refusals for so long says nothing about now.
constexpr Duration kStale = 3s;
constexpr Duration kShortest = 50ms;
constexpr Duration kLongest = 30s;
// Refusals alone do not make it longer than this: when the rush is over, senders should be back.
constexpr Duration kLongestForRefusals = 10s;

}  // namespace

Duration RetryHint::refuse(MonotonicTime now, uint64_t cost, uint64_t queued_cost,
                           bool is_stalled) {
  refused_.fetch_add(cost, std::memory_order_relaxed);
  const int64_t now_ns = now.time_since_epoch().count();
  int64_t began = window_began_ns_.load(std::memory_order_relaxed);
  const int64_t elapsed = began == 0 ? kStale.count() : now_ns - began;
  // The thread that ends the window begins the next.
  if (elapsed >= kWindow.count() &&
      window_began_ns_.compare_exchange_strong(began, now_ns, std::memory_order_relaxed)) {
    const uint64_t finished = finished_.load(std::memory_order_relaxed);
    if (elapsed < kStale.count()) {
      end_window(elapsed, finished, queued_cost);
    } else {
      hint_ns_.store(0, std::memory_order_relaxed);
    }
    finished_at_begin_.store(finished, std::memory_order_relaxed);
    refused_.store(0, std::memory_order_relaxed);
  }
  const int64_t hint = hint_ns_.load(std::memory_order_relaxed);
  if (hint == 0) return spread(is_stalled ? kUnknownStalled : kUnknown);
  return spread(Duration(hint));
}

void RetryHint::end_window(int64_t elapsed_ns, uint64_t finished, uint64_t queued_cost) {
  const uint64_t sent = finished - finished_at_begin_.load(std::memory_order_relaxed);
  if (sent == 0) {
    hint_ns_.store(kLongest.count(), std::memory_order_relaxed);
    return;
  }
  const double half_queue_ns = static_cast<double>(queued_cost) / 2 *
                               static_cast<double>(elapsed_ns) / static_cast<double>(sent);
  const auto shortest = std::clamp(Duration(static_cast<int64_t>(std::min(half_queue_ns, 1e15))),
                                   kShortest, kLongest);
  const uint64_t refused = refused_.load(std::memory_order_relaxed);
  const Duration before(hint_ns_.load(std::memory_order_relaxed));
  Duration hint = before == 0s ? kUnknown : before;
  if (refused > sent) {
    hint = std::min(2 * hint, std::max(hint, kLongestForRefusals));
  } else if (refused < sent / 2) {
    hint /= 2;
  }
  hint_ns_.store(std::clamp(hint, shortest, kLongest).count(), std::memory_order_relaxed);
}

// From a quarter of the time to all of it, evenly: multiples of the golden ratio fall into the
// largest gap that is left.
Duration RetryHint::spread(Duration hint) {
  constexpr uint64_t kGolden = 0x9E3779B97F4A7C15;
  const uint64_t mixed = told_.fetch_add(1, std::memory_order_relaxed) * kGolden;
  const double part = 1 - 0.75 * static_cast<double>(mixed >> 11) / static_cast<double>(1ULL << 53);
  return Duration(static_cast<int64_t>(static_cast<double>(hint.count()) * part));
}

}  // namespace millrace::pipeline
