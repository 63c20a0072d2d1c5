#include "ottl/evaluation.h"

#include <algorithm>

#include "ottl/arguments.h"
#include "ottl/compare.h"

namespace millrace::ottl {
namespace {

using Op = Node::Op;
using V = Value::Type;

Evaluated<Value> calculate_ints(int64_t a, int64_t b, char sign) {
  // Overflow wraps, as in otelcol.
  const auto x = static_cast<uint64_t>(a);
  const auto y = static_cast<uint64_t>(b);
  if (sign == '+') return Value::of_int(static_cast<int64_t>(x + y));
  if (sign == '-') return Value::of_int(static_cast<int64_t>(x - y));
  if (sign == '*') return Value::of_int(static_cast<int64_t>(x * y));
  if (b == 0) return error("division by 0");
  return Value::of_int(b == -1 ? static_cast<int64_t>(0 - x) : a / b);
}

Evaluated<Value> calculate_doubles(double a, double b, char sign) {
  if (sign == '+') return Value::of_double(a + b);
  if (sign == '-') return Value::of_double(a - b);
  if (sign == '*') return Value::of_double(a * b);
  if (b == 0) return error("division by 0");
  return Value::of_double(a / b);
}

Evaluated<Value> calculate_times(const Value& a, const Value& b, char sign) {
  const bool adds = sign == '+';
  if (adds || sign == '-') {
    const auto number = static_cast<int64_t>(
        adds ? static_cast<uint64_t>(a.number) + static_cast<uint64_t>(b.number)
             : static_cast<uint64_t>(a.number) - static_cast<uint64_t>(b.number));
    if (a.is(V::kTime) && b.is(V::kDuration)) return Value::of_time(number);
    if (a.is(V::kTime) && b.is(V::kTime) && !adds) return Value::of_duration(number);
    if (a.is(V::kDuration) && b.is(V::kDuration)) return Value::of_duration(number);
    if (a.is(V::kDuration) && b.is(V::kTime) && adds) return Value::of_time(number);
  }
  return error("times and durations can be added and subtracted only");
}

Evaluated<Value> calculate(const Value& a, const Value& b, char sign) {
  const bool are_numbers =
      (a.is(V::kInt) || a.is(V::kDouble)) && (b.is(V::kInt) || b.is(V::kDouble));
  if (are_numbers && a.is(V::kInt) && b.is(V::kInt)) {
    return calculate_ints(a.number, b.number, sign);
  }
  const auto real = [](const Value& value) {
    return value.is(V::kInt) ? static_cast<double>(value.number) : value.real;
  };
  if (are_numbers) return calculate_doubles(real(a), real(b), sign);
  if (a.is(V::kTime) || a.is(V::kDuration)) return calculate_times(a, b, sign);
  return error("no arithmetic with " + std::string(type_name(a.type)) + " and " +
               std::string(type_name(b.type)));
}

}  // namespace

Evaluation::Verdict Evaluation::execute(const CompiledStatement& statement) {
  if (statement.condition.op != Op::kAbsent) {
    const Verdict holds = decide(statement.condition);
    if (holds != Verdict::kYes) return holds;
  }
  Arguments arguments(statement.editor, *this);
  const auto done = statement.editor.editor(arguments);
  if (!done) {
    error_ = done.error();
    return Verdict::kFailed;
  }
  if (scratch_.failed()) {
    error_ = kTooMuchData;
    return Verdict::kFailed;
  }
  return Verdict::kYes;
}

Evaluation::Verdict Evaluation::decide(const Node& node) {
  const auto verdict = [](bool holds) { return holds ? Verdict::kYes : Verdict::kNo; };
  switch (node.op) {
    case Op::kConstant:
      return verdict(node.constant.number != 0);
    case Op::kAnd:
    case Op::kOr:
      for (const Node& child : node.children) {
        const Verdict holds = decide(child);
        if (holds == Verdict::kFailed || holds == verdict(node.op == Op::kOr)) return holds;
      }
      return verdict(node.op == Op::kAnd);
    case Op::kNot: {
      const Verdict holds = decide(node.children[0]);
      return holds == Verdict::kFailed ? holds : verdict(holds == Verdict::kNo);
    }
    case Op::kComparison: {
      const Node& right = node.children[1];
      Value room;
      const Value* const a = look_at(node.children[0], &room);
      if (a == nullptr) return Verdict::kFailed;
      if (right.is_constant()) return verdict(compare(*a, right.constant, node.comparison));
      Value other_room;
      const Value* const b = look_at(right, &other_room);
      if (b == nullptr) return Verdict::kFailed;
      return verdict(compare(*a, *b, node.comparison));
    }
    default: {
      Value result;
      if (!evaluate(node.children[0], &result)) return Verdict::kFailed;
      if (result.is(V::kBool)) return verdict(result.number != 0);
      error_ = "a condition must be bool, found " + std::string(type_name(result.type));
      return Verdict::kFailed;
    }
  }
}

Evaluated<Value> Evaluation::value_of(const Node& node) {
  if (node.is_constant()) return node.constant;
  if (node.op == Op::kCall && node.keys.empty()) {
    Arguments arguments(node, *this);
    return node.converter(arguments);
  }
  Evaluated<Value> result;
  if (!evaluate(node, &*result)) result = error(take_error());
  return result;
}

// `into` is nil.
bool Evaluation::evaluate(const Node& node, Value* into) {
  switch (node.op) {
    case Op::kAbsent:
      return true;
    case Op::kConstant:
      *into = node.constant;
      return true;
    case Op::kPath:
      return read_path(node, into);
    case Op::kCall: {
      Arguments arguments(node, *this);
      const auto result = node.converter(arguments);
      if (!result) return keep_error(result);
      *into = *result;
      return node.keys.empty() || index_result(node, into);
    }
    case Op::kList:
      return make_list(node, into);
    case Op::kMap:
      return make_map(node, into);
    case Op::kSum:
    case Op::kProduct:
    case Op::kNegation:
      return math(node, into);
    default: {
      const Verdict holds = decide(node);
      *into = Value::of_bool(holds == Verdict::kYes);
      return holds != Verdict::kFailed;
    }
  }
}

bool Evaluation::math(const Node& node, Value* into) {
  Evaluated<Value> total;
  if (!evaluate(node.children[0], &*total)) return false;
  if (node.op == Op::kNegation) {
    if (total->is(V::kDouble)) {
      *into = Value::of_double(-total->real);
      return true;
    }
    if (!total->is(V::kInt)) return fail("no negative of " + std::string(type_name(total->type)));
    total = calculate_ints(0, total->number, '-');
  }
  for (size_t i = 1; i < node.children.size(); i++) {
    Value room;
    const Value* const operand = look_at(node.children[i], &room);
    if (operand == nullptr) return false;
    total = calculate(*total, *operand, node.operators[i]);
    if (!total) return keep_error(total);
  }
  *into = *total;
  return true;
}

bool Evaluation::make_list(const Node& node, Value* into) {
  List* const list = scratch_.make_list();
  for (const Node& child : node.children) {
    Value room;
    const Value* const element = look_at(child, &room);
    if (element == nullptr) return false;
    list->elements.push_back(copy_value(*element, scratch_));
  }
  *into = Value::of_list(list);
  return true;
}

bool Evaluation::make_map(const Node& node, Value* into) {
  Map* const map = scratch_.make_map();
  for (size_t i = 0; i < node.children.size(); i++) {
    Value room;
    const Value* const value = look_at(node.children[i], &room);
    if (value == nullptr) return false;
    map->erase(node.names[i]);
    map->entries.push_back({node.names[i], copy_value(*value, scratch_)});
  }
  *into = Value::of_map(map);
  return true;
}

}  // namespace millrace::ottl
