// Exporters that the program implements: functions that receive batches.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "millrace/c/batch.h"
#include "millrace/c/config.h"

MILLRACE_C_BEGIN

// The result of exporting a batch.
typedef MILLRACE_ENUM(millrace_export_kind){
    MILLRACE_EXPORT_DELIVERED = 0,  // the destination has the batch without rejected_count items
    MILLRACE_EXPORT_RETRY = 1,      // a temporary failure: the same batch is exported again later
    MILLRACE_EXPORT_REFUSED = 2,    // a permanent failure: the batch is dropped and counted
} millrace_export_kind;

// Details of the result. All fields are zero when export_batch is called.
typedef struct millrace_export_outcome {
  size_t struct_size;       // set by the library; fields beyond it must not be written
  uint64_t rejected_count;  // DELIVERED: the number of items that were rejected
  uint32_t retry_after_ms;  // RETRY: the minimum delay; 0: the library's backoff
  uint32_t reserved;        // 0
  char message[256];        // for statistics and the log; ends in a null byte
} millrace_export_outcome;

// An exporter. Its functions are called one at a time on a thread that the collector keeps for it.
typedef struct millrace_exporter {
  size_t struct_size;  // sizeof(millrace_exporter)
  const char* name;    // in statistics: "exporter/<name>"; copied
  void* context;       // passed to each function
  // Exports one batch. It may block without blocking other exporters. After `timeout_ms` the
  // attempt counts as failed, and the batch is exported again after the call returns. Never null.
  millrace_export_kind (*export_batch)(void* context, const millrace_batch* batch,
                                       uint64_t timeout_ms, millrace_export_outcome* outcome);
  // The last call on the exporter's thread. May be null.
  void (*shutdown)(void* context);
  // Called on any thread when no function will be called again: after the collector and the
  // configuration are destroyed and the exporter's thread has ended (later, if a call was still
  // blocked at the deadline of shutdown). `context` must live until then. May be null.
  void (*destroy)(void* context);
} millrace_exporter;

// Sets every field of `exporter`.
static inline void millrace_exporter_init(
    millrace_exporter* exporter, const char* name, void* context,
    millrace_export_kind (*export_batch)(void* context, const millrace_batch* batch,
                                         uint64_t timeout_ms, millrace_export_outcome* outcome)) {
  memset(exporter, 0, sizeof *exporter);
  exporter->struct_size = sizeof *exporter;
  exporter->name = name;
  exporter->context = context;
  exporter->export_batch = export_batch;
}

// Adds an exporter, which receives every item. After an error none of its functions is called.
MILLRACE_API millrace_code millrace_config_add_exporter(millrace_config* config,
                                                        const millrace_exporter* exporter);

MILLRACE_C_END
