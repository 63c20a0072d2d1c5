// Inside of compile.cc: one pass over a syntax tree that resolves names and checks arguments.
#pragma once

#include <string>
#include <string_view>

#include "ottl/compile.h"
#include "ottl/diagnostic.h"

namespace millrace::ottl {

class Compiler {
 public:
  Compiler(const Surroundings& in, Constants& constants) : in_(in), constants_(constants) {}

  bool compile_editor(const Expression& call, Node* node) { return compile_call(call, node); }
  bool compile_condition(const Expression& condition, Node* node);
  const Diagnostic& failure() const { return failure_; }
  uint8_t written() const { return written_; }

 private:
  bool fail(uint32_t offset, std::string message);
  std::string_view keep(std::string_view text);

  bool compile_value(const Expression& value, Node* node);
  bool compile_children(const Expression& expression, Node::Op op, Node* node);
  bool compile_constant(const Expression& value, Node* node);
  bool compile_symbol(const Expression& value, Node* node);
  bool compile_list(const Expression& list, Node* node);
  bool compile_map(const Expression& map, Node* node);
  bool compile_keys(const std::vector<Expression>& keys, Node* node);

  bool compile_path(const Expression& path, Node* node);
  // Finds the context of a path and the first segment behind its name.
  bool find_path_context(const Expression& path, Context* context, size_t* first);
  bool fail_path(const PathSegment& at, Context context, std::string_view name);

  bool compile_call(const Expression& call, Node* node);
  bool check_count(const Expression& call, const FunctionRule& rule);
  bool fail_function(const Expression& call);
  const Parameter* find_parameter(const Expression& call, const FunctionRule& rule, size_t i);
  bool compile_argument(const Expression& value, const Parameter& parameter, Node* node);
  bool compile_target(const Expression& value, Node* node);
  bool compile_function_name(const Expression& value, Node* node);
  bool compile_elements(const Expression& value, ParameterType type, Node* node);
  bool compile_typed(const Expression& value, ParameterType type, Node* node);

  const Surroundings& in_;
  Constants& constants_;
  Diagnostic failure_;
  uint8_t written_ = 0;
};

}  // namespace millrace::ottl
