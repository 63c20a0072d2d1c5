// Batching, retries and fan-out alone, for programs with a source of their own; see
// millrace/batch_processor.h.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "millrace/c/config.h"
#include "millrace/c/result.h"

MILLRACE_C_BEGIN

// Takes requests.
typedef struct millrace_processor millrace_processor;

// Takes batch_size, batch_timeout_ms, buffer_capacity, buffer_bytes, on_full, batching and the
// exporters of the configuration, at least one; the endpoints have no meaning here.
MILLRACE_API millrace_code millrace_processor_create(millrace_config* config,
                                                     millrace_processor** processor);
// One Export…ServiceRequest in protobuf; it is checked completely and copied. `item_count`, which
// may be null, gets how many items it has. `message`, which may be null, gets at most
// `message_size` bytes of why it was refused, and ends in a null byte.
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
