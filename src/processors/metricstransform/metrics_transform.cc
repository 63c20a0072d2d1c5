#include "processors/metricstransform/metrics_transform.h"

#include <utility>

#include "otlp/item_count.h"
#include "processors/metricstransform/request_transform.h"

namespace millrace::processors::metricstransform {
namespace {

class MetricsTransformProcessor final : public pipeline::Processor {
 public:
  MetricsTransformProcessor(std::shared_ptr<const Options> options, Logger& log)
      : options_(std::move(options)), log_(log) {}

  Result<pipeline::ProcessorResult> process(pipeline::Payload& payload, Work& work) override {
    if (options_->transforms.empty()) return pipeline::ProcessorResult{};
    Result<Rope> changed = transform_request(*options_, payload.bytes, work, log_);
    if (!changed) return fail(std::move(changed.error()));
    payload.bytes = std::move(*changed);
    const uint32_t before = payload.item_count;
    const uint32_t after = otlp::count_items(Signal::kMetrics, payload.bytes, &work.pace);
    payload.item_count = after;
    return pipeline::ProcessorResult{.filtered_count = before > after ? before - after : 0,
                                     .added_count = after > before ? after - before : 0};
  }

 private:
  const std::shared_ptr<const Options> options_;
  Logger& log_;
};

}  // namespace

std::unique_ptr<pipeline::Processor> make_metrics_transform_processor(
    std::shared_ptr<const Options> options, Logger& log) {
  return std::make_unique<MetricsTransformProcessor>(std::move(options), log);
}

}  // namespace millrace::processors::metricstransform
