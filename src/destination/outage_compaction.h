// Keeps the requests for a failing destination in little memory: those that come in, those that are
// pending when the outage begins, and the batches whose attempt failed, each by compactor.h's rule.
// A destination that answers copies nothing.
//
// One worker's, on its loop.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "destination/batcher.h"
#include "destination/compactor.h"
#include "destination/flight.h"
#include "destination/health_record.h"
#include "destination/pending_request.h"
#include "io/loop.h"
#include "memory/chunk_pool.h"

namespace millrace::pipeline {

class OutageCompaction {
 public:
  // Null `pool`: nothing is compacted. The others outlive this.
  OutageCompaction(ChunkPool* pool, Batcher& batcher, const HealthRecord& health, io::Loop& loop);

  // Before the request is enqueued.
  void on_enqueue(PendingRequest& request);
  // Before the batch waits for its next attempt. `begins_outage`: compacts what is pending too, a
  // part in each turn, as long as the outage lasts and there is memory.
  void on_failed_attempt(Flight& flight, bool begins_outage);
  // After a batch was settled: lets the memory of an outage go with its end.
  void on_settled();
  void close() { compactor_.close(); }

 private:
  void compact_pending();
  std::optional<size_t> compact(PendingRequest& request);

  Batcher& batcher_;
  const HealthRecord& health_;
  io::Loop& loop_;
  Compactor compactor_;
  std::unique_ptr<io::Timer> timer_;
};

}  // namespace millrace::pipeline
