// Compiled statements and conditions: names resolved, constants and patterns prepared. Immutable;
// may be used from any thread and must outlive the evaluations that run it.
#pragma once

#include <cstdint>
#include <deque>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "ottl/context.h"
#include "ottl/function.h"
#include "ottl/syntax.h"
#include "ottl/time_zone.h"
#include "ottl/value.h"

namespace millrace::ottl {

class Arguments;
class Pattern;
template <class T>
using Evaluated = std::expected<T, std::string>;

struct Node {
  enum class Op : uint8_t {
    kAbsent,    // an optional argument that is not there
    kConstant,  // constant; or the function that an argument names: function, converter
    kPath,      // path, path_context, keys
    kCall,      // function; children: one for each parameter; keys
    kList,      // children
    kMap,       // children, names
    kSum,       // children, operators
    kProduct,
    kNegation,
    kComparison,
    kNot,
    kAnd,
    kOr,
    kTruth,  // a call as condition: its result must be a bool
  };
  Op op = Op::kAbsent;
  Comparison comparison = Comparison::kEqual;
  Context path_context = Context::kResource;
  const PathRule* path = nullptr;
  const FunctionRule* function = nullptr;
  Value constant;
  std::string operators;
  std::vector<std::string_view> names;
  std::vector<Node> children;
  std::vector<Node> keys;
  // What runs a call: one of the two.
  Evaluated<Value> (*converter)(Arguments&) = nullptr;
  Evaluated<void> (*editor)(Arguments&) = nullptr;
  // The pattern of a call, if it is a constant.
  std::shared_ptr<const Pattern> pattern;
  std::shared_ptr<const TimeZone> time_zone;  // of Time(), if it has a location

  bool is_constant() const { return op == Op::kConstant; }
};

// Owns what constants point to.
struct Constants {
  std::deque<std::string> texts;
  std::deque<Map> maps;
  std::deque<List> lists;
};

struct CompiledStatement {
  std::string text;
  Node editor;
  Node condition;  // kAbsent: always
  std::unique_ptr<Constants> constants;
  uint8_t written = 0;  // a bit for each Context whose message the statement may change
};

struct CompiledCondition {
  std::string text;
  Node condition;
  std::unique_ptr<Constants> constants;
};

}  // namespace millrace::ottl
