// Runs the transforms on a request.
#pragma once

#include "base/log.h"
#include "base/result.h"
#include "memory/work.h"
#include "processors/metricstransform/options.h"

namespace millrace::processors::metricstransform {

// The request itself where no transform is for one of its metrics. As otelcol does it, scopes and
// resources without metrics are left out. Errors: those of otlp/edit.h, and kResourceExhausted
// where the changes of one metric pass ottl::Scratch::kBytesMax.
Result<Rope> transform_request(const Options& options, const Rope& request, Work& work,
                               Logger& log);

}  // namespace millrace::processors::metricstransform
