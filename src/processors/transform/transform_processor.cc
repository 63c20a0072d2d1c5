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
                     std::shared_ptr<rules::Tally> tally, const rules::Environment& environment,
                     size_t rules_max)
      : options_(std::move(options)),
        tally_(std::move(tally)),
        environment_(environment),
        rules_max_(rules_max),
        stages_(rules::make_stages(options_->groups[index_of(signal)])) {}

  Result<pipeline::ProcessorResult> process(pipeline::Payload& payload, Work& work) override {
    if (stages_.empty()) return pipeline::ProcessorResult{};
    rules::StatementRun run(*tally_, environment_, work.pool.budget());
    run.limit_rules(rules_max_);
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
  const size_t rules_max_;
  const std::vector<rules::Stage> stages_;
};

}  // namespace

std::unique_ptr<pipeline::Processor> make_transform_processor(
    std::shared_ptr<const Options> options, Signal signal, std::shared_ptr<rules::Tally> tally,
    const rules::Environment& environment) {
  const size_t rules_max = tally->rule_count();
  return std::make_unique<TransformProcessor>(std::move(options), signal, std::move(tally),
                                              environment, rules_max);
}

pipeline::RuleSteps transform_steps(std::shared_ptr<const Options> options, Signal signal,
                                    const rules::Environment& environment,
                                    metrics::Registry& registry, Logger& log) {
  const std::vector<std::string>& texts = options->texts[index_of(signal)];
  auto tally = std::make_shared<rules::Tally>(
      rules::TallyOptions{
          .processor = {}, .signal = signal, .rules = texts, .shown_max = rules::kNoRuleShown},
      registry, log);
  return {.texts = texts, .make = [=](size_t count) {
            return std::make_unique<TransformProcessor>(options, signal, tally, environment, count);
          }};
}

}  // namespace millrace::processors::transform
