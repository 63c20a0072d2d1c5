// The metrics_transform processor (`metricstransform` of old): renames, copies, combines and groups
// metrics, and changes their labels and values.
//
// One instance serves one pipeline on one worker. Stateless: a transform sees one request, and the
// metrics of one scope together. Points that a transform removes count as filtered, those that it
// adds as added.
#pragma once

#include <memory>

#include "base/log.h"
#include "pipeline/processor.h"
#include "processors/metricstransform/options.h"

namespace millrace::processors::metricstransform {

std::unique_ptr<pipeline::Processor> make_metrics_transform_processor(
    std::shared_ptr<const Options> options, Logger& log);

}  // namespace millrace::processors::metricstransform
