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
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/metadata.h"
#include "base/mutex.h"
#include "base/time.h"
#include "memory/budget.h"
#include "pipeline/tap.h"
#include "recent/kept_bytes.h"

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
  static constexpr size_t kPositionsMax = 63;         // points beyond cannot be looked at
  // In watched_points(): the flow through all points is measured (edge_flow.h).
  static constexpr uint64_t kFlowBit = uint64_t{1} << kPositionsMax;

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

  // A bit for each point that is looked at, and kFlowBit.
  const std::atomic<uint64_t>& watched_points(size_t pipeline) const {
    return of_[pipeline]->watched;
  }
  void set_flow_watched(bool is_watched);

  // --- Workers ---
  // What is looked at of one request, copied a part at a time, so that a large request does not
  // hold up the loop. Skips the request, and counts it, when it is too large or memory is short.
  // One thread.
  class Copying {
   public:
    Copying(EdgeTaps& taps, size_t pipeline, pipeline::Trail trail, WallTime at);
    // Copies at most `bytes_max` more, and adds the sample when it is whole. Returns how many it
    // copied.
    size_t proceed(size_t bytes_max);
    bool is_done() const { return is_done_; }

   private:
    bool begin(uint64_t watched);
    void begin_point();

    EdgeTaps& taps_;
    const size_t pipeline_;
    pipeline::Trail trail_;  // the points that are looked at
    std::shared_ptr<EdgeSample> sample_;
    std::optional<KeptCopy> copy_;  // of the sample's last point
    size_t next_point_ = 0;         // of the trail
    bool is_done_ = false;
  };
  // All at once.
  void add(size_t pipeline, pipeline::Trail trail, WallTime at) {
    Copying(*this, pipeline, std::move(trail), at).proceed(SIZE_MAX);
  }
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
  void add_sample(size_t pipeline, std::shared_ptr<EdgeSample> sample);
  void drop_oldest(OfPipeline& of) MILLRACE_REQUIRES(mutex_);

  Budget& budget_;
  std::vector<std::unique_ptr<OfPipeline>> of_;
  mutable Mutex mutex_;
  size_t bytes_ MILLRACE_GUARDED_BY(mutex_) = 0;
};

}  // namespace millrace::recent
