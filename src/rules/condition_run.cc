#include "rules/condition_run.h"

#include <algorithm>

#include "ottl/required_texts.h"

namespace millrace::rules {
namespace {

using ottl::Context;
using ottl::Fate;

// A condition on a message may look at its children, which an earlier set may have removed.
bool may_share(const ConditionStage& stage, const std::vector<ConditionList>& set) {
  const auto visits = [&](Context context) {
    return (stage.walk.visited & ottl::context_bit(context)) != 0;
  };
  return std::ranges::none_of(set, [&](const ConditionList& list) {
    return (list.context == Context::kMetric && visits(Context::kDataPoint)) ||
           (list.context == Context::kSpan && visits(Context::kSpanEvent));
  });
}

// The texts without which no condition of the stage holds for a span or log record.
std::vector<wire::TextSearch> required_texts_of(const ConditionStage& stage) {
  ottl::RequiredTexts texts;
  for (const auto& lists : stage.lists) {
    for (const ConditionList* const list : lists) {
      for (const ottl::CompiledCondition& condition : list->conditions) {
        texts.add(condition.condition, list->context);
      }
    }
  }
  return texts.searches();
}

}  // namespace

std::vector<ConditionStage> make_condition_stages(
    std::span<const std::vector<ConditionList>> sets) {
  std::vector<ConditionStage> stages;
  for (const std::vector<ConditionList>& set : sets) {
    if (set.empty()) continue;
    if (stages.empty() || !may_share(stages.back(), set)) stages.emplace_back();
    ConditionStage& stage = stages.back();
    stage.walk.removes = true;
    stage.walk.what = "filtering";
    for (const ConditionList& list : set) {
      stage.lists[static_cast<size_t>(list.context)].push_back(&list);
      stage.walk.visited |= ottl::context_bit(list.context);
    }
  }
  for (ConditionStage& stage : stages) stage.walk.required_texts = required_texts_of(stage);
  return stages;
}

ConditionRun::ConditionRun(Tally& tally, const Environment& environment)
    : tally_(tally),
      random_(environment.random),
      now_unix_nano_(environment.now_unix_nano()),
      rules_max_(tally.rule_count()),
      counts_(tally.rule_count()) {}

ConditionRun::~ConditionRun() { tally_.add(counts_); }

Fate ConditionRun::visit(Context context, ottl::Item& item, ottl::Scratch& scratch) {
  item.random = random_;
  item.now_unix_nano = now_unix_nano_;
  item.cache = &cache_;
  ottl::Evaluation evaluation(item, scratch);
  for (const ConditionList* const list : stage_->lists[static_cast<size_t>(context)]) {
    const Fate fate = test(*list, evaluation);
    if (fate != Fate::kKeep) return fate;
  }
  return Fate::kKeep;
}

// None of the conditions held.
void ConditionRun::pass_over(Context context, uint64_t count) {
  for (const ConditionList* const list : stage_->lists[static_cast<size_t>(context)]) {
    const size_t end = std::min(list->first_rule + list->conditions.size(), rules_max_);
    for (size_t rule = list->first_rule; rule < end; rule++) counts_[rule].evaluated += count;
  }
}

Fate ConditionRun::test(const ConditionList& list, ottl::Evaluation& evaluation) {
  using Verdict = ottl::Evaluation::Verdict;
  RuleCount* count = counts_.data() + list.first_rule;
  const RuleCount* const end = counts_.data() + rules_max_;
  for (const ottl::CompiledCondition& condition : list.conditions) {
    if (count >= end) return Fate::kKeep;
    const Verdict holds = evaluation.decide(condition.condition);
    count->evaluated++;
    if (holds == Verdict::kYes) {
      count->matched++;
      return Fate::kRemove;
    }
    if (holds == Verdict::kFailed && !handle_error(list, condition, evaluation.take_error(), count))
      return Fate::kStop;
    count++;
  }
  return Fate::kKeep;
}

// False: the walk must stop.
bool ConditionRun::handle_error(const ConditionList& list, const ottl::CompiledCondition& condition,
                                const std::string& error, RuleCount* count) {
  count->failed++;
  if (list.error_mode == ErrorMode::kPropagate) {
    failure_ = "the condition \"" + condition.text + "\" failed: " + error;
    return false;
  }
  // Once in a request.
  if (list.error_mode == ErrorMode::kIgnore && count->failed == 1) {
    tally_.log_failure(condition.text, error);
  }
  return true;
}

}  // namespace millrace::rules
