// A connector that makes one request of each batch that it takes, and keeps nothing between
// batches. A batch ends as the pipelines behind end with what was made of it, and as delivered when
// nothing was.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "io/long_work.h"
#include "io/loop.h"
#include "pipeline/connector.h"

namespace millrace::pipeline {

struct Converted {
  Rope request;
  uint32_t item_count = 0;  // 0: nothing goes on
};

struct BatchConverterParts {
  io::Loop& loop;
  io::LongWork& long_work;
  ConnectorOutputs& outputs;
};

// `convert` runs as long work. Its errors: kUnavailable ends the batch with kRetry, others refuse
// it. `activity` is for the status page: "counts".
using ConvertBatch = std::function<Result<Converted>(const Batch&, Work&)>;
std::unique_ptr<Exporter> make_batch_converter(Signal into, ConvertBatch convert,
                                               std::string activity,
                                               const BatchConverterParts& parts);

}  // namespace millrace::pipeline
