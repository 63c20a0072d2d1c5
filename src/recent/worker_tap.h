// What one worker sees pass, for the console: takes it on the path of a request, where it shares
// the bytes and copies nothing, and hands it to the shared parts ten times a second, where it is
// copied in pieces so that other work waits for a fraction of a millisecond.
//
// Bounded: at most a sixteenth of the store's bytes a second (half of them at once after a quiet
// time), and kFreshBytesMax not yet handed over; what is beyond is skipped and counted. So under
// full load the cost for most requests is a comparison. Where a share of the traces is kept, a
// request of traces counts with that share of its bytes, at least with kSampledPartMin of them.
//
// Requests at points that are watched (edge_taps.h): at most kTrailsASecond of each pipeline. While
// the flow is watched (edge_flow.h): at most kFlowsASecond are measured.
//
// On its worker's loop only; the shared parts outlive it.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "io/loop.h"
#include "memory/chunk_pool.h"
#include "pipeline/tap.h"
#include "recent/edge_flow.h"
#include "recent/edge_taps.h"
#include "recent/refusal_list.h"
#include "recent/sender_table.h"
#include "recent/store.h"
#include "recent/trace_sample.h"
#include "reception/request_watcher.h"

namespace millrace::recent {

class WorkerTap final : public reception::RequestWatcher {
 public:
  struct Parts {
    io::Loop* loop = nullptr;
    Store* store = nullptr;
    SenderTable* senders = nullptr;
    RefusalList* refusals = nullptr;
    EdgeTaps* edges = nullptr;
    EdgeFlow* flow = nullptr;
    ChunkPool* pool = nullptr;  // its worker's; used where `sample` does not keep all
    TraceSample sample = TraceSample();
  };
  static constexpr size_t kFreshBytesMax = 8 << 20;
  static constexpr size_t kRequestBytesMax = 16 << 20;  // of one request that waits alone
  // So that a low rate does not make the worker read many times what it may copy.
  static constexpr double kSampledPartMin = 0.125;
  static constexpr uint32_t kTrailsASecond = 8;   // and at once after a quiet time
  static constexpr uint32_t kFlowsASecond = 200;  // as many, likewise

  explicit WorkerTap(Parts parts);
  ~WorkerTap();
  WorkerTap(const WorkerTap&) = delete;
  WorkerTap& operator=(const WorkerTap&) = delete;

  // For the pipeline with that index in the store's names; lives as long as this. What a pipeline
  // passes on is kept only where `keeps` says so; its points can be looked at all the same.
  enum class Keeps : uint8_t { kRequests, kNothing };
  pipeline::Tap& tap_of(size_t pipeline, Keeps keeps);
  void on_admitted(const Admitted& request) override;
  void on_refused(const Refused& refused) override;

 private:
  class PipelineTap;
  struct FreshTrail {
    size_t pipeline = 0;
    WallTime at;
    pipeline::Trail trail;
  };
  void keep(size_t pipeline, pipeline::Trail trail);
  void keep(size_t pipeline, const pipeline::Payload& payload);
  // The bytes that a request takes of the allowance.
  size_t charge_of(const pipeline::Payload& payload) const;
  void sample_and_store(Arrival& arrival);
  void hand_over();
  // Of samples, then of requests; each returns the rest of `bytes` for this turn.
  size_t copy_trails(size_t bytes);
  size_t copy_requests(size_t bytes);
  void hand_over_soon();

  const Parts parts_;
  const size_t bytes_per_second_;
  const size_t burst_bytes_;
  std::vector<std::unique_ptr<PipelineTap>> taps_;
  std::unique_ptr<io::Timer> timer_;
  std::deque<Arrival> fresh_;
  size_t fresh_bytes_ = 0;
  size_t allowance_;  // bytes that may be kept now
  MonotonicTime allowance_at_;
  SenderCounts senders_;
  std::vector<RefusalEntry> refusals_;        // not yet handed over
  std::deque<FreshTrail> trails_;             // not yet handed over
  std::optional<EdgeTaps::Copying> copying_;  // the one that is being handed over
};

}  // namespace millrace::recent
