// Exporters that the program implements: derive from Exporter and add the object to
// Config::exporters or pass it to a BatchProcessor. Several exporters share the same bytes.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "millrace/export.h"
#include "millrace/log_record.h"
#include "millrace/metric_point.h"
#include "millrace/span.h"
#include "millrace/statistics.h"

MILLRACE_NAMESPACE_BEGIN

// A batch: one valid ExportTraceServiceRequest (or …Metrics…, …Logs…) in protobuf. Immutable and
// shared: a reference may be kept for any time, on any thread, also after the collector is
// destroyed; kept batches count in Config::buffer_bytes, not in buffer_capacity.
class MILLRACE_API Batch {
 public:
  virtual ~Batch() = default;
  virtual Signal signal() const noexcept = 0;        // selects the type of the request
  virtual uint32_t item_count() const noexcept = 0;  // spans, data points or log records
  virtual size_t byte_count() const noexcept = 0;    // of all pieces together
  // The pieces of the message in order, without a copy. Valid as long as the batch.
  virtual std::span<const std::span<const uint8_t>> pieces() const noexcept = 0;
  // A copy of the message in one piece.
  std::string to_bytes() const;
  // The decoded spans without resource and scope; empty for another signal. Allocates; use it for
  // inspection, not on a fast path.
  std::vector<Span> to_spans() const;
  std::vector<LogRecord> to_log_records() const;
  std::vector<MetricPoint> to_metric_points() const;
};
using BatchRef = std::shared_ptr<const Batch>;

// The result of exporting a batch. The default means success.
struct ExportResult {
  // The three results.
  enum class Kind : uint8_t {
    kDelivered,  // the destination has the batch without rejected_count items
    kRetry,      // a temporary failure: the same batch is exported again later
    kRefused,    // a permanent failure: counted as DropReason::kRefused
  };
  Kind kind = Kind::kDelivered;  // success or the kind of failure
  uint64_t rejected_count = 0;   // kDelivered: the number of items that were rejected
  std::string message = {};      // for statistics and the log
  uint32_t retry_after_ms = 0;   // kRetry: the minimum delay; 0: the retry options apply
};

class Exporter {
 public:
  using Deadline = std::chrono::steady_clock::time_point;  // when an attempt counts as failed
  virtual ~Exporter() = default;
  // Exports one batch. Called on a thread that the collector keeps for this exporter, one call at a
  // time; it may block without blocking other exporters. After `deadline` (30 seconds) the attempt
  // counts as failed, and the batch is exported again when the call has returned. An exception is
  // caught and counted and means kRetry.
  virtual ExportResult export_batch(const BatchRef& batch, Deadline deadline) = 0;
  // The last call, on the same thread, before Collector::shutdown returns. If export_batch still
  // runs at the deadline of Collector::shutdown, that returns without waiting, and the thread calls
  // this function when export_batch returns.
  virtual void shutdown() {}
  // The name in statistics: "exporter/<name>".
  virtual std::string name() const { return "custom"; }
};

MILLRACE_NAMESPACE_END
