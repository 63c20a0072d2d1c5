// Runs lists of conditions on the messages of one request: what they mean is removed. Belongs to
// one request.
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "ottl/walk.h"
#include "rules/environment.h"
#include "rules/rule.h"
#include "rules/tally.h"

namespace millrace::rules {

// Lists that share a walk, by context.
struct ConditionStage {
  std::array<std::vector<const ConditionList*>, ottl::kContextCount> lists;
  ottl::WalkOptions walk;
};
// otelcol runs one set of lists after the other over the whole request. The lists must outlive the
// stages.
std::vector<ConditionStage> make_condition_stages(std::span<const std::vector<ConditionList>> sets);

class ConditionRun final : public ottl::Visitor {
 public:
  ConditionRun(Tally& tally, const Environment& environment);
  ~ConditionRun() override;
  ConditionRun(const ConditionRun&) = delete;
  ConditionRun& operator=(const ConditionRun&) = delete;

  // Only the first `count` rules run, by their numbers. Before the first walk.
  void limit_rules(size_t count) { rules_max_ = count; }
  // Before each walk; the stage must outlive it.
  void begin(const ConditionStage& stage) { stage_ = &stage; }
  ottl::Fate visit(ottl::Context context, ottl::Item& item, ottl::Scratch& scratch) override;
  void pass_over(ottl::Context context, uint64_t count) override;
  Error failure() override { return {Code::kInvalidArgument, failure_}; }

 private:
  ottl::Fate test(const ConditionList& list, ottl::Evaluation& evaluation);
  bool handle_error(const ConditionList& list, const ottl::CompiledCondition& condition,
                    const std::string& error, RuleCount* count);

  Tally& tally_;
  Random* const random_;
  const int64_t now_unix_nano_;  // when the request came here
  size_t rules_max_;
  const ConditionStage* stage_ = nullptr;
  std::vector<RuleCount> counts_;
  ottl::Map cache_;
  std::string failure_;
};

}  // namespace millrace::rules
