// Exceptions as log records.
#pragma once

#include "connectors/exceptions/options.h"
#include "memory/work.h"
#include "pipeline/batch_converter.h"

namespace millrace::connectors::exceptions {

// A request with a record for each exception of the batch. Errors: those of otlp/edit.h.
Result<pipeline::Converted> logs_of(const Options& options, const Rope& batch, Work& work);

}  // namespace millrace::connectors::exceptions
