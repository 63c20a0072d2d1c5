// One destination for one signal, as all workers share it: the sending queue, how much may be in
// flight, the breaker, health, and the numbers people look at. What belongs to one worker (the
// exporter, the batch being formed, retries) is its DestinationWorker.
//
// Made at assembly, before any loop runs; outlives its workers' loops. Each part says what its
// threads are; what is declared here is safe from any thread unless stated.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/log_histogram.h"
#include "destination/breaker.h"
#include "destination/destination_counters.h"
#include "destination/health_record.h"
#include "destination/loss_report.h"
#include "destination/peer_size_limit.h"
#include "destination/send_window.h"
#include "destination/sending_queue.h"
#include "ledger/ledger.h"
#include "pipeline/options.h"

namespace millrace::pipeline {

class DestinationWorker;

// For the metrics; all of one destination.
struct DestinationNumbers {
  uint64_t queue_size = 0;  // in units of the sizer
  uint64_t queue_capacity = 0;
  uint32_t in_flight = 0;  // attempts under way
  uint32_t concurrency_limit = 0;
  uint64_t sent_items = 0;
  uint64_t failed_items = 0;          // dropped after trying
  uint64_t enqueue_failed_items = 0;  // no room
  uint64_t retries = 0;
  bool breaker_open = false;  // it does not answer, and is probed
  uint64_t breaker_opened = 0;
};

// How large batches are, and how long a delivered batch took from its attempt to its answer.
struct FlowRecord {
  LogHistogram batch_items;
  LogHistogram latency_ns;
};

// Told of every batch that is sent for the first time; called on the workers' loops.
using BatchObserver = std::function<void(uint64_t item_count, uint64_t byte_count)>;

class Destination final : public ledger::HeldWalker {
 public:
  explicit Destination(DestinationOptions options);
  Destination(const Destination&) = delete;
  Destination& operator=(const Destination&) = delete;

  const DestinationOptions& options() const { return options_; }
  DestinationNumbers numbers() const;
  DestinationHealth health() const { return health_.snapshot(); }
  Backlog* backlog() const { return queue_.backlog(); }
  // Counts the shared queue; the workers count what they hold themselves.
  void count_held(ledger::Held& held) const override { queue_.count_held(held); }
  bool is_empty() const { return queue_.is_empty(); }
  // When the oldest request that is not settled was admitted, about a second late; kNever: there is
  // none. Requests that lie on disk only are not looked at.
  MonotonicTime oldest() const;

  // Before the loops run.
  void observe_batches(BatchObserver observer) { batch_observer_ = std::move(observer); }
  const BatchObserver& batch_observer() const { return batch_observer_; }

  // --- The shared parts ---
  SendingQueue& queue() { return queue_; }
  const SendingQueue& queue() const { return queue_; }
  SendWindow& window() { return window_; }
  Breaker& breaker() { return breaker_; }
  HealthRecord& health_record() { return health_; }
  PeerSizeLimit& peer_size_limit() { return peer_size_limit_; }
  FlowRecord& flow() { return flow_; }
  const FlowRecord& flow() const { return flow_; }
  DestinationCounters& counters() { return counters_; }
  // What was lost or refused here, for the log; its tick() is the owner's to call.
  LossReport& losses() { return losses_; }

  // --- The workers; added and removed when no loop runs, or on the only loop ---
  void add_worker(DestinationWorker& worker) { workers_.push_back(&worker); }
  void remove_worker(DestinationWorker& worker);
  const std::vector<DestinationWorker*>& workers() const { return workers_; }
  // The breaker has closed, or has opened where batches are handed back: batches that wait for it
  // look again.
  void wake_for_breaker();

 private:
  const DestinationOptions options_;
  LossReport losses_;
  std::vector<DestinationWorker*> workers_;
  BatchObserver batch_observer_;
  SendingQueue queue_;
  SendWindow window_;
  Breaker breaker_;
  HealthRecord health_;
  PeerSizeLimit peer_size_limit_;
  DestinationCounters counters_;
  FlowRecord flow_;
};

}  // namespace millrace::pipeline
