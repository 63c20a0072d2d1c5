// What exporters get.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "millrace/c/result.h"
#include "millrace/c/value.h"

MILLRACE_C_BEGIN

// One valid ExportTraceServiceRequest (or …Metrics…, …Logs…) in protobuf: immutable and shared. An
// exporter sees it during the call, or for as long as it keeps it.
typedef struct millrace_batch millrace_batch;

// Of what signal.
MILLRACE_API millrace_signal millrace_batch_signal(const millrace_batch* batch);
// How many spans, data points or log records.
MILLRACE_API uint32_t millrace_batch_item_count(const millrace_batch* batch);
// How many bytes all pieces have together.
MILLRACE_API size_t millrace_batch_byte_count(const millrace_batch* batch);
// How many pieces the message has.
MILLRACE_API size_t millrace_batch_piece_count(const millrace_batch* batch);
// Piece `index`, nothing is copied; valid as long as the batch. Empty beyond the last.
MILLRACE_API millrace_text millrace_batch_piece(const millrace_batch* batch, size_t index);
// Copies the message to `to`, at most `size` bytes of it; says how many.
MILLRACE_API size_t millrace_batch_copy(const millrace_batch* batch, void* to, size_t size);
// A batch of one's own on the same bytes, for any thread, also after the collector is gone. Null
// when there is no memory.
MILLRACE_API millrace_batch* millrace_batch_keep(const millrace_batch* batch);
// Ends what millrace_batch_keep() made.
MILLRACE_API void millrace_batch_release(millrace_batch* batch);

MILLRACE_C_END
