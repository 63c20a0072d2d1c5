// Counts of what happened to all items. millrace/statistics.h states the equation between them.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "millrace/c/collector.h"
#include "millrace/c/processor.h"
#include "millrace/c/result.h"

MILLRACE_C_BEGIN

// A snapshot of the counts.
typedef struct millrace_statistics millrace_statistics;

// The size of arrays of counts by reason; later versions may use more of it.
#define MILLRACE_DROP_REASON_ROOM 16

// Why items were dropped: the index into `dropped` and `dropped_in_buffer`.
typedef MILLRACE_ENUM(millrace_drop_reason){
    MILLRACE_DROP_BUFFER_FULL = 0,   MILLRACE_DROP_OLDEST = 1,
    MILLRACE_DROP_RETRY_EXPIRED = 2, MILLRACE_DROP_NOT_RETRIED = 3,
    MILLRACE_DROP_AGE_EXPIRED = 4,   MILLRACE_DROP_REFUSED = 5,
    MILLRACE_DROP_BAD_DATA = 6,      MILLRACE_DROP_TOO_LARGE = 7,
    MILLRACE_DROP_DEADLINE = 8,      MILLRACE_DROP_STORAGE_FAILED = 9,
    MILLRACE_DROP_SHUTDOWN = 10,     MILLRACE_DROP_HANDED_BACK = 11,
} millrace_drop_reason;

// "buffer_full" and so on; "unknown" for other numbers. Never null; do not free it.
MILLRACE_API const char* millrace_drop_reason_name(millrace_drop_reason reason);

// Sums over signals and destinations, in items.
typedef struct millrace_totals {
  size_t struct_size;  // sizeof(millrace_totals)
  uint64_t collected;  // a collect function returned MILLRACE_OK
  uint64_t refused;    // a collect function returned another code
  uint64_t exported;   // delivered; an item that went to two destinations counts twice
  uint64_t failed;     // dropped by a destination, or rejected by the peer
  uint64_t queued;     // waiting for an answer, counted for each destination
  uint64_t dropped[MILLRACE_DROP_REASON_ROOM];  // by millrace_drop_reason, in all places
  uint64_t repaired_texts;                      // texts that were not UTF-8
  uint64_t corrected_times;                     // spans whose end was before their start
  uint64_t truncated_values;                    // texts longer than attribute_value_length_max
  uint64_t skipped_attributes;                  // attributes without a key or nested too deep
  uint64_t exporter_exceptions;                 // exceptions that C++ exporters threw
  uint64_t buffer_bytes;                        // current memory of the buffer
  uint64_t thread_count;                        // running threads that have collected
  uint32_t balances;                            // 1: the ledger balances for every destination
  uint32_t reserved;                            // 0
} millrace_totals;

// The counts of the collect calls for one signal, in items.
typedef struct millrace_signal_statistics {
  size_t struct_size;                                     // sizeof(millrace_signal_statistics)
  uint64_t collected;                                     // MILLRACE_OK
  uint64_t refused_buffer_full;                           // MILLRACE_BUFFER_FULL
  uint64_t refused_shut_down;                             // MILLRACE_SHUT_DOWN
  uint64_t refused_too_large;                             // MILLRACE_TOO_LARGE
  uint64_t buffered;                                      // not yet in the destinations' queues
  uint64_t dropped_in_buffer[MILLRACE_DROP_REASON_ROOM];  // by millrace_drop_reason
} millrace_signal_statistics;

// The counts of one destination and one signal, in items.
typedef struct millrace_destination_statistics {
  size_t struct_size;         // sizeof(millrace_destination_statistics)
  const char* name;           // "otlp_grpc/1"; lives as long as the statistics
  const char* last_error;     // empty when the last request succeeded; lives as the statistics
  millrace_signal signal;     // the signal of these counts
  uint32_t reserved;          // 0
  uint64_t delivered;         // answered with OK
  uint64_t rejected_by_peer;  // rejected in an answer with OK (OTLP's partial success)
  uint64_t filtered;          // by the processors of a configuration
  uint64_t queued;            // waiting for an answer
  uint64_t retries;           // requests that were sent again
  uint64_t dropped[MILLRACE_DROP_REASON_ROOM];  // by millrace_drop_reason
  uint64_t recovered;                           // found in the queue on disk at the start
} millrace_destination_statistics;

// Takes a snapshot. Any thread. Null when there is no memory or the handle is null.
MILLRACE_API millrace_statistics* millrace_statistics_of(const millrace_collector* collector);
MILLRACE_API millrace_statistics* millrace_processor_statistics(
    const millrace_processor* processor);
// Frees the snapshot.
MILLRACE_API void millrace_statistics_free(millrace_statistics* statistics);

// Set struct_size before the call; the library sets the other fields. There is one
// destination_statistics for each destination and each of its signals; MILLRACE_INVALID_ARGUMENT
// for an `index` beyond the last.
MILLRACE_API millrace_code millrace_statistics_totals(const millrace_statistics* statistics,
                                                      millrace_totals* totals);
MILLRACE_API millrace_code millrace_statistics_signal(const millrace_statistics* statistics,
                                                      millrace_signal signal,
                                                      millrace_signal_statistics* counts);
MILLRACE_API size_t millrace_statistics_destination_count(const millrace_statistics* statistics);
MILLRACE_API millrace_code millrace_statistics_destination(const millrace_statistics* statistics,
                                                           size_t index,
                                                           millrace_destination_statistics* counts);

MILLRACE_C_END
