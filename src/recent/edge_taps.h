// The points of the pipelines that are watched, and samples of the requests that passed them.
// Point 0 of a pipeline lies in front of its first processor, point n behind the n-th.
//
// Bounded: the newest kSamplesMax of each pipeline and kBytesMax of all, reserved in the budget
// under MemoryTerm::kRecent; samples are dropped when no point of their pipeline is watched any
// more. Without a watch there is nothing, and a worker pays one relaxed load a request.
//
// Any thread; takes a lock but for watched_points(). Watches must not outlive it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/metadata.h"
#include "base/mutex.h"
#include "base/time.h"
#include "memory/budget.h"
#include "pipeline/tap.h"

namespace millrace::recent {

// A request at the points that were looked at, and at those in front of them.
struct EdgeSample {
  struct Point {
    size_t position = 0;
    uint32_t item_count = 0;
    Bytes bytes;  // one piece; empty: processors left nothing
  };
  uint64_t number = 0;  // grows by 1 with each sample; the first is 1
  WallTime at;
  std::vector<Point> points;
  MetadataRef metadata;
  // Of the processor behind the last point; empty: none.
  std::string refusal;
  Reservation memory;

  const Point* point(size_t position) const;
};
using EdgeSampleRef = std::shared_ptr<const EdgeSample>;

class EdgeTaps {
 public:
  static constexpr size_t kSamplesMax = 32;
  static constexpr size_t kBytesMax = 16 << 20;
  static constexpr size_t kSampleBytesMax = 4 << 20;  // larger requests are not sampled
  static constexpr size_t kPositionsMax = 64;         // points beyond cannot be looked at

  EdgeTaps(Budget& budget, size_t pipeline_count);
  ~EdgeTaps();
  EdgeTaps(const EdgeTaps&) = delete;
  EdgeTaps& operator=(const EdgeTaps&) = delete;

  // While it lives, the point is looked at.
  class Watch {
   public:
    Watch(EdgeTaps& taps, size_t pipeline, size_t position);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    size_t pipeline() const { return pipeline_; }
    size_t position() const { return position_; }

   private:
    EdgeTaps& taps_;
    const size_t pipeline_;
    const size_t position_;
  };

  // A bit for each point that is looked at.
  const std::atomic<uint64_t>& watched_points(size_t pipeline) const {
    return of_[pipeline]->watched;
  }
  // --- Workers ---
  // Copies what is looked at. Skips the request, and counts it, when it is too large or memory is
  // short.
  void add(size_t pipeline, const pipeline::Trail& trail, WallTime at);
  void count_passed(size_t pipeline, uint32_t item_count) {
    of_[pipeline]->passed_requests.fetch_add(1, std::memory_order_relaxed);
    of_[pipeline]->passed_items.fetch_add(item_count, std::memory_order_relaxed);
  }
  // Drops all samples: the budget has no room for messages. False: there was none.
  bool give_back();

  // --- The console ---
  // Samples with a higher number than `number`, in order.
  std::vector<EdgeSampleRef> newer_than(size_t pipeline, uint64_t number) const;
  struct Numbers {
    uint64_t passed_requests = 0;  // at the first point that they met, during a watch
    uint64_t passed_items = 0;
    uint64_t sampled_requests = 0;
    uint64_t too_large_requests = 0;  // and those for which memory was short
    uint64_t newest = 0;              // the number of the newest sample
  };
  Numbers numbers(size_t pipeline) const;

 private:
  struct OfPipeline {
    std::atomic<uint64_t> watched{0};          // written under the lock, read by workers; relaxed
    std::atomic<uint64_t> passed_requests{0};  // any thread adds; relaxed
    std::atomic<uint64_t> passed_items{0};
    std::atomic<uint64_t> sampled_requests{0};
    std::atomic<uint64_t> too_large_requests{0};
    std::array<uint32_t, kPositionsMax> watch_counts{};  // under the lock
    std::deque<EdgeSampleRef> samples;                   // under the lock; oldest first
    uint64_t newest = 0;                                 // under the lock
  };
  void change_watch(size_t pipeline, size_t position, int change);
  // Of the points that `watched` asks for; null: too large, or memory is short.
  std::shared_ptr<EdgeSample> copy(const pipeline::Trail& trail, uint64_t watched);
  void drop_oldest(OfPipeline& of) MILLRACE_REQUIRES(mutex_);

  Budget& budget_;
  std::vector<std::unique_ptr<OfPipeline>> of_;
  mutable Mutex mutex_;
  size_t bytes_ MILLRACE_GUARDED_BY(mutex_) = 0;
};

}  // namespace millrace::recent
