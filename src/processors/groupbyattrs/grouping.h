// The groups of one request.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "base/signal.h"
#include "memory/work.h"
#include "processors/groupbyattrs/options.h"

namespace millrace::processors::groupbyattrs {

// Precondition: the request has passed admission; the result would pass as well, and has the same
// items in another order. Errors as of otlp::edit_request().
Result<Rope> group(const Options& options, Signal signal, const Rope& request, Work& work);

}  // namespace millrace::processors::groupbyattrs
