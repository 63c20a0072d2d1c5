#include "processors/transform/transform_processor.h"

#include <utility>
#include <vector>

#include "otlp/item_count.h"
#include "rules/stages.h"
#include "rules/statement_run.h"

namespace millrace::processors::transform {
namespace {

class TransformProcessor final : public pipeline::Processor {
 public:
  TransformProcessor(std::shared_ptr<const Options> options, Signal signal,
                     std::shared_ptr<rules::Tally> tally, const rules::Environment& environment)
      : options_(std::move(options)),
        tally_(std::move(tally)),
        environment_(environment),
        stages_(rules::make_stages(options_->groups[index_of(signal)])) {}

  Result<pipeline::ProcessorResult> process(pipeline::Payload& payload, Work& work) override {
    if (stages_.empty()) return pipeline::ProcessorResult{};
    rules::StatementRun run(*tally_, environment_, work.pool.budget());
    for (const rules::Stage& stage : stages_) {
      run.begin(stage);
      auto walked = ottl::walk_request(stage.walk, payload.signal, payload.bytes, run, work);
      if (!walked) return fail(std::move(walked.error()));
      payload.bytes = std::move(walked->request);
    }
    return count_again(payload, work);
  }

 private:
  // Statements on metrics and data points may add metrics and join data points.
  static pipeline::ProcessorResult count_again(pipeline::Payload& payload, Work& work) {
    pipeline::ProcessorResult result;
    if (payload.signal != Signal::kMetrics) return result;
    const uint32_t before = payload.item_count;
    payload.item_count = otlp::count_items(payload.signal, payload.bytes, &work.pace);
    result.added_count = payload.item_count > before ? payload.item_count - before : 0;
    result.filtered_count = before > payload.item_count ? before - payload.item_count : 0;
    return result;
  }

  const std::shared_ptr<const Options> options_;
  const std::shared_ptr<rules::Tally> tally_;
  const rules::Environment environment_;
  const std::vector<rules::Stage> stages_;
};

}  // namespace

std::unique_ptr<pipeline::Processor> make_transform_processor(
    std::shared_ptr<const Options> options, Signal signal, std::shared_ptr<rules::Tally> tally,
    const rules::Environment& environment) {
  return std::make_unique<TransformProcessor>(std::move(options), signal, std::move(tally),
                                              environment);
}

}  // namespace millrace::processors::transform
