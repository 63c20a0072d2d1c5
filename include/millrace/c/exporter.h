// An exporter of one's own: functions that get batches.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "millrace/c/batch.h"
#include "millrace/c/config.h"

MILLRACE_C_BEGIN

// What became of a batch.
typedef MILLRACE_ENUM(millrace_export_kind){
    MILLRACE_EXPORT_DELIVERED = 0,  // the destination has it, less rejected_count items
    MILLRACE_EXPORT_RETRY = 1,      // it may pass: the same batch comes again after a while
    MILLRACE_EXPORT_REFUSED = 2,    // it never will: dropped and counted
} millrace_export_kind;

// More about it; all zero to begin with.
typedef struct millrace_export_outcome {
  size_t struct_size;       // set by the library; fields beyond it must not be written
  uint64_t rejected_count;  // delivered, less these items
  uint32_t retry_after_ms;  // not before; 0: as the library thinks right
  uint32_t reserved;        // 0
  char message[256];        // for statistics and the log; ends in a null byte
} millrace_export_outcome;

// An exporter of one's own. Functions are called on a thread that the collector keeps for it, one
// call at a time.
typedef struct millrace_exporter {
  size_t struct_size;  // sizeof(millrace_exporter)
  const char* name;    // in statistics: "exporter/<name>"; copied
  void* context;       // handed to each function
  // One batch; it may block, and blocks no other exporter. After `timeout_ms` the batch counts as
  // failed for the time being and comes again once the call has returned. Never null.
  millrace_export_kind (*export_batch)(void* context, const millrace_batch* batch,
                                       uint64_t timeout_ms, millrace_export_outcome* outcome);
  // The last call on the exporter's thread; may be null.
  void (*shutdown)(void* context);
  // When nothing will ever call again, on any thread: when the collector and the configuration are
  // gone, and, if millrace_shutdown() was not in time for it or not called, when the exporter's
  // thread has ended. `context` must live until then. May be null.
  void (*destroy)(void* context);
} millrace_exporter;

// Sets every field.
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

// One more exporter, which gets everything. With an error nothing of it will be called.
MILLRACE_API millrace_code millrace_config_add_exporter(millrace_config* config,
                                                        const millrace_exporter* exporter);

MILLRACE_C_END
