#include "processors/filter/filter_processor.h"

#include <utility>
#include <vector>

#include "metrics/otelcol_names.h"
#include "rules/condition_run.h"

namespace millrace::processors::filter {
namespace {

class FilterProcessor final : public pipeline::Processor {
 public:
  FilterProcessor(const FilterParts& parts, size_t rules_max)
      : options_(parts.options),
        tally_(parts.tally),
        environment_(parts.environment),
        rules_max_(rules_max),
        rules_(options_->signals[index_of(parts.signal)]),
        stages_(rules::make_condition_stages(rules_.sets)),
        match_walk_{.visited = rules_.include_exclude.visited(parts.signal),
                    .removes = true,
                    .what = "filtering"},
        filtered_(parts.metrics.counter(info_of(parts.signal).name, info_of(parts.signal).help,
                                        {{"filter", parts.name}})) {}

  Result<pipeline::ProcessorResult> process(pipeline::Payload& payload, Work& work) override {
    pipeline::ProcessorResult result;
    if (!stages_.empty()) {
      rules::ConditionRun run(*tally_, environment_);
      run.limit_rules(rules_max_);
      for (const rules::ConditionStage& stage : stages_) {
        run.begin(stage);
        const Status status = walk(stage.walk, run, payload, work, &result);
        if (!status) return fail(status.error());
      }
    } else if (match_walk_.visited != 0) {
      IncludeExcludeRun run(rules_.include_exclude, payload.signal, work);
      const Status status = walk(match_walk_, run, payload, work, &result);
      if (!status) return fail(status.error());
    }
    filtered_.add(result.filtered_count);
    return result;
  }

 private:
  static Status walk(const ottl::WalkOptions& options, ottl::Visitor& visitor,
                     pipeline::Payload& payload, Work& work, pipeline::ProcessorResult* result) {
    auto walked = ottl::walk_request(options, payload.signal, payload.bytes, visitor, work);
    if (!walked) return fail(std::move(walked.error()));
    payload.bytes = std::move(walked->request);
    payload.item_count -= walked->removed_count;
    result->filtered_count += walked->removed_count;
    return {};
  }
  static const metrics::MetricInfo& info_of(Signal signal) {
    return metrics::kProcessorFiltered[index_of(signal)];
  }

  const std::shared_ptr<const Options> options_;
  const std::shared_ptr<rules::Tally> tally_;
  const rules::Environment environment_;
  const size_t rules_max_;
  const SignalRules& rules_;
  const std::vector<rules::ConditionStage> stages_;
  const ottl::WalkOptions match_walk_;
  metrics::Counter& filtered_;
};

}  // namespace

std::unique_ptr<pipeline::Processor> make_filter_processor(const FilterParts& parts) {
  return std::make_unique<FilterProcessor>(parts, parts.tally->rule_count());
}

pipeline::RuleSteps filter_steps(const FilterParts& parts, Logger& log) {
  FilterParts own = parts;
  const std::vector<std::string>& texts = parts.options->signals[index_of(parts.signal)].texts;
  own.tally = std::make_shared<rules::Tally>(rules::TallyOptions{.processor = parts.name,
                                                                 .signal = parts.signal,
                                                                 .rules = texts,
                                                                 .shown_max = rules::kNoRuleShown},
                                             parts.metrics, log);
  return {.texts = texts,
          .make = [own](size_t count) { return std::make_unique<FilterProcessor>(own, count); }};
}

}  // namespace millrace::processors::filter
