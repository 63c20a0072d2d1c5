#include "ottl/compile.h"

#include <algorithm>
#include <set>

#include "ottl/compiler.h"
#include "ottl/evaluation.h"
#include "ottl/parser.h"

namespace millrace::ottl {
namespace {

using Kind = Expression::Kind;

// From the lowest context to the highest: the order in which inference prefers them.
constexpr Context kPriority[] = {Context::kLog,       Context::kDataPoint, Context::kMetric,
                                 Context::kSpanEvent, Context::kSpan,      Context::kScope,
                                 Context::kResource};

// The names in a group of statements.
struct Names {
  std::set<Context> contexts;
  std::set<std::string_view> functions;
  std::set<std::string_view> symbols;

  void collect(const Expression& expression) {
    if (expression.kind == Kind::kCall) functions.insert(expression.text);
    if (expression.kind == Kind::kEnum && find_function(expression.text) == nullptr) {
      symbols.insert(expression.text);
    }
    if (expression.path.size() > 1 && expression.path[0].keys.empty()) {
      // As in otelcol, the old name of `scope` says nothing about the context.
      const std::string& name = expression.path[0].name;
      const auto context = name == "instrumentation_scope" ? std::nullopt : find_context(name);
      if (context) contexts.insert(*context);
    }
    for (const Expression& child : expression.children) collect(child);
    for (const Expression& key : expression.keys) collect(key);
    for (const PathSegment& segment : expression.path) {
      for (const Expression& key : segment.keys) collect(key);
    }
  }

  // The first name that a context does not know; empty: it knows all of them.
  std::string unknown_in(Context context) const {
    for (const std::string_view name : functions) {
      const FunctionRule* const rule = find_function(name);
      if (rule != nullptr && !rule->is_known_in(context)) return "function " + std::string(name);
    }
    for (const std::string_view name : symbols) {
      if (!find_symbol(context, name)) return "symbol " + std::string(name);
    }
    return {};
  }
};

Result<Context> choose(Signal signal, const Names& names) {
  const auto lowest = std::ranges::find_if(
      kPriority, [&](Context context) { return names.contexts.contains(context); });
  if (lowest == std::end(kPriority)) {
    return fail(Code::kInvalidArgument,
                "no path names a context, as in `resource.attributes[\"a\"]`: the context of these "
                "statements cannot be inferred");
  }
  if (!belongs_to(*lowest, signal)) {
    return fail(Code::kInvalidArgument, "the context " + std::string(context_name(*lowest)) +
                                            " does not belong to this signal");
  }
  const std::string unknown = names.unknown_in(*lowest);
  if (unknown.empty()) return *lowest;
  for (const Context context : kPriority) {
    if (context == *lowest || !belongs_to(context, signal) || !sees(context, *lowest)) continue;
    if (names.unknown_in(context).empty()) return context;
  }
  // The typing mistake is reported with its place when the statement is compiled.
  const bool is_known_nowhere = std::ranges::none_of(kPriority, [&](Context context) {
    return belongs_to(context, signal) && names.unknown_in(context).empty();
  });
  if (is_known_nowhere) return *lowest;
  return fail(Code::kInvalidArgument, "the context " + std::string(context_name(*lowest)) +
                                          " of these statements does not know the " + unknown);
}

// A duration that is written in the statement is read once. What cannot be read fails when the
// statement runs.
void fold_constants(Node* node) {
  for (Node& child : node->children) fold_constants(&child);
  for (Node& key : node->keys) fold_constants(&key);
  const bool is_duration = node->op == Node::Op::kCall &&
                           node->function->function == Function::kDuration && node->keys.empty() &&
                           node->children[0].is_constant();
  if (!is_duration) return;
  const Item nothing;
  Scratch scratch;
  const auto value = Evaluation(nothing, scratch).value_of(*node);
  if (!value || !value->is(Value::Type::kDuration)) return;
  *node = Node();
  node->op = Node::Op::kConstant;
  node->constant = *value;
}

}  // namespace

Result<CompiledStatement> compile_statement(std::string_view text, const Surroundings& in) {
  auto statement = parse_statement(text);
  if (!statement) return fail(std::move(statement.error()));
  CompiledStatement compiled;
  compiled.text = text;
  compiled.constants = std::make_unique<Constants>();
  Compiler compiler(in, *compiled.constants);
  if (!compiler.compile_editor(statement->editor, &compiled.editor)) {
    return fail(to_error(text, compiler.failure()));
  }
  if (statement->has_condition &&
      !compiler.compile_condition(statement->condition, &compiled.condition)) {
    return fail(to_error(text, compiler.failure()));
  }
  compiled.written = compiler.written();
  fold_constants(&compiled.editor);
  fold_constants(&compiled.condition);
  return compiled;
}

Result<CompiledCondition> compile_condition(std::string_view text, const Surroundings& in) {
  auto condition = parse_condition(text);
  if (!condition) return fail(std::move(condition.error()));
  CompiledCondition compiled;
  compiled.text = text;
  compiled.constants = std::make_unique<Constants>();
  Compiler compiler(in, *compiled.constants);
  if (!compiler.compile_condition(*condition, &compiled.condition)) {
    return fail(to_error(text, compiler.failure()));
  }
  fold_constants(&compiled.condition);
  return compiled;
}

Result<Context> infer_context(Signal signal, std::span<const std::string> statements,
                              std::span<const std::string> conditions) {
  std::vector<Statement> parsed_statements;
  std::vector<Expression> parsed_conditions;
  for (const std::string& text : statements) {
    auto statement = parse_statement(text);
    if (!statement) return fail(std::move(statement.error()));
    parsed_statements.push_back(std::move(*statement));
  }
  for (const std::string& text : conditions) {
    auto condition = parse_condition(text);
    if (!condition) return fail(std::move(condition.error()));
    parsed_conditions.push_back(std::move(*condition));
  }
  Names names;
  for (const Statement& statement : parsed_statements) {
    names.collect(statement.editor);
    if (statement.has_condition) names.collect(statement.condition);
  }
  for (const Expression& condition : parsed_conditions) names.collect(condition);
  return choose(signal, names);
}

}  // namespace millrace::ottl
