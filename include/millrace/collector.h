// The collector inside one's own process: hand over spans, log records and metric points from any
// thread; they are batched, sent to every destination, retried and counted in the background.
//
//   auto collector = millrace::Collector::create({.service_name = "shop"});
//   if (!collector) { … collector.error().message … }
//   millrace::Span span = millrace::Span::make("checkout");
//   if (!collector->collect(span.set("cart.items", 3).finish())) { … there was no room … }
//   if (!collector->shutdown(std::chrono::seconds(2))) { … not everything was delivered … }
//
// collect() never blocks, never waits for the network and never allocates more than a chunk. The
// collector has one background thread, and one for each Exporter of the user's; no signal handler,
// no output but to Config::log, nothing global: several collectors in one process know nothing of
// each other.
//
// fork(): the parent goes on as before. In the child the collector is empty, and its first collect
// starts it anew with the same configuration; what the parent had not sent is sent by the parent
// alone. A user's own exporters are objects of the parent: a child gets none of them. The parent's
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
  // Errors: kInvalidArgument names the field; kUnavailable: no thread or descriptor could be had.
  // No endpoint is contacted or looked up here.
  static Result<Collector> create(Config config = {});
  // Without shutdown() before: like shutdown with a deadline of nothing.
  ~Collector();
  Collector(Collector&&) noexcept;
  Collector& operator=(Collector&&) noexcept;

  // One item; it is copied. From any number of threads. OK: it is in the buffer. Otherwise
  // kBufferFull (OnFull::kReject), kShutDown or kTooLarge, and nothing was taken. Each is counted.
  // kInvalidArgument, not counted: a histogram whose buckets do not fit its bounds.
  Status collect(const Span& span) noexcept;
  Status collect(const LogRecord& record) noexcept;
  Status collect(const MetricPoint& point) noexcept;
  // The same for what a builder has written; it can be reset() and used again.
  Status collect(SpanBuilder& span) noexcept;
  Status collect(LogRecordBuilder& record) noexcept;
  Status collect(MetricPointBuilder& point) noexcept;

  // Waits until everything collected before this call is answered for by every required
  // destination, or dropped and counted; kDeadlineExceeded when that takes longer. Any thread.
  Status flush(std::chrono::nanoseconds timeout) noexcept;
  // The end: collect() refuses from now on, what is there is sent, retried until the deadline, and
  // then dropped and counted (kDeadline). OK: everything was answered for. kDeadlineExceeded:
  // something was dropped. Returns in time whatever the destinations do. Once; a second call
  // returns what the first did.
  Status shutdown(std::chrono::nanoseconds timeout) noexcept;

  // Any thread; takes a moment (it asks the background thread).
  Statistics statistics() const;

 private:
  explicit Collector(std::unique_ptr<detail::Handle> handle) noexcept;
  std::unique_ptr<detail::Handle> handle_;
};

MILLRACE_NAMESPACE_END
