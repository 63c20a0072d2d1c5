// Batching, retries and fan-out for programs that have OTLP requests already; see
// millrace/batch_processor.h.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "millrace/c/config.h"
#include "millrace/c/result.h"

MILLRACE_C_BEGIN

// A batch processor; see millrace::BatchProcessor.
typedef struct millrace_processor millrace_processor;

// Uses batch_size, batch_timeout_ms, buffer_capacity, buffer_bytes, on_full, batching and the
// exporters (at least one) of the configuration, and ignores its endpoints. On an error *processor
// is null and millrace_config_message() has the reason.
MILLRACE_API millrace_code millrace_processor_create(millrace_config* config,
                                                     millrace_processor** processor);
// Checks one Export…ServiceRequest in protobuf completely and copies it. `item_count` (may be null)
// receives its number of items. After an error `message` (may be null) has the reason: at most
// `message_size` bytes, including the null byte at its end.
MILLRACE_API millrace_code millrace_processor_submit(millrace_processor* processor,
                                                     millrace_signal signal, const void* request,
                                                     size_t size, uint32_t* item_count,
                                                     char* message, size_t message_size);
// As millrace_flush(), millrace_shutdown() and millrace_destroy().
MILLRACE_API millrace_code millrace_processor_flush(millrace_processor* processor,
                                                    uint64_t timeout_ms);
MILLRACE_API millrace_code millrace_processor_shutdown(millrace_processor* processor,
                                                       uint64_t timeout_ms);
MILLRACE_API void millrace_processor_destroy(millrace_processor* processor);

MILLRACE_C_END
