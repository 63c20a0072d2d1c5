// What can be set about a destination. The defaults are the daemon's; otelcol's names in brackets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/signal.h"
#include "base/time.h"

namespace millrace::pipeline {

enum class Sizer : uint8_t { kRequests, kItems, kBytes };

enum class OnFull : uint8_t {
  kReject,  // the sender hears UNAVAILABLE and when to try again
  kBlock,   // the sender waits in line, at most until its deadline or, if it told none, for
            // block_timeout [block_on_overflow]
  // The oldest pending request, in memory or on disk, is dropped and counted; when all are in
  // flight, the new one. As kBlock for as long as the disk has to be asked how large the oldest is.
  kDropOldest,
};

struct QueueOptions {
  // In units of `sizer`: pending requests and requests in flight, until the answer [queue_size].
  uint64_t capacity = 1000;
  Sizer sizer = Sizer::kRequests;
  OnFull on_full = OnFull::kReject;
  // kBlock: how long a sender without a deadline of its own (over HTTP no sender has one) waits for
  // room. Zero: for ever. The default is what SDKs wait for an answer.
  Duration block_timeout = 10s;
  // With the sizers items and bytes: at most this many requests as well.
  uint32_t requests_max = 65536;
  // For every sizer: at most this many requests in memory, rounded down to a power of two.
  // Each slot costs SendingQueue::kSlotBytes, for good once it was used.
  uint64_t places_max = uint64_t{1} << 19;
  // A request that is older when its turn comes is dropped as age_expired. Zero: no limit.
  Duration age_max = 0s;
};

enum class BatchMode : uint8_t {
  // Nothing in flight: send at the end of this turn. Otherwise the batch grows until a slot frees,
  // it reaches a maximum, or flush_timeout passes.
  kAdaptive,
  // Send when a minimum is reached or flush_timeout has passed (otelcol's batch).
  kFixed,
  kNone,  // one request, one batch
};

// Whole requests are joined; one is cut only when it alone exceeds a maximum. Profiles are never
// joined, whatever the mode.
struct BatchOptions {
  BatchMode mode = BatchMode::kAdaptive;
  uint64_t items_max = 8192;  // 0: no limit [max_size, send_batch_max_size]
  uint64_t bytes_max = 0;     // 0: no limit
  // kAdaptive: requests that are longer together are not joined. One that is longer alone is sent
  // as it came, and not cut for it. 0: no limit
  uint64_t joined_bytes_max = 0;
  uint64_t items_min = 8192;  // kFixed; 0: not a criterion [min_size, send_batch_size]
  uint64_t bytes_min = 0;     // kFixed; 0: not a criterion
  Duration flush_timeout = 200ms;
  // Requests with different values of these headers are never joined; lower case. Each worker
  // forms its own batch per combination.
  std::vector<std::string> metadata_keys = {};
};

// Exponential back-off with jitter [retry_on_failure]. A wish of the destination (RetryInfo,
// Retry-After) that is longer than the back-off is obeyed.
struct RetryOptions {
  bool enabled = true;
  Duration initial_interval = 5s;
  double multiplier = 1.5;
  double randomization_factor = 0.5;
  Duration max_interval = 30s;
  // Counted from a batch's first attempt. Zero: for ever.
  Duration max_elapsed_time = 5min;
  // After so many passing failures in a row only one batch at a time tries, until one is answered.
  // 0: all go on trying.
  uint32_t breaker_failures = 10;
};

struct ConcurrencyOptions {
  // Batches in flight, those waiting for a retry included, over all workers [num_consumers].
  // 1 means ordered.
  uint32_t max = 10;
  uint32_t min = 1;
  // The limit moves between min and max: one more for each round in which all places were used,
  // three quarters after a passing failure or when latency doubles. False: always max.
  bool adaptive = true;
};

struct DestinationOptions {
  std::string name = {};  // "otlp_grpc/backup"
  Signal signal = Signal::kTraces;
  QueueOptions queue;
  BatchOptions batch;
  RetryOptions retry;
  ConcurrencyOptions concurrency;
  Duration timeout = 5s;  // of one attempt; zero: none
  // A required destination without room rejects the request for all; a best-effort one drops and
  // counts.
  bool required = true;
  // Senders wait for this destination's answer whatever their policy. Also what otelcol's
  // sending_queue.enabled: false means (with BatchMode::kNone).
  bool wait_for_result = false;
  // Another destination takes the data instead (connectors/failover): while the breaker is open,
  // requests that are here and that come are handed back at once; only probes are sent.
  bool hands_back = false;
  // A connector with storage has all that is here on disk and waits for it: a drain hands it back
  // rather than wait for a destination that does not answer.
  bool has_disk_in_front = false;
};

}  // namespace millrace::pipeline
