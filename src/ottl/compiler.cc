#include "ottl/compiler.h"

#include <utility>

namespace millrace::ottl {

using Kind = Expression::Kind;
using Op = Node::Op;

bool Compiler::fail(uint32_t offset, std::string message) {
  failure_ = {offset, std::move(message)};
  return false;
}

std::string_view Compiler::keep(std::string_view text) {
  return constants_.texts.emplace_back(text);
}

bool Compiler::compile_condition(const Expression& condition, Node* node) {
  switch (condition.kind) {
    case Kind::kOr:
    case Kind::kAnd:
    case Kind::kNot:
      node->op = condition.kind == Kind::kOr    ? Op::kOr
                 : condition.kind == Kind::kAnd ? Op::kAnd
                                                : Op::kNot;
      for (const Expression& child : condition.children) {
        if (!compile_condition(child, &node->children.emplace_back())) return false;
      }
      return true;
    case Kind::kCall:
      node->op = Op::kTruth;
      return compile_call(condition, &node->children.emplace_back());
    case Kind::kComparison:
      node->comparison = condition.comparison;
      return compile_children(condition, Op::kComparison, node);
    default:
      return compile_constant(condition, node);
  }
}

bool Compiler::compile_value(const Expression& value, Node* node) {
  switch (value.kind) {
    case Kind::kPath:
      return compile_path(value, node);
    case Kind::kCall:
      return compile_call(value, node);
    case Kind::kEnum:
      return compile_symbol(value, node);
    case Kind::kList:
      return compile_list(value, node);
    case Kind::kMap:
      return compile_map(value, node);
    case Kind::kSum:
      node->operators = value.operators;
      return compile_children(value, Op::kSum, node);
    case Kind::kProduct:
      node->operators = value.operators;
      return compile_children(value, Op::kProduct, node);
    case Kind::kNegation:
      return compile_children(value, Op::kNegation, node);
    case Kind::kFunctionName:
      return fail(value.offset, "the name of a function is no value: write " + value.text + "(…)");
    default:
      return compile_constant(value, node);
  }
}

bool Compiler::compile_children(const Expression& expression, Op op, Node* node) {
  node->op = op;
  for (const Expression& child : expression.children) {
    if (!compile_value(child, &node->children.emplace_back())) return false;
  }
  return true;
}

bool Compiler::compile_constant(const Expression& value, Node* node) {
  node->op = Op::kConstant;
  switch (value.kind) {
    case Kind::kBool:
      node->constant = Value::of_bool(value.int_value != 0);
      break;
    case Kind::kInt:
      node->constant = Value::of_int(value.int_value);
      break;
    case Kind::kFloat:
      node->constant = Value::of_double(value.float_value);
      break;
    case Kind::kString:
      node->constant = Value::of_string(keep(value.text));
      break;
    case Kind::kBytes:
      node->constant = Value::of_bytes(keep(value.text));
      break;
    default:
      break;
  }
  return true;
}

// A list of constants is a constant.
bool Compiler::compile_list(const Expression& list, Node* node) {
  if (!compile_children(list, Op::kList, node)) return false;
  for (const Node& child : node->children) {
    if (!child.is_constant()) return true;
  }
  List& constant = constants_.lists.emplace_back();
  for (const Node& child : node->children) constant.elements.push_back(child.constant);
  node->op = Op::kConstant;
  node->constant = Value::of_list(&constant);
  node->children.clear();
  return true;
}

bool Compiler::compile_map(const Expression& map, Node* node) {
  if (!compile_children(map, Op::kMap, node)) return false;
  bool is_constant = true;
  for (const std::string& name : map.names) node->names.push_back(keep(name));
  for (const Node& child : node->children) is_constant &= child.is_constant();
  if (!is_constant) return true;
  Map& constant = constants_.maps.emplace_back();
  for (size_t i = 0; i < node->children.size(); i++) {
    // Of two values of a key the last one counts.
    if (Value* const before = constant.find(node->names[i])) {
      *before = node->children[i].constant;
    } else {
      constant.entries.push_back({node->names[i], node->children[i].constant});
    }
  }
  node->op = Op::kConstant;
  node->constant = Value::of_map(&constant);
  node->children.clear();
  return true;
}

}  // namespace millrace::ottl
