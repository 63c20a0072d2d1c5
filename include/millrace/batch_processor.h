// Batching, retries and fan-out without the builders, for programs that have OTLP requests already:
// submit() takes requests, joins their bytes into batches and sends them to Exporters.
//
// Threads, fork(), deadlines and counts are as millrace/collector.h describes for Collector.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "millrace/config.h"
#include "millrace/export.h"
#include "millrace/exporter.h"
#include "millrace/result.h"
#include "millrace/statistics.h"

MILLRACE_NAMESPACE_BEGIN

namespace detail {
class Handle;
}

struct BatchProcessorConfig {
  uint32_t batch_size = 1000;              // items; at least 1
  uint32_t batch_timeout_ms = 5000;        // at least 1
  uint64_t buffer_capacity = 100'000;      // items; at least 1
  size_t buffer_bytes = size_t{96} << 20;  // memory of the buffer; at least 64 KiB
  OnFull on_full = OnFull::kReject;        // what submit() does when the buffer is full
  Batching batching = Batching::kFixed;    // when a batch is sent
};

class MILLRACE_API BatchProcessor {
 public:
  // Precondition: at least one exporter; otherwise kInvalidArgument.
  static Result<BatchProcessor> create(BatchProcessorConfig config,
                                       std::vector<std::shared_ptr<Exporter>> exporters);
  ~BatchProcessor();
  BatchProcessor(BatchProcessor&&) noexcept;
  BatchProcessor& operator=(BatchProcessor&&) noexcept;

  // Copies one Export…ServiceRequest in protobuf and returns its number of items; an empty request
  // is OK. The request is first checked completely (framing, UTF-8, ids): kInvalidArgument names
  // the field and its offset. kBufferFull, kShutDown, kTooLarge as in Collector::collect.
  Result<uint32_t> submit(Signal signal, std::span<const uint8_t> request);

  // As in Collector.
  Status flush(std::chrono::nanoseconds timeout) noexcept;
  Status shutdown(std::chrono::nanoseconds timeout) noexcept;
  Statistics statistics() const;

 private:
  explicit BatchProcessor(std::unique_ptr<detail::Handle> handle) noexcept;
  std::unique_ptr<detail::Handle> handle_;
};

MILLRACE_NAMESPACE_END
