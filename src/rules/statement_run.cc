#include "rules/statement_run.h"

#include <algorithm>
#include <bit>

namespace millrace::rules {
namespace {

using Verdict = ottl::Evaluation::Verdict;

// Grows with each change of a message that the statement may change.
uint64_t revisions(const ottl::Item& item, ottl::ContextSet written) {
  uint64_t sum = 0;
  for (; written != 0; written = static_cast<ottl::ContextSet>(written & (written - 1))) {
    const ottl::Record* const record = item.records[static_cast<size_t>(std::countr_zero(written))];
    if (record != nullptr) sum += record->revision();
  }
  return sum;
}

}  // namespace

StatementRun::StatementRun(Tally& tally, const Environment& environment, Budget& budget)
    : tally_(tally),
      random_(environment.random),
      now_unix_nano_(environment.now_unix_nano()),
      rules_max_(tally.rule_count()),
      counts_(tally.rule_count()),
      shared_scratch_(&budget) {}

StatementRun::~StatementRun() { tally_.add(counts_); }

ottl::Fate StatementRun::visit(ottl::Context context, ottl::Item& item, ottl::Scratch& scratch) {
  item.random = random_;
  item.now_unix_nano = now_unix_nano_;
  for (const StatementGroup* const group : stage_->groups) {
    if (group->context != context) continue;
    ottl::Scratch& used = group->shares_cache ? shared_scratch_ : scratch;
    if (group->shares_cache) {
      item.cache = &shared_caches_[static_cast<size_t>(context)];
    } else {
      cache_.entries.clear();
      item.cache = &cache_;
    }
    ottl::Evaluation evaluation(item, used);
    const Outcome outcome = holds(*group, evaluation);
    if (outcome == Outcome::kFailed) return ottl::Fate::kStop;
    if (outcome == Outcome::kYes && !run(*group, evaluation)) return ottl::Fate::kStop;
    if (shared_scratch_.was_refused()) {
      failure_ = {Code::kUnavailable, "memory budget exhausted while editing"};
      return ottl::Fate::kStop;
    }
  }
  return ottl::Fate::kKeep;
}

// No condition held. Behind the conditions of a group no statement was evaluated.
void StatementRun::pass_over(ottl::Context context, uint64_t count) {
  for (const StatementGroup* const group : stage_->groups) {
    if (group->context != context || !group->conditions.empty()) continue;
    const size_t end = std::min(group->first_rule + group->statements.size(), rules_max_);
    for (size_t rule = group->first_rule; rule < end; rule++) counts_[rule].evaluated += count;
  }
}

StatementRun::Outcome StatementRun::holds(const StatementGroup& group,
                                          ottl::Evaluation& evaluation) {
  if (group.conditions.empty()) return Outcome::kYes;
  for (const ottl::CompiledCondition& condition : group.conditions) {
    const Verdict result = evaluation.decide(condition.condition);
    if (result == Verdict::kYes) return Outcome::kYes;
    if (result == Verdict::kFailed &&
        !handle_error(group.error_mode, condition.text, evaluation.take_error(), nullptr)) {
      return Outcome::kFailed;
    }
  }
  return Outcome::kNo;
}

bool StatementRun::run(const StatementGroup& group, ottl::Evaluation& evaluation) {
  RuleCount* count = counts_.data() + group.first_rule;
  const RuleCount* const end = counts_.data() + rules_max_;
  for (const ottl::CompiledStatement& statement : group.statements) {
    if (count >= end) return true;
    const uint64_t before = revisions(evaluation.item(), statement.written);
    const Verdict done = evaluation.execute(statement);
    count->evaluated++;
    if (done == Verdict::kYes) {
      count->matched++;
      if (revisions(evaluation.item(), statement.written) != before) count->changed++;
    } else if (done == Verdict::kFailed &&
               !handle_error(group.error_mode, statement.text, evaluation.take_error(), count)) {
      return false;
    }
    count++;
  }
  return true;
}

bool StatementRun::handle_error(ErrorMode mode, const std::string& text, const std::string& error,
                                RuleCount* count) {
  // Each is logged once in a request.
  const bool is_first = count == nullptr ? !has_failed_condition_ : count->failed == 0;
  if (count != nullptr) count->failed++;
  has_failed_condition_ |= count == nullptr;
  if (mode == ErrorMode::kPropagate) {
    failure_ = {Code::kInvalidArgument, "the statement \"" + text + "\" failed: " + error};
    return false;
  }
  if (mode == ErrorMode::kIgnore && is_first) tally_.log_failure(text, error);
  return true;
}

}  // namespace millrace::rules
