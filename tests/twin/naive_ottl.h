// Statements and conditions as trees, their text, and their evaluation on decoded messages.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <opentelemetry/proto/common/v1/common.pb.h>
#include <opentelemetry/proto/resource/v1/resource.pb.h>

namespace millrace::twin {

using Value = opentelemetry::proto::common::v1::AnyValue;
using KeyValues = google::protobuf::RepeatedPtrField<opentelemetry::proto::common::v1::KeyValue>;

struct Failure {};  // thrown: the statement or condition fails

// One item with what is around it, as the paths see them.
struct Surroundings {
  KeyValues* resource_attributes = nullptr;
  std::string* scope_name = nullptr;
  KeyValues* attributes = nullptr;
  std::string* name = nullptr;  // of a span; severity_text of a log record
  Value* body = nullptr;
  int64_t number = 0;  // kind of a span, severity_number of a log record
  bool number_is_set = false;
};

struct Path {
  enum class Kind : uint8_t { kResourceAttribute, kScopeName, kAttribute, kName, kNumber, kBody };
  Kind kind = Kind::kName;
  std::string key = {};
};

struct Expression {
  enum class Kind : uint8_t { kLiteral, kPath, kMath, kNegation };
  Kind kind = Kind::kLiteral;
  Value literal = {};
  Path path = {};
  char math = '+';
  std::vector<Expression> children = {};
};

struct Condition {
  enum class Kind : uint8_t { kConstant, kComparison, kIsMatch, kNot, kAnd, kOr };
  Kind kind = Kind::kConstant;
  bool constant = true;
  std::string_view comparison = "==";
  std::string pattern = {};
  std::vector<Expression> operands = {};
  std::vector<Condition> children = {};
};

struct Statement {
  enum class Kind : uint8_t { kSet, kDeleteKey, kKeepKeys };
  Kind kind = Kind::kSet;
  Path target = {};
  Expression value = {};
  std::vector<std::string> keys = {};
  std::optional<Condition> where = {};
};

// --- Text.

inline std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

inline std::string text_of(const Path& path, bool is_log) {
  const std::string item = is_log ? "log." : "span.";
  switch (path.kind) {
    case Path::Kind::kResourceAttribute:
      return "resource.attributes[" + quoted(path.key) + "]";
    case Path::Kind::kScopeName:
      return "scope.name";
    case Path::Kind::kAttribute:
      return item + "attributes[" + quoted(path.key) + "]";
    case Path::Kind::kName:
      return item + (is_log ? "severity_text" : "name");
    case Path::Kind::kNumber:
      return item + (is_log ? "severity_number" : "kind");
    case Path::Kind::kBody:
      return "log.body";
  }
  return {};
}

inline std::string text_of(const Expression& expression, bool is_log) {
  const auto& children = expression.children;
  switch (expression.kind) {
    case Expression::Kind::kPath:
      return text_of(expression.path, is_log);
    case Expression::Kind::kMath:
      return "(" + text_of(children[0], is_log) + " " + expression.math + " " +
             text_of(children[1], is_log) + ")";
    case Expression::Kind::kNegation:
      return "-(" + text_of(children[0], is_log) + ")";
    case Expression::Kind::kLiteral:
      break;
  }
  const Value& value = expression.literal;
  char digits[64];
  switch (value.value_case()) {
    case Value::kBoolValue:
      return value.bool_value() ? "true" : "false";
    case Value::kIntValue:
      return std::to_string(value.int_value());
    case Value::kDoubleValue:
      std::snprintf(digits, sizeof digits, "%.3f", value.double_value());
      return digits;
    case Value::kStringValue:
      return quoted(value.string_value());
    default:
      return "nil";
  }
}

inline std::string text_of(const Condition& condition, bool is_log) {
  const auto child = [&](size_t i) { return text_of(condition.children[i], is_log); };
  switch (condition.kind) {
    case Condition::Kind::kConstant:
      return condition.constant ? "true" : "false";
    case Condition::Kind::kComparison:
      return text_of(condition.operands[0], is_log) + " " + std::string(condition.comparison) +
             " " + text_of(condition.operands[1], is_log);
    case Condition::Kind::kIsMatch:
      return "IsMatch(" + text_of(condition.operands[0], is_log) + ", " +
             quoted(condition.pattern) + ")";
    case Condition::Kind::kNot:
      return "not (" + child(0) + ")";
    case Condition::Kind::kAnd:
      return "(" + child(0) + " and " + child(1) + ")";
    case Condition::Kind::kOr:
      return "(" + child(0) + " or " + child(1) + ")";
  }
  return {};
}

inline std::string text_of(const Statement& statement, bool is_log) {
  std::string text;
  const bool of_resource = statement.target.kind == Path::Kind::kResourceAttribute;
  const std::string map = of_resource ? "resource.attributes"
                          : is_log    ? "log.attributes"
                                      : "span.attributes";
  switch (statement.kind) {
    case Statement::Kind::kSet:
      text = "set(" + text_of(statement.target, is_log) + ", " + text_of(statement.value, is_log) +
             ")";
      break;
    case Statement::Kind::kDeleteKey:
      text = "delete_key(" + map + ", " + quoted(statement.keys[0]) + ")";
      break;
    case Statement::Kind::kKeepKeys:
      for (const std::string& key : statement.keys) {
        text += (text.empty() ? "" : ", ") + quoted(key);
      }
      text = "keep_keys(" + map + ", [" + text + "])";
      break;
  }
  if (statement.where) text += " where " + text_of(*statement.where, is_log);
  return text;
}

// --- Values.

inline bool is_nil(const Value& value) { return value.value_case() == Value::VALUE_NOT_SET; }
inline bool is_number(const Value& value) {
  return value.has_int_value() || value.has_double_value();
}
inline double to_double(const Value& value) {
  return value.has_int_value() ? static_cast<double>(value.int_value()) : value.double_value();
}
inline Value int_value(int64_t number) {
  Value value;
  value.set_int_value(number);
  return value;
}
inline Value double_value(double number) {
  Value value;
  value.set_double_value(number);
  return value;
}

inline const Value* find(const KeyValues& list, const std::string& key) {
  for (const auto& entry : list) {
    if (entry.key() == key) return &entry.value();
  }
  return nullptr;
}

inline bool are_equal(const Value& a, const Value& b) {
  if (a.value_case() != b.value_case()) return false;
  switch (a.value_case()) {
    case Value::kArrayValue: {
      const auto& left = a.array_value().values();
      const auto& right = b.array_value().values();
      if (left.size() != right.size()) return false;
      for (int i = 0; i < left.size(); i++) {
        if (!are_equal(left[i], right[i])) return false;
      }
      return true;
    }
    case Value::kKvlistValue: {
      const auto& left = a.kvlist_value().values();
      const auto& right = b.kvlist_value().values();
      if (left.size() != right.size()) return false;
      for (const auto& entry : left) {
        const Value* const other = find(right, entry.key());
        if (other == nullptr || !are_equal(entry.value(), *other)) return false;
      }
      return true;
    }
    case Value::kDoubleValue:
      return a.double_value() == b.double_value();
    default:
      return a.SerializeAsString() == b.SerializeAsString();
  }
}

template <class T>
bool compare_ordered(const T& a, const T& b, std::string_view comparison) {
  if (comparison == "==") return a == b;
  if (comparison == "!=") return a != b;
  if (comparison == "<") return a < b;
  if (comparison == "<=") return a <= b;
  if (comparison == ">") return a > b;
  return a >= b;
}

inline bool compare(const Value& a, const Value& b, std::string_view comparison) {
  if (is_nil(a) && is_nil(b)) return comparison != "!=" && comparison != "<" && comparison != ">";
  if (a.has_int_value() && b.has_int_value()) {
    return compare_ordered(a.int_value(), b.int_value(), comparison);
  }
  if (is_number(a) && is_number(b)) return compare_ordered(to_double(a), to_double(b), comparison);
  if (a.value_case() != b.value_case()) return comparison == "!=";
  if (a.has_string_value()) return compare_ordered(a.string_value(), b.string_value(), comparison);
  if (a.has_bytes_value()) return compare_ordered(a.bytes_value(), b.bytes_value(), comparison);
  if (a.has_bool_value()) {
    return compare_ordered<int>(a.bool_value(), b.bool_value(), comparison);
  }
  if (comparison == "==") return are_equal(a, b);
  return comparison == "!=" && !are_equal(a, b);
}

inline Value compute(const Value& a, const Value& b, char math) {
  if (!is_number(a) || !is_number(b)) throw Failure();
  if (math == '/' && to_double(b) == 0) throw Failure();
  if (a.has_int_value() && b.has_int_value()) {
    // Go's integers wrap.
    const auto left = static_cast<uint64_t>(a.int_value());
    const auto right = static_cast<uint64_t>(b.int_value());
    if (math == '/' && b.int_value() == -1) return int_value(static_cast<int64_t>(0 - left));
    if (math == '/') return int_value(a.int_value() / b.int_value());
    const uint64_t sum = left + right;
    const uint64_t difference = left - right;
    return int_value(static_cast<int64_t>(math == '+'   ? sum
                                          : math == '-' ? difference
                                                        : left * right));
  }
  const double left = to_double(a);
  const double right = to_double(b);
  return double_value(math == '+'   ? left + right
                      : math == '-' ? left - right
                      : math == '*' ? left * right
                                    : left / right);
}

inline Value read(const Path& path, const Surroundings& in) {
  Value value;
  const auto find_in = [&](const KeyValues& list) {
    const Value* const found = find(list, path.key);
    return found == nullptr ? Value() : *found;
  };
  switch (path.kind) {
    case Path::Kind::kResourceAttribute:
      return find_in(*in.resource_attributes);
    case Path::Kind::kAttribute:
      return find_in(*in.attributes);
    case Path::Kind::kScopeName:
      value.set_string_value(*in.scope_name);
      return value;
    case Path::Kind::kName:
      value.set_string_value(*in.name);
      return value;
    case Path::Kind::kNumber:
      return int_value(in.number);
    case Path::Kind::kBody:
      return *in.body;
  }
  return value;
}

inline Value evaluate(const Expression& expression, const Surroundings& in) {
  switch (expression.kind) {
    case Expression::Kind::kLiteral:
      return expression.literal;
    case Expression::Kind::kPath:
      return read(expression.path, in);
    case Expression::Kind::kMath: {
      const Value left = evaluate(expression.children[0], in);
      return compute(left, evaluate(expression.children[1], in), expression.math);
    }
    case Expression::Kind::kNegation: {
      const Value value = evaluate(expression.children[0], in);
      if (value.has_int_value()) return compute(int_value(0), value, '-');
      if (value.has_double_value()) return double_value(-value.double_value());
      throw Failure();
    }
  }
  return {};
}

// Patterns are a text with "^" before it or "$" behind it, or neither.
inline bool matches(const Value& value, std::string_view pattern) {
  std::string text;
  switch (value.value_case()) {
    case Value::VALUE_NOT_SET:
      return false;
    case Value::kStringValue:
      text = value.string_value();
      break;
    case Value::kBoolValue:
      text = value.bool_value() ? "true" : "false";
      break;
    case Value::kIntValue:
      text = std::to_string(value.int_value());
      break;
    case Value::kDoubleValue: {
      // The shortest text, as JSON has it.
      const double number = value.double_value();
      if (!std::isfinite(number)) throw Failure();
      const double size = std::abs(number);
      const bool is_fixed = size == 0 || (size >= 1e-6 && size < 1e21);
      char digits[400];
      const auto end =
          std::to_chars(digits, digits + sizeof digits, number,
                        is_fixed ? std::chars_format::fixed : std::chars_format::scientific);
      text.assign(digits, end.ptr);
      break;
    }
    default:
      throw Failure();  // the generator passes no others
  }
  if (pattern.starts_with('^')) return text.starts_with(pattern.substr(1));
  if (pattern.ends_with('$')) return text.ends_with(pattern.substr(0, pattern.size() - 1));
  return text.contains(pattern);
}

inline bool holds(const Condition& condition, const Surroundings& in) {
  switch (condition.kind) {
    case Condition::Kind::kConstant:
      return condition.constant;
    case Condition::Kind::kComparison: {
      const Value left = evaluate(condition.operands[0], in);
      return compare(left, evaluate(condition.operands[1], in), condition.comparison);
    }
    case Condition::Kind::kIsMatch:
      return matches(evaluate(condition.operands[0], in), condition.pattern);
    case Condition::Kind::kNot:
      return !holds(condition.children[0], in);
    case Condition::Kind::kAnd:
      return holds(condition.children[0], in) && holds(condition.children[1], in);
    case Condition::Kind::kOr:
      return holds(condition.children[0], in) || holds(condition.children[1], in);
  }
  return false;
}

inline void write(const Path& path, const Value& value, Surroundings& in) {
  const auto put = [&](KeyValues& list) {
    for (auto& entry : list) {
      if (entry.key() != path.key) continue;
      *entry.mutable_value() = value;
      return;
    }
    auto* const added = list.Add();
    added->set_key(path.key);
    *added->mutable_value() = value;
  };
  const auto put_text = [&](std::string* into) {
    if (!value.has_string_value()) throw Failure();
    *into = value.string_value();
  };
  switch (path.kind) {
    case Path::Kind::kResourceAttribute:
      return put(*in.resource_attributes);
    case Path::Kind::kAttribute:
      return put(*in.attributes);
    case Path::Kind::kScopeName:
      return put_text(in.scope_name);
    case Path::Kind::kName:
      return put_text(in.name);
    case Path::Kind::kNumber:
      if (!value.has_int_value()) throw Failure();
      in.number = static_cast<int32_t>(value.int_value());
      in.number_is_set = true;
      return;
    case Path::Kind::kBody:
      *in.body = value;
  }
}

inline void run(const Statement& statement, Surroundings& in) {
  if (statement.where && !holds(*statement.where, in)) return;
  if (statement.kind == Statement::Kind::kSet) {
    return write(statement.target, evaluate(statement.value, in), in);
  }
  const bool keeps = statement.kind == Statement::Kind::kKeepKeys;
  const bool of_resource = statement.target.kind == Path::Kind::kResourceAttribute;
  KeyValues& list = of_resource ? *in.resource_attributes : *in.attributes;
  for (int i = list.size() - 1; i >= 0; i--) {
    bool is_named = false;
    for (const std::string& key : statement.keys) is_named |= list[i].key() == key;
    if (is_named != keeps) list.DeleteSubrange(i, 1);
  }
}

}  // namespace millrace::twin
