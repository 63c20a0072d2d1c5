// Where batches go when the user brings the way: implement Exporter and put it into
// Config::exporters (or give it to a BatchProcessor). Several run side by side on the same bytes.
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
// shared: it may be kept for as long as wanted, on any thread, also after the collector is gone;
// what is kept counts in Config::buffer_bytes, not in buffer_capacity.
class MILLRACE_API Batch {
 public:
  virtual ~Batch() = default;
  virtual Signal signal() const noexcept = 0;        // which of the three requests it is
  virtual uint32_t item_count() const noexcept = 0;  // spans, data points or log records
  virtual size_t byte_count() const noexcept = 0;    // of all pieces together
  // The message in pieces, in order; nothing is copied. Valid as long as the batch.
  virtual std::span<const std::span<const uint8_t>> pieces() const noexcept = 0;
  // The message in one piece.
  std::string to_bytes() const;
  // Decoded; empty when the batch is of another signal. Allocates: for looking, not for speed.
  // Resource and scope are not in it.
  std::vector<Span> to_spans() const;
  std::vector<LogRecord> to_log_records() const;
  std::vector<MetricPoint> to_metric_points() const;
};
using BatchRef = std::shared_ptr<const Batch>;

// What an exporter answers; by default, that all went well.
struct ExportResult {
  // What became of a batch.
  enum class Kind : uint8_t {
    kDelivered,  // the destination has it, less rejected_count items
    kRetry,      // it may pass: the same batch comes again after a while
    kRefused,    // it never will: counted as DropReason::kRefused
  };
  Kind kind = Kind::kDelivered;  // what became of the batch
  uint64_t rejected_count = 0;   // kDelivered: items of it that were refused all the same
  std::string message = {};      // for statistics and the log
  uint32_t retry_after_ms = 0;   // kRetry: not before; 0: as the retry options say
};

class Exporter {
 public:
  using Deadline = std::chrono::steady_clock::time_point;  // when an attempt counts as failed
  virtual ~Exporter() = default;
  // One batch. Called on a thread that the collector keeps for this exporter, one call at a time;
  // it may block, and blocks no other exporter. After `deadline` (30 seconds) the batch counts as
  // failed for the time being and is tried again once the call has returned. What it throws is
  // caught and counted, and means kRetry.
  virtual ExportResult export_batch(const BatchRef& batch, Deadline deadline) = 0;
  // The last call, on the same thread, before Collector::shutdown returns. A thread that is still
  // inside export_batch when the deadline of that comes is left alone with its exporter; this is
  // then called when it returns.
  virtual void shutdown() {}
  // In statistics: "exporter/<name>".
  virtual std::string name() const { return "custom"; }
};

MILLRACE_NAMESPACE_END
