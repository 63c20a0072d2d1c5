// The duties of a destination's protocol, and nothing else: queueing, batching, retries, cutting,
// concurrency, the ledger and completion are the destination's (destination.h), the same for all.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/metadata.h"
#include "base/result.h"
#include "base/signal.h"
#include "base/time.h"

namespace millrace::pipeline {

struct Batch {
  Signal signal = Signal::kTraces;
  uint32_t item_count = 0;
  Rope bytes;  // one valid Export<Signal>ServiceRequest
  MetadataRef metadata;
};

// How one attempt ended.
struct Outcome {
  enum class Kind : uint8_t {
    kDelivered,  // the destination has it
    kPartial,    // it has it, less rejected_count items; never sent again
    kRetry,      // not delivered; worth another attempt
    kTooLarge,   // the peer's size limit; cut and sent again
    kRefused,    // not delivered, and never will be
    kBadData,    // refused as bad data: cut at request boundaries once, so that one fails alone
    kCancelled,  // we are shutting down; not delivered as far as we know
  };
  Kind kind = Kind::kDelivered;
  uint64_t rejected_count = 0;
  Error error = {};                          // what the destination said, verbatim
  std::optional<Duration> retry_after = {};  // kRetry: the destination's own wish
};

// One exporter of one destination on one worker; used on that worker's loop only.
class Exporter {
 public:
  using Done = std::move_only_function<void(Outcome)>;
  virtual ~Exporter() = default;
  // One attempt. Exactly one call of `done`, never from inside send_batch; several attempts may
  // be under way. After `deadline` the attempt ends by itself with kRetry.
  virtual void send_batch(Batch batch, MonotonicTime deadline, Done done) = 0;
  // While draining, when nothing is queued or in flight here any more: hands on what the exporter
  // itself holds (a connector that counts). May be called again, when more was sent meanwhile.
  // False: it holds nothing, and `done` is not called. True: `done` is called once, by close() at
  // the latest.
  using Flushed = std::move_only_function<void()>;
  virtual bool flush(Flushed /*done*/) { return false; }
  // Ends every attempt under way with kCancelled and closes; nothing is sent afterwards.
  virtual void close() = 0;
  // For the status page: "connected to 10.0.0.1:4317" or the last error.
  virtual std::string describe() const = 0;
};

}  // namespace millrace::pipeline
