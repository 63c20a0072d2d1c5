#include <algorithm>

#include "ottl/compiler.h"
#include "ottl/converters.h"
#include "ottl/function_check.h"

namespace millrace::ottl {
namespace {

using Kind = Expression::Kind;
using Op = Node::Op;
using T = ParameterType;

// "a string": what a literal parameter asks for.
std::string_view description(T type) {
  switch (type) {
    case T::kString:
    case T::kStringLiteral:
      return "a string";
    case T::kInt:
    case T::kIntLiteral:
      return "an integer";
    case T::kIntLike:
      return "an integer, or a value that can be one";
    case T::kDouble:
    case T::kDoubleLiteral:
      return "a number with a point";
    case T::kDoubleLike:
      return "a number, or a value that can be one";
    case T::kBool:
    case T::kBoolLiteral:
      return "true or false";
    case T::kBoolLike:
      return "a bool, or a value that can be one";
    case T::kBytesLike:
      return "bytes, or a value that can be bytes";
    case T::kMap:
      return "a map";
    case T::kList:
      return "a list";
    case T::kTime:
      return "a time, such as Now() or log.time";
    case T::kDuration:
      return "a duration, such as Duration(\"1s\")";
    default:
      return "a value";
  }
}

// Whether a constant can be what a parameter asks for.
bool fits(const Value& constant, T type) {
  using V = Value::Type;
  switch (type) {
    case T::kString:
    case T::kStringLiteral:
      return constant.is(V::kString);
    case T::kInt:
    case T::kIntLiteral:
      return constant.is(V::kInt);
    case T::kDouble:
    case T::kDoubleLiteral:
      return constant.is(V::kDouble);
    case T::kBool:
    case T::kBoolLiteral:
      return constant.is(V::kBool);
    case T::kMap:
      return constant.is(V::kMap);
    case T::kList:
      return constant.is(V::kList);
    case T::kTime:
      return constant.is(V::kTime);
    case T::kDuration:
      return constant.is(V::kDuration);
    case T::kIntLike:
    case T::kDoubleLike:
    case T::kBoolLike:
      return !constant.is(V::kMap) && !constant.is(V::kList) && !constant.is(V::kBytes);
    case T::kBytesLike:
      return !constant.is(V::kMap) && !constant.is(V::kList);
    default:
      return true;
  }
}

T element_type(T list) {
  switch (list) {
    case T::kStrings:
      return T::kString;
    case T::kStringLikes:
      return T::kStringLike;
    case T::kStringLiterals:
      return T::kStringLiteral;
    case T::kDoubleLiterals:
      return T::kDoubleLiteral;
    default:
      return T::kAny;
  }
}

std::string list_parameters(const FunctionRule& rule) {
  std::string text = std::string(rule.name) + "(";
  for (size_t i = 0; i < rule.parameter_count(); i++) {
    if (i > 0) text += ", ";
    std::string name(rule.parameters[i].name);
    name[0] = static_cast<char>(name[0] | 0x20);
    text += rule.parameters[i].is_optional ? "[" + name + "]" : name;
  }
  return text + ")";
}

}  // namespace

bool Compiler::compile_call(const Expression& call, Node* node) {
  const FunctionRule* const rule = find_function(call.text);
  if (rule == nullptr || !rule->is_known_in(in_.context)) return fail_function(call);
  if (!check_count(call, *rule)) return false;
  node->op = Op::kCall;
  node->function = rule;
  node->children.resize(rule->parameter_count());
  bool is_named = false;
  for (size_t i = 0; i < call.children.size(); i++) {
    if (is_named && call.names[i].empty()) {
      return fail(call.name_offsets[i], "an argument without a name behind one with a name");
    }
    is_named |= !call.names[i].empty();
    const Parameter* const parameter = find_parameter(call, *rule, i);
    if (parameter == nullptr) return false;
    Node argument;
    if (!compile_argument(call.children[i], *parameter, &argument)) return false;
    node->children[static_cast<size_t>(parameter - rule->parameters)] = std::move(argument);
  }
  for (size_t i = 0; i < rule->parameter_count(); i++) {
    if (node->children[i].op == Op::kAbsent && !rule->parameters[i].is_optional) {
      return fail(call.offset, "an argument is missing: " + list_parameters(*rule));
    }
  }
  if (rule->is_editor()) {
    for (const Node& child : node->children) {
      if (child.op == Op::kPath)
        written_ |= static_cast<uint8_t>(1 << static_cast<unsigned>(child.path_context));
    }
    written_ |= static_cast<uint8_t>(1 << static_cast<unsigned>(in_.context));
  }
  node->converter = find_converter(rule->function);
  node->editor = find_editor(rule->function);
  if (node->converter == nullptr && node->editor == nullptr) {
    return fail(call.offset, "the function " + call.text + " is not supported");
  }
  if (auto refused = check_call(*node)) return fail(call.offset, std::move(*refused));
  return compile_keys(call.keys, node);
}

bool Compiler::fail_function(const Expression& call) {
  std::vector<std::string_view> names;
  for (const FunctionRule& rule : all_functions()) {
    if (rule.is_editor() == call.is_editor && rule.is_known_in(in_.context)) {
      names.push_back(rule.name);
    }
  }
  const std::string kind = call.is_editor ? "editor" : "converter";
  if (const FunctionRule* const rule = find_function(call.text)) {
    std::string contexts;
    for (size_t i = 0; i < kContextCount; i++) {
      if (!rule->is_known_in(static_cast<Context>(i))) continue;
      contexts +=
          (contexts.empty() ? "" : ", ") + std::string(context_name(static_cast<Context>(i)));
    }
    return fail(call.offset, "the " + kind + " " + call.text + " is not known in context " +
                                 std::string(context_name(in_.context)) + ", only in " + contexts);
  }
  return fail(call.offset,
              "unknown " + kind + " \"" + call.text + "\"" + suggest(call.text, names));
}

bool Compiler::check_count(const Expression& call, const FunctionRule& rule) {
  const size_t count = call.children.size();
  if (count >= rule.required_count() && count <= rule.parameter_count()) return true;
  return fail(call.offset,
              std::string(rule.name) + " takes " + std::to_string(rule.required_count()) +
                  (rule.required_count() == rule.parameter_count()
                       ? ""
                       : " to " + std::to_string(rule.parameter_count())) +
                  " arguments, found " + std::to_string(count) + ": " + list_parameters(rule));
}

const Parameter* Compiler::find_parameter(const Expression& call, const FunctionRule& rule,
                                          size_t i) {
  if (call.names[i].empty()) return &rule.parameters[i];
  const auto found = std::ranges::find_if(rule.parameters, [&](const Parameter& parameter) {
    return names_parameter(call.names[i], parameter);
  });
  if (found != std::end(rule.parameters)) return &*found;
  fail(call.name_offsets[i],
       "unknown argument \"" + call.names[i] + "\" of " + list_parameters(rule));
  return nullptr;
}

bool Compiler::compile_argument(const Expression& value, const Parameter& parameter, Node* node) {
  switch (parameter.type) {
    case T::kTarget:
    case T::kMapTarget:
    case T::kListTarget:
      return compile_target(value, node);
    case T::kFunction:
      return compile_function_name(value, node);
    case T::kLambda:
      return fail(value.offset, "lambda expressions are not supported");
    case T::kAnys:
    case T::kStrings:
    case T::kStringLikes:
    case T::kStringLiterals:
    case T::kDoubleLiterals:
      return compile_elements(value, parameter.type, node);
    default:
      return compile_typed(value, parameter.type, node);
  }
}

bool Compiler::compile_target(const Expression& value, Node* node) {
  if (value.kind != Kind::kPath) return fail(value.offset, "the argument must be a path");
  if (!compile_path(value, node)) return false;
  if (node->path->field == Field::kDataPoints && in_.context == Context::kDataPoint) {
    return fail(value.offset,
                "metric.data_points cannot be set while they are visited: it is not "
                "supported in the context datapoint");
  }
  return true;
}

bool Compiler::compile_function_name(const Expression& value, Node* node) {
  if (value.kind != Kind::kFunctionName && value.kind != Kind::kEnum) {
    return fail(value.offset, "the argument must be the name of a converter, such as SHA256");
  }
  node->op = Op::kConstant;
  node->function = find_function(value.text);
  if (node->function == nullptr || !node->function->is_known_in(in_.context)) {
    Expression call;
    call.text = value.text;
    call.offset = value.offset;
    return fail_function(call);
  }
  if (node->function->parameter_count() != 1 || node->function->parameters[0].type != T::kString) {
    return fail(value.offset, "the function " + value.text +
                                  " cannot be named here: it must take one string and no more");
  }
  node->converter = find_converter(node->function->function);
  if (node->converter == nullptr) {
    return fail(value.offset, "the function " + value.text + " is not supported");
  }
  return true;
}

bool Compiler::compile_elements(const Expression& value, T type, Node* node) {
  if (value.kind != Kind::kList) {
    return fail(value.offset, "the argument must be a list in brackets");
  }
  node->op = Op::kList;
  for (const Expression& child : value.children) {
    if (!compile_typed(child, element_type(type), &node->children.emplace_back())) return false;
  }
  return true;
}

bool Compiler::compile_typed(const Expression& value, T type, Node* node) {
  if (!compile_value(value, node)) return false;
  const bool is_literal = type == T::kStringLiteral || type == T::kIntLiteral ||
                          type == T::kDoubleLiteral || type == T::kBoolLiteral;
  if (node->is_constant() ? fits(node->constant, type) : !is_literal) return true;
  return fail(
      value.offset,
      "the argument must be " + std::string(description(type)) +
          (is_literal ? ", written in the statement" : "") +
          (node->is_constant() ? ", found " + std::string(type_name(node->constant.type)) : ""));
}

}  // namespace millrace::ottl
