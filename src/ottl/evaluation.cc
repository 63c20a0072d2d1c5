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

Evaluated<bool> Evaluation::run(const CompiledStatement& statement) {
  if (statement.condition.op != Op::kAbsent) {
    const auto holds = test(statement.condition);
    if (!holds || !*holds) return holds;
  }
  Arguments arguments(statement.editor, *this);
  const auto done = statement.editor.editor(arguments);
  if (!done) return error(done.error());
  if (scratch_.failed()) return error(std::string(kTooMuchData));
  return true;
}

Evaluated<bool> Evaluation::test(const Node& node) {
  switch (node.op) {
    case Op::kConstant:
      return node.constant.number != 0;
    case Op::kAnd:
    case Op::kOr:
      for (const Node& child : node.children) {
        const auto holds = test(child);
        if (!holds || *holds == (node.op == Op::kOr)) return holds;
      }
      return node.op == Op::kAnd;
    case Op::kNot: {
      auto holds = test(node.children[0]);
      if (holds) *holds = !*holds;
      return holds;
    }
    case Op::kComparison: {
      Value made[2];
      const auto a = operand(node.children[0], &made[0]);
      if (!a) return error(a.error());
      const auto b = operand(node.children[1], &made[1]);
      if (!b) return error(b.error());
      return compare(**a, **b, node.comparison);
    }
    default: {
      const auto result = value_of(node.children[0]);
      if (!result) return error(result.error());
      if (!result->is(V::kBool)) {
        return error("a condition must be bool, found " + std::string(type_name(result->type)));
      }
      return result->number != 0;
    }
  }
}

Evaluated<Value> Evaluation::value_of(const Node& node) {
  switch (node.op) {
    case Op::kAbsent:
      return Value();
    case Op::kConstant:
      return node.constant;
    case Op::kPath:
      return read_path(node);
    case Op::kCall: {
      Arguments arguments(node, *this);
      auto result = node.converter(arguments);
      if (!result || node.keys.empty()) return result;
      return index_result(*result, node);
    }
    case Op::kList:
      return make_list(node);
    case Op::kMap:
      return make_map(node);
    case Op::kSum:
    case Op::kProduct:
    case Op::kNegation:
      return math(node);
    default: {
      const auto holds = test(node);
      if (!holds) return error(holds.error());
      return Value::of_bool(*holds);
    }
  }
}

Evaluated<Value> Evaluation::math(const Node& node) {
  auto total = value_of(node.children[0]);
  if (!total) return total;
  if (node.op == Op::kNegation) {
    if (total->is(V::kInt)) return calculate_ints(0, total->number, '-');
    if (total->is(V::kDouble)) return Value::of_double(-total->real);
    return error("no negative of " + std::string(type_name(total->type)));
  }
  for (size_t i = 1; i < node.children.size(); i++) {
    const auto operand = value_of(node.children[i]);
    if (!operand) return operand;
    total = calculate(*total, *operand, node.operators[i]);
    if (!total) return total;
  }
  return total;
}

Evaluated<Value> Evaluation::make_list(const Node& node) {
  List* const list = scratch_.make_list();
  for (const Node& child : node.children) {
    const auto element = value_of(child);
    if (!element) return element;
    list->elements.push_back(copy_value(*element, scratch_));
  }
  return Value::of_list(list);
}

Evaluated<Value> Evaluation::make_map(const Node& node) {
  Map* const map = scratch_.make_map();
  for (size_t i = 0; i < node.children.size(); i++) {
    const auto value = value_of(node.children[i]);
    if (!value) return value;
    map->erase(node.names[i]);
    map->entries.push_back({node.names[i], copy_value(*value, scratch_)});
  }
  return Value::of_map(map);
}

Evaluated<const Value*> Evaluation::operand(const Node& node, Value* room) {
  if (node.is_constant()) return &node.constant;
  auto value = node.op == Op::kPath ? read_path(node) : value_of(node);
  if (!value) return error(std::move(value.error()));
  *room = *value;
  return room;
}

}  // namespace millrace::ottl
