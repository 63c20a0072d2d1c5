// The counts of a collector since its creation, in items: spans, log records, metric points.
//
// When no thread is inside collect(), for each destination and for the collector as a whole:
//   collected + recovered = dropped_in_buffer + filtered + delivered + rejected_by_peer
//                           + dropped (all reasons) + queued
// While threads collect, the counts are read one after the other and may differ by items in motion.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "millrace/export.h"

MILLRACE_NAMESPACE_BEGIN

enum class Signal : uint8_t { kTraces = 0, kMetrics = 1, kLogs = 2 };
inline constexpr size_t kSignalCount = 3;  // how many signals there are

enum class DropReason : uint8_t {
  kBufferFull,     // the buffer or queue was full (OnFull::kDropNewest or best-effort destination)
  kDropOldest,     // dropped in favour of newer items, as configured
  kRetryExpired,   // the destination failed for longer than retry_for_ms
  kNotRetried,     // a temporary failure while retries are disabled
  kAgeExpired,     // older than the maximum age in a queue
  kRefused,        // the destination refused it permanently
  kBadData,        // the destination refused it as bad data
  kTooLarge,       // larger than the destination accepts
  kDeadline,       // not delivered by the deadline of shutdown()
  kStorageFailed,  // the queue on disk failed to keep it
  kShutdown,       // not delivered when the collector was destroyed without shutdown()
  kHandedBack,     // the destination did not answer, and a failover group rerouted it
};
inline constexpr size_t kDropReasonCount = 12;  // how many reasons there are
// "buffer_full", "drop_oldest" and so on. Never null; do not free it.
MILLRACE_API const char* drop_reason_name(DropReason reason) noexcept;

using DropCounts = std::array<uint64_t, kDropReasonCount>;  // by DropReason

struct DestinationStatistics {
  std::string name;                 // "otlp_grpc/1", "exporter/console"
  Signal signal = Signal::kTraces;  // the signal of these counts
  uint64_t recovered = 0;           // found in the queue on disk at the start
  uint64_t delivered = 0;           // answered with OK
  uint64_t rejected_by_peer = 0;    // rejected in an answer with OK (OTLP's partial success)
  uint64_t filtered = 0;            // by the processors of a configuration
  DropCounts dropped = {};          // before the destination had answered
  uint64_t queued = 0;              // in the threads' chunks, pending and in flight
  uint64_t retries = 0;             // requests that were sent again
  std::string last_error;           // the last failure; empty when the last request succeeded
};

struct SignalStatistics {
  uint64_t collected = 0;             // collect() returned OK
  uint64_t refused_buffer_full = 0;   // collect() returned kBufferFull
  uint64_t refused_shut_down = 0;     // collect() returned kShutDown
  uint64_t refused_too_large = 0;     // collect() returned kTooLarge
  DropCounts dropped_in_buffer = {};  // before any destination: kDropNewest, kDropOldest, shutdown
  uint64_t buffered = 0;              // in the threads' chunks, not yet in the destinations' queues
};

struct Statistics {
  std::array<SignalStatistics, kSignalCount> signals = {};  // by Signal
  // One entry for each destination and each of its signals.
  std::vector<DestinationStatistics> destinations;

  uint64_t repaired_texts = 0;       // texts that were not UTF-8
  uint64_t corrected_times = 0;      // spans whose end was before their start
  uint64_t truncated_values = 0;     // texts longer than Config::attribute_value_length_max
  uint64_t skipped_attributes = 0;   // attributes without a key or nested too deep
  uint64_t exporter_exceptions = 0;  // exceptions of Exporter::export_batch, counted as failures
  uint64_t buffer_bytes = 0;         // current memory of the buffer, in whole chunks
  uint64_t thread_count = 0;         // running threads that have collected

  // The counts of one signal.
  const SignalStatistics& of(Signal signal) const { return signals[static_cast<size_t>(signal)]; }
  // Sums over all signals.
  uint64_t collected() const;
  uint64_t refused() const;
  // Sums over all destinations: an item that goes to two destinations counts twice.
  uint64_t exported() const;
  uint64_t failed() const;  // dropped by a destination for any reason, or rejected by the peer
  uint64_t queued() const;
  uint64_t dropped(DropReason reason) const;  // in buffers and in destinations
  // Whether the equation above holds for every destination.
  bool balances() const;
};

inline uint64_t Statistics::collected() const {
  uint64_t sum = 0;
  for (const SignalStatistics& one : signals) sum += one.collected;
  return sum;
}
inline uint64_t Statistics::refused() const {
  uint64_t sum = 0;
  for (const SignalStatistics& one : signals) {
    sum += one.refused_buffer_full + one.refused_shut_down + one.refused_too_large;
  }
  return sum;
}
inline uint64_t Statistics::exported() const {
  uint64_t sum = 0;
  for (const DestinationStatistics& one : destinations) sum += one.delivered;
  return sum;
}
inline uint64_t Statistics::failed() const {
  uint64_t sum = 0;
  for (const DestinationStatistics& one : destinations) {
    sum += one.rejected_by_peer;
    for (const uint64_t count : one.dropped) sum += count;
  }
  return sum;
}
inline uint64_t Statistics::queued() const {
  uint64_t sum = 0;
  for (const DestinationStatistics& one : destinations) sum += one.queued;
  return sum;
}
inline uint64_t Statistics::dropped(DropReason reason) const {
  uint64_t sum = 0;
  for (const SignalStatistics& one : signals) {
    sum += one.dropped_in_buffer[static_cast<size_t>(reason)];
  }
  for (const DestinationStatistics& one : destinations) {
    sum += one.dropped[static_cast<size_t>(reason)];
  }
  return sum;
}
inline bool Statistics::balances() const {
  for (const DestinationStatistics& one : destinations) {
    const SignalStatistics& entered = of(one.signal);
    uint64_t left = one.delivered + one.rejected_by_peer + one.filtered + one.queued;
    for (const uint64_t count : one.dropped) left += count;
    for (const uint64_t count : entered.dropped_in_buffer) left += count;
    if (left != entered.collected + one.recovered) return false;
  }
  return true;
}

MILLRACE_NAMESPACE_END
