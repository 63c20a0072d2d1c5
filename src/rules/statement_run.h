// Runs the statements of a stage on the messages of one request. Belongs to one request.
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "ottl/walk.h"
#include "rules/environment.h"
#include "rules/stages.h"
#include "rules/tally.h"

namespace millrace::rules {

class StatementRun final : public ottl::Visitor {
 public:
  StatementRun(Tally& tally, const Environment& environment, Budget& budget);
  ~StatementRun() override;
  StatementRun(const StatementRun&) = delete;
  StatementRun& operator=(const StatementRun&) = delete;

  // Only the first `count` rules run, by their numbers. Before the first walk.
  void limit_rules(size_t count) { rules_max_ = count; }
  // Before each walk; the stage must outlive it.
  void begin(const Stage& stage) { stage_ = &stage; }
  ottl::Fate visit(ottl::Context context, ottl::Item& item, ottl::Scratch& scratch) override;
  void pass_over(ottl::Context context, uint64_t count) override;
  Error failure() override { return failure_; }

 private:
  enum class Outcome : uint8_t { kNo, kYes, kFailed };
  Outcome holds(const StatementGroup& group, ottl::Evaluation& evaluation);
  // False: the walk must stop.
  bool run(const StatementGroup& group, ottl::Evaluation& evaluation);
  // `count`: null for the conditions of a group.
  bool handle_error(ErrorMode mode, const std::string& text, const std::string& error,
                    RuleCount* count);

  Tally& tally_;
  Random* const random_;
  const int64_t now_unix_nano_;  // when the request came here
  size_t rules_max_;
  const Stage* stage_ = nullptr;
  std::vector<RuleCount> counts_;
  ottl::Map cache_;
  // Of groups that share their cache, by context; what is in them lives in shared_scratch_.
  std::array<ottl::Map, ottl::kContextCount> shared_caches_;
  ottl::Scratch shared_scratch_;
  Error failure_;
  bool has_failed_condition_ = false;
};

}  // namespace millrace::rules
