// What a collector has done so far. All counts are items: spans, log records, metric points.
//
// When no thread is inside collect() they add up exactly, for each destination and for the
// collector as a whole:
//   collected + recovered = dropped_in_buffer + filtered + delivered + rejected_by_peer
//                           + dropped (all reasons) + queued
// While threads collect they are read one after the other and may differ by what moved meanwhile.
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
  kBufferFull,     // no room, with OnFull::kDropNewest or a best-effort destination
  kDropOldest,     // made room for newer ones, as configured
  kRetryExpired,   // the destination failed for longer than retry_for_ms
  kNotRetried,     // a passing failure, with retrying switched off
  kAgeExpired,     // lay in the queue for longer than a configuration allows
  kRefused,        // the destination refused it for good
  kBadData,        // the destination called it bad data
  kTooLarge,       // larger than the destination takes
  kDeadline,       // still there when the deadline of shutdown() came
  kStorageFailed,  // the disk queue of a configuration did not keep it
  kShutdown,       // still there when the collector was destroyed without shutdown()
  kHandedBack,     // the destination did not answer, and a failover group sends it elsewhere
};
inline constexpr size_t kDropReasonCount = 12;  // how many reasons there are
// "buffer_full", "drop_oldest" and so on. Never null, never freed.
MILLRACE_API const char* drop_reason_name(DropReason reason) noexcept;

using DropCounts = std::array<uint64_t, kDropReasonCount>;  // by DropReason

struct DestinationStatistics {
  std::string name;                 // "otlp_grpc/1", "exporter/console"
  Signal signal = Signal::kTraces;  // of which these are the counts
  uint64_t recovered = 0;           // found in the queue on disk at the start
  uint64_t delivered = 0;           // it said OK
  uint64_t rejected_by_peer = 0;    // it said OK, less these (OTLP's partial success)
  uint64_t filtered = 0;            // by the processors of a configuration
  DropCounts dropped = {};          // on the way to it
  uint64_t queued = 0;              // in the threads' chunks, on the way, waiting and in flight
  uint64_t retries = 0;             // requests that were sent again
  std::string last_error;           // what it said last when it failed; empty while all is well
};

struct SignalStatistics {
  uint64_t collected = 0;             // collect() said OK
  uint64_t refused_buffer_full = 0;   // collect() said kBufferFull
  uint64_t refused_shut_down = 0;     // kShutDown
  uint64_t refused_too_large = 0;     // kTooLarge
  DropCounts dropped_in_buffer = {};  // before any destination: kDropNewest, kDropOldest, the end
  uint64_t buffered = 0;              // in the threads' chunks and on the way to the destinations
};

struct Statistics {
  std::array<SignalStatistics, kSignalCount> signals = {};  // by Signal
  // One for each destination and signal it takes.
  std::vector<DestinationStatistics> destinations;

  uint64_t repaired_texts = 0;       // were not UTF-8
  uint64_t corrected_times = 0;      // spans whose end was before their start
  uint64_t truncated_values = 0;     // longer than Config::attribute_value_length_max
  uint64_t skipped_attributes = 0;   // without a key, or nested too deep
  uint64_t exporter_exceptions = 0;  // thrown by Exporter::export_batch and counted as failures
  uint64_t buffer_bytes = 0;         // held now, in chunks
  uint64_t thread_count = 0;         // that have collected and still run

  // By signal.
  const SignalStatistics& of(Signal signal) const { return signals[static_cast<size_t>(signal)]; }
  // Sums over all signals.
  uint64_t collected() const;
  uint64_t refused() const;
  // Sums over all destinations: a span that goes to two destinations counts twice.
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
