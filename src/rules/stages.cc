#include "rules/stages.h"

#include <algorithm>

#include "ottl/required_texts.h"

namespace millrace::rules {
namespace {

using ottl::Context;
using ottl::context_bit;
using ottl::ContextSet;

// Three searches of a message cost as much as its index.
constexpr size_t kStatementsThatReadOften = 3;

ContextSet written_by(const StatementGroup& group) {
  ContextSet written = 0;
  for (const ottl::CompiledStatement& statement : group.statements) written |= statement.written;
  return written;
}

// `set(span.events, …)`: later groups visit the new events.
bool replaces_events(const StatementGroup& group) {
  return std::ranges::any_of(group.statements, [](const ottl::CompiledStatement& statement) {
    const auto& arguments = statement.editor.children;
    return !arguments.empty() && arguments[0].path != nullptr &&
           arguments[0].path->field == ottl::Field::kEvents;
  });
}

// Its statements change nothing but the item that they run on. Statements on metrics may add
// metrics and replace data points.
bool is_local(const StatementGroup& group) {
  return !group.shares_cache && group.context != Context::kMetric && !replaces_events(group) &&
         (written_by(group) & ~context_bit(group.context)) == 0;
}

bool may_follow(const Stage& stage, const StatementGroup& group) {
  return is_local(group) && std::ranges::all_of(stage.groups, [&](const StatementGroup* before) {
           return is_local(*before) && sees(group.context, before->context);
         });
}

// The texts without which no statement of the stage runs on a span or log record.
std::vector<wire::TextSearch> required_texts_of(const Stage& stage) {
  ottl::RequiredTexts texts;
  for (const StatementGroup* const group : stage.groups) {
    const Context item = group->context;
    for (const ottl::CompiledCondition& condition : group->conditions) {
      texts.add(condition.condition, item);
    }
    if (!group->conditions.empty()) continue;
    for (const ottl::CompiledStatement& statement : group->statements) {
      texts.add(statement.condition, item);
    }
  }
  return texts.searches();
}

}  // namespace

std::vector<Stage> make_stages(std::span<const StatementGroup> groups) {
  std::vector<Stage> stages;
  for (const StatementGroup& group : groups) {
    if (group.statements.empty() && group.conditions.empty()) continue;
    if (stages.empty() || !may_follow(stages.back(), group)) stages.emplace_back();
    Stage& stage = stages.back();
    stage.groups.push_back(&group);
    stage.walk.visited |= context_bit(group.context);
    stage.walk.reads_often |= group.statements.size() >= kStatementsThatReadOften;
    stage.walk.changed_below |=
        static_cast<ContextSet>(written_by(group) & ~context_bit(group.context));
  }
  for (Stage& stage : stages) stage.walk.required_texts = required_texts_of(stage);
  return stages;
}

}  // namespace millrace::rules
