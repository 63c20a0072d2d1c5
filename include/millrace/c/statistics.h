// What became of everything: millrace/statistics.h in C, which says what adds up to what.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "millrace/c/collector.h"
#include "millrace/c/processor.h"
#include "millrace/c/result.h"

MILLRACE_C_BEGIN

// A snapshot.
typedef struct millrace_statistics millrace_statistics;

// Room in arrays of counts by reason; reasons may be added up to it.
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

// "buffer_full" and so on; "unknown" for other numbers. Never null, never freed.
MILLRACE_API const char* millrace_drop_reason_name(millrace_drop_reason reason);

// The sums. Counts are items.
typedef struct millrace_totals {
  size_t struct_size;  // sizeof(millrace_totals)
  uint64_t collected;  // collect said OK
  uint64_t refused;    // collect said anything else
  uint64_t exported;   // delivered; an item that went to two destinations counts twice
  uint64_t failed;     // dropped by a destination, or rejected by the peer
  uint64_t queued;     // not answered for yet, at each destination
  uint64_t dropped[MILLRACE_DROP_REASON_ROOM];  // by millrace_drop_reason, everywhere
  uint64_t repaired_texts;                      // were not UTF-8
  uint64_t corrected_times;                     // spans whose end was before their start
  uint64_t truncated_values;                    // longer than attribute_value_length_max
  uint64_t skipped_attributes;                  // without a key, or nested too deep
  uint64_t exporter_exceptions;                 // thrown by exporters in C++
  uint64_t buffer_bytes;                        // held now
  uint64_t thread_count;                        // that have collected and still run
  uint32_t balances;                            // 1: the ledger adds up for every destination
  uint32_t reserved;                            // 0
} millrace_totals;

// What one signal's collect calls did.
typedef struct millrace_signal_statistics {
  size_t struct_size;                                     // sizeof(millrace_signal_statistics)
  uint64_t collected;                                     // MILLRACE_OK
  uint64_t refused_buffer_full;                           // MILLRACE_BUFFER_FULL
  uint64_t refused_shut_down;                             // MILLRACE_SHUT_DOWN
  uint64_t refused_too_large;                             // MILLRACE_TOO_LARGE
  uint64_t buffered;                                      // on the way to the destinations
  uint64_t dropped_in_buffer[MILLRACE_DROP_REASON_ROOM];  // by millrace_drop_reason
} millrace_signal_statistics;

// What one destination did with one signal.
typedef struct millrace_destination_statistics {
  size_t struct_size;         // sizeof(millrace_destination_statistics)
  const char* name;           // "otlp_grpc/1"; lives as long as the statistics
  const char* last_error;     // empty while all is well; lives as long as the statistics
  millrace_signal signal;     // of which these are the counts
  uint32_t reserved;          // 0
  uint64_t delivered;         // it said OK
  uint64_t rejected_by_peer;  // it said OK, less these
  uint64_t filtered;          // by the processors of a configuration
  uint64_t queued;            // not answered for yet
  uint64_t retries;           // requests that were sent again
  uint64_t dropped[MILLRACE_DROP_REASON_ROOM];  // by millrace_drop_reason
  uint64_t recovered;                           // found in the queue on disk at the start
} millrace_destination_statistics;

// Any thread. Null when there is no memory or nothing to ask.
MILLRACE_API millrace_statistics* millrace_statistics_of(const millrace_collector* collector);
MILLRACE_API millrace_statistics* millrace_processor_statistics(
    const millrace_processor* processor);
// Ends the snapshot.
MILLRACE_API void millrace_statistics_free(millrace_statistics* statistics);

// Set struct_size before; the rest is filled in. There is one destination_statistics for each
// destination and signal it takes; MILLRACE_INVALID_ARGUMENT beyond the last.
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
