// The syntax tree of OTTL as plain data. Names are not resolved and types are not checked here.
//
// One node kind for each form of the grammar. Chains (`a or b or c`, `a + b - c`) are one node with
// many operands, so that the depth of a tree is the depth of its brackets (kDepthMax).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace millrace::ottl {

// Limits of one statement. A text beyond one of them is refused.
inline constexpr size_t kStatementBytesMax = 64 * 1024;
inline constexpr size_t kTokensMax = 16 * 1024;
inline constexpr size_t kDepthMax = 64;  // of brackets, calls and signs in one another

enum class Comparison : uint8_t {
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreaterOrEqual,
  kGreater,
};

struct Expression;

// One name of a path with its keys: `attributes["a"][0]`.
struct PathSegment {
  std::string name;
  uint32_t offset = 0;
  std::vector<Expression> keys;
};

struct Expression {
  enum class Kind : uint8_t {
    kNil,
    kBool,          // int_value: 0 or 1
    kInt,           // int_value
    kFloat,         // float_value
    kString,        // text: unquoted
    kBytes,         // text: the bytes
    kEnum,          // text; an argument of this form may also name a function
    kFunctionName,  // text; an argument only
    kPath,          // path
    kCall,          // text: the name; children: arguments; names: theirs; keys
    kList,          // children
    kMap,           // children: values; names: their keys
    kSum,           // children; operators: '+' or '-' for each
    kProduct,       // children; operators: '*' or '/' for each
    kNegation,      // one child
    kComparison,    // two children; comparison
    kNot,           // one child
    kAnd,           // children
    kOr,            // children
  };
  Kind kind = Kind::kNil;
  Comparison comparison = Comparison::kEqual;
  bool is_editor = false;  // kCall: the name begins with a lower-case letter
  uint32_t offset = 0;     // of the first byte in the text
  int64_t int_value = 0;
  double float_value = 0;
  std::string text;
  std::string operators;
  std::vector<std::string> names;      // an argument without a name has an empty one
  std::vector<uint32_t> name_offsets;  // beside `names`
  std::vector<Expression> children;
  std::vector<Expression> keys;
  // `a.b`: the first segment may be a context; name resolution decides.
  std::vector<PathSegment> path;
};

// `editor(arguments) where condition`
struct Statement {
  Expression editor;
  bool has_condition = false;
  Expression condition;
};

}  // namespace millrace::ottl
