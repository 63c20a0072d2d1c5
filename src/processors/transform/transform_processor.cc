#include "processors/transform/transform_processor.h"

#include <utility>
#include <vector>

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
    return pipeline::ProcessorResult{};
  }

 private:
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
