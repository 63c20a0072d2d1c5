// Batching, retries and fan-out alone, for programs with a source of their own: requests go in, and
// the same bytes, joined into batches, go out to any number of Exporters.
//
// Everything that Collector says about threads, fork(), deadlines and counting holds here as well.
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
  OnFull on_full = OnFull::kReject;        // what submit() does when it is full
  Batching batching = Batching::kFixed;    // when a batch is sent
};

class MILLRACE_API BatchProcessor {
 public:
  // At least one exporter.
  static Result<BatchProcessor> create(BatchProcessorConfig config,
                                       std::vector<std::shared_ptr<Exporter>> exporters);
  ~BatchProcessor();
  BatchProcessor(BatchProcessor&&) noexcept;
  BatchProcessor& operator=(BatchProcessor&&) noexcept;

  // One Export…ServiceRequest in protobuf; it is copied. It is checked completely first (framing,
  // UTF-8, ids): kInvalidArgument with the field and its offset. kBufferFull, kShutDown, kTooLarge
  // as Collector::collect. An empty one is OK.
  Result<uint32_t> submit(Signal signal, std::span<const uint8_t> request);

  // As Collector's.
  Status flush(std::chrono::nanoseconds timeout) noexcept;
  Status shutdown(std::chrono::nanoseconds timeout) noexcept;
  Statistics statistics() const;

 private:
  explicit BatchProcessor(std::unique_ptr<detail::Handle> handle) noexcept;
  std::unique_ptr<detail::Handle> handle_;
};

MILLRACE_NAMESPACE_END
