// Batches: the requests that exporters receive.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "millrace/c/result.h"
#include "millrace/c/value.h"

MILLRACE_C_BEGIN

// One valid ExportTraceServiceRequest (or …Metrics…, …Logs…) in protobuf. It is immutable, and
// valid during the exporter's call or until millrace_batch_release() of a reference that it keeps.
typedef struct millrace_batch millrace_batch;

// The signal of the batch.
MILLRACE_API millrace_signal millrace_batch_signal(const millrace_batch* batch);
// The number of spans, data points or log records.
MILLRACE_API uint32_t millrace_batch_item_count(const millrace_batch* batch);
// The size of all pieces together, in bytes.
MILLRACE_API size_t millrace_batch_byte_count(const millrace_batch* batch);
// The number of pieces of the message.
MILLRACE_API size_t millrace_batch_piece_count(const millrace_batch* batch);
// Piece `index`, without a copy; valid as long as the batch. Empty for an `index` beyond the last.
MILLRACE_API millrace_text millrace_batch_piece(const millrace_batch* batch, size_t index);
// Copies at most `size` bytes of the message to `to` and returns the number of copied bytes.
MILLRACE_API size_t millrace_batch_copy(const millrace_batch* batch, void* to, size_t size);
// Returns a further reference to the batch, for any thread, valid also after the collector is
// destroyed. Null when there is no memory.
MILLRACE_API millrace_batch* millrace_batch_keep(const millrace_batch* batch);
// Releases a reference that millrace_batch_keep() returned.
MILLRACE_API void millrace_batch_release(millrace_batch* batch);

MILLRACE_C_END
