// A collector inside the process. Any thread collects spans, log records and metric points; the
// collector batches them, sends them to every destination, retries and counts in the background.
//
//   auto collector = millrace::Collector::create({.service_name = "shop"});
//   if (!collector) { … collector.error().message … }
//   millrace::Span span = millrace::Span::make("checkout");
//   if (!collector->collect(span.set("cart.items", 3).finish())) { … the buffer is full … }
//   if (!collector->shutdown(std::chrono::seconds(2))) { … not everything was delivered … }
//
// collect() never blocks, never waits for the network and never allocates more than a chunk. The
// collector has one background thread, and one more for each Exporter of the program. It has no
// signal handlers, no output except Config::log and no global state: several collectors in one
// process are independent of each other.
//
// fork(): the parent continues as before. In the child the collector is empty, and its first
// collect() starts it again with the same configuration. Only the parent sends the items that were
// in the buffer. Exporters of the program belong to the parent: the child has none. The parent's
// connections stay open in the child, unused, until it ends or calls exec.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "millrace/config.h"
#include "millrace/export.h"
#include "millrace/log_record.h"
#include "millrace/log_record_builder.h"
#include "millrace/metric_point.h"
#include "millrace/metric_point_builder.h"
#include "millrace/result.h"
#include "millrace/span.h"
#include "millrace/span_builder.h"
#include "millrace/statistics.h"

MILLRACE_NAMESPACE_BEGIN

namespace detail {
class Handle;
}

class MILLRACE_API Collector {
 public:
  // Does not contact or look up any endpoint. Errors: kInvalidArgument names the field;
  // kUnavailable: the system has no thread or descriptor left.
  static Result<Collector> create(Config config = {});
  // Without an earlier shutdown(): shuts down with a timeout of zero first. No other thread may be
  // inside a function of this collector, or call one afterwards.
  ~Collector();
  Collector(Collector&&) noexcept;
  Collector& operator=(Collector&&) noexcept;

  // Copies one item into the buffer. Any thread. OK: the item is in the buffer. Otherwise it was
  // not collected: kBufferFull (OnFull::kReject), kShutDown or kTooLarge, each of which is counted,
  // or kInvalidArgument, not counted, for a histogram whose buckets do not fit its bounds.
  Status collect(const Span& span) noexcept;
  Status collect(const LogRecord& record) noexcept;
  Status collect(const MetricPoint& point) noexcept;
  // Collects the item that a builder has written. The builder can be reset() and used again.
  Status collect(SpanBuilder& span) noexcept;
  Status collect(LogRecordBuilder& record) noexcept;
  Status collect(MetricPointBuilder& point) noexcept;

  // Waits until every required destination has answered for everything collected before this call,
  // or it is dropped and counted. kDeadlineExceeded after `timeout`. Any thread.
  Status flush(std::chrono::nanoseconds timeout) noexcept;
  // Drains the collector: collect() refuses from now on, queued items are sent, retried until the
  // deadline, then dropped and counted (kDeadline). OK: every item was answered. kDeadlineExceeded:
  // some were dropped. Returns by the deadline whatever the destinations do. A second call returns
  // the result of the first.
  Status shutdown(std::chrono::nanoseconds timeout) noexcept;

  // Any thread. Waits for the background thread, so it takes longer than reading counters.
  Statistics statistics() const;

 private:
  explicit Collector(std::unique_ptr<detail::Handle> handle) noexcept;
  std::unique_ptr<detail::Handle> handle_;
};

MILLRACE_NAMESPACE_END
