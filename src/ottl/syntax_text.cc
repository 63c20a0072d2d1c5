#include "ottl/syntax_text.h"

#include <charconv>

namespace millrace::ottl {
namespace {

using Kind = Expression::Kind;

std::string number_text(double number) {
  char digits[400];
  const auto end = std::to_chars(digits, digits + sizeof digits, number, std::chars_format::fixed);
  std::string text(digits, end.ptr);
  if (!text.contains('.')) text += ".0";
  return text;
}

std::string bytes_text(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text = "0x";
  for (const char byte : bytes) {
    text += kDigits[static_cast<uint8_t>(byte) >> 4];
    text += kDigits[static_cast<uint8_t>(byte) & 15];
  }
  return text;
}

std::string keys_text(const std::vector<Expression>& keys) {
  std::string text;
  for (const Expression& key : keys) text += "[" + to_text(key) + "]";
  return text;
}

std::string joined(const Expression& expression, std::string_view separator) {
  std::string text;
  for (const Expression& child : expression.children) {
    if (&child != expression.children.data()) text += separator;
    text += to_text(child);
  }
  return text;
}

std::string named(const Expression& expression, std::string_view sign) {
  std::string text;
  for (size_t i = 0; i < expression.children.size(); i++) {
    if (i > 0) text += ", ";
    if (expression.kind == Kind::kMap) {
      text += quoted(expression.names[i]) + std::string(sign);
    } else if (!expression.names[i].empty()) {
      text += expression.names[i] + std::string(sign);
    }
    text += to_text(expression.children[i]);
  }
  return text;
}

std::string math_text(const Expression& expression) {
  std::string text = "(" + to_text(expression.children[0]);
  for (size_t i = 1; i < expression.children.size(); i++) {
    text += std::string(" ") + expression.operators[i] + " " + to_text(expression.children[i]);
  }
  return text + ")";
}

std::string_view comparison_text(Comparison comparison) {
  static constexpr std::string_view kSigns[] = {" == ", " != ", " < ", " <= ", " >= ", " > "};
  return kSigns[static_cast<size_t>(comparison)];
}

}  // namespace

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (c == '\n') {
      result += "\\n";
    } else {
      result += c;
    }
  }
  return result + "\"";
}

std::string path_text(const Expression& path) {
  std::string text;
  for (const PathSegment& segment : path.path) {
    if (!text.empty()) text += ".";
    text += segment.name + keys_text(segment.keys);
  }
  return text;
}

std::string to_text(const Expression& expression) {
  switch (expression.kind) {
    case Kind::kNil:
      return "nil";
    case Kind::kBool:
      return expression.int_value == 0 ? "false" : "true";
    case Kind::kInt:
      return std::to_string(expression.int_value);
    case Kind::kFloat:
      return number_text(expression.float_value);
    case Kind::kString:
      return quoted(expression.text);
    case Kind::kBytes:
      return bytes_text(expression.text);
    case Kind::kEnum:
    case Kind::kFunctionName:
      return expression.text;
    case Kind::kPath:
      return path_text(expression);
    case Kind::kCall:
      return expression.text + "(" + named(expression, "=") + ")" + keys_text(expression.keys);
    case Kind::kList:
      return "[" + joined(expression, ", ") + "]";
    case Kind::kMap:
      return "{" + named(expression, ": ") + "}";
    case Kind::kSum:
    case Kind::kProduct:
      return math_text(expression);
    case Kind::kNegation:
      return "-(" + to_text(expression.children[0]) + ")";
    case Kind::kComparison:
      return to_text(expression.children[0]) + std::string(comparison_text(expression.comparison)) +
             to_text(expression.children[1]);
    case Kind::kNot:
      return "(not " + to_text(expression.children[0]) + ")";
    case Kind::kAnd:
      return "(" + joined(expression, " and ") + ")";
    case Kind::kOr:
      return "(" + joined(expression, " or ") + ")";
  }
  return {};
}

std::string to_text(const Statement& statement) {
  std::string text = to_text(statement.editor);
  if (statement.has_condition) text += " where " + to_text(statement.condition);
  return text;
}

}  // namespace millrace::ottl
