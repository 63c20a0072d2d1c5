#include "generator.h"

#include <array>
#include <limits>

#include "base/testing/fuzz_input.h"

namespace millrace::twin {
namespace {

constexpr std::array<const char*, 4> kKeys = {"a", "b", "c", "d e"};
constexpr std::array<const char*, 6> kTexts = {"", "a", "ab", "b\"a\\", "é", "1"};
constexpr std::array<int64_t, 8> kInts = {
    0, 1, -1, 2, 17, -300, std::numeric_limits<int64_t>::max(), -9'000'000'000'000'000'000};
constexpr std::array<double, 6> kDoubles = {0, 0.5, -1.25, 2, 1000.125, 3};
constexpr std::array<std::string_view, 6> kComparisons = {"==", "!=", "<", "<=", ">", ">="};
constexpr std::array<const char*, 6> kPatterns = {"a", "^a", "b$", "1", "^", "é"};

class Generator {
 public:
  explicit Generator(std::span<const uint8_t> choices) : input_(choices.data(), choices.size()) {}

  Generated run() {
    Generated made;
    is_log_ = made.is_log = input_.flag();
    made.propagates = input_.choice(4) == 0;
    if (is_log_) {
      fill(*made.logs.mutable_resource_logs());
    } else {
      fill(*made.traces.mutable_resource_spans());
    }
    if (input_.flag()) {
      level_ = Level::kItem;
      for (size_t i = input_.choice(3) + 1; i > 0; i--) made.conditions.push_back(condition(3));
      return made;
    }
    for (size_t i = input_.choice(3) + 1; i > 0; i--) {
      Group& group = made.groups.emplace_back();
      const size_t level = input_.choice(5);
      group.level = level_ = level < 3 ? Level::kItem : static_cast<Level>(level - 2);
      for (size_t k = input_.choice(3) + 1; k > 0; k--) group.statements.push_back(statement());
    }
    return made;
  }

 private:
  template <size_t kCount, class T>
  const T& one_of(const std::array<T, kCount>& list) {
    return list[input_.choice(kCount)];
  }

  Value scalar() {
    Value value;
    switch (input_.choice(5)) {
      case 0:
        value.set_string_value(one_of(kTexts));
        break;
      case 1:
        value.set_int_value(one_of(kInts));
        break;
      case 2:
        value.set_double_value(one_of(kDoubles));
        break;
      case 3:
        value.set_bool_value(input_.flag());
        break;
      default:
        break;  // nil
    }
    return value;
  }

  void add(KeyValues& list, const char* key, const Value& value) {
    auto* const entry = list.Add();
    entry->set_key(key);
    *entry->mutable_value() = value;
  }
  void fill_attributes(KeyValues& list) {
    for (const char* key : kKeys) {
      if (input_.choice(3) != 0) add(list, key, scalar());
    }
    if (input_.choice(4) == 0) {
      Value value;
      for (size_t i = input_.choice(3); i > 0; i--) {
        *value.mutable_array_value()->add_values() = scalar();
      }
      add(list, "list", value);
    }
    if (input_.choice(4) == 0) {
      Value value;
      add(*value.mutable_kvlist_value()->mutable_values(), "k", scalar());
      add(list, "map", value);
    }
    if (input_.choice(4) == 0) {
      Value value;
      value.set_bytes_value(one_of(kTexts));
      add(list, "raw", value);
    }
  }
  template <class Resources>
  void fill(Resources& resources) {
    for (size_t i = input_.choice(2) + 1; i > 0; i--) {
      auto& resource = *resources.Add();
      fill_attributes(*resource.mutable_resource()->mutable_attributes());
      for (size_t k = input_.choice(3); k > 0; k--) fill_scope(resource);
    }
  }
  template <class Resource>
  void fill_scope(Resource& resource) {
    if constexpr (requires { resource.add_scope_spans(); }) {
      auto& scope = *resource.add_scope_spans();
      scope.mutable_scope()->set_name(one_of(kTexts));
      for (size_t i = input_.choice(3); i > 0; i--) {
        auto& span = *scope.add_spans();
        span.set_name(one_of(kTexts));
        span.set_kind(
            static_cast<typename std::decay_t<decltype(span)>::SpanKind>(input_.choice(6)));
        fill_attributes(*span.mutable_attributes());
      }
    } else {
      auto& scope = *resource.add_scope_logs();
      scope.mutable_scope()->set_name(one_of(kTexts));
      for (size_t i = input_.choice(3); i > 0; i--) {
        auto& record = *scope.add_log_records();
        record.set_severity_text(one_of(kTexts));
        record.set_severity_number(
            static_cast<opentelemetry::proto::logs::v1::SeverityNumber>(input_.choice(25)));
        *record.mutable_body() = scalar();
        fill_attributes(*record.mutable_attributes());
      }
    }
  }

  Path path() {
    const size_t count = level_ == Level::kResource ? 1 : level_ == Level::kScope ? 2 : 7;
    switch (input_.choice(count)) {
      case 0:
        return {.kind = Path::Kind::kResourceAttribute, .key = one_of(kKeys)};
      case 1:
        return {.kind = Path::Kind::kScopeName};
      case 2:
        return {.kind = Path::Kind::kName};
      case 3:
        return {.kind = Path::Kind::kNumber};
      case 4:
        if (is_log_) return {.kind = Path::Kind::kBody};
        [[fallthrough]];
      default:
        return {.kind = Path::Kind::kAttribute, .key = one_of(kKeys)};
    }
  }
  // In arithmetic a literal is a number.
  Value number() {
    Value value;
    if (input_.flag()) {
      value.set_int_value(one_of(kInts));
    } else {
      value.set_double_value(one_of(kDoubles));
    }
    return value;
  }
  Expression expression(int depth, bool is_in_math = false) {
    Expression made;
    switch (depth == 0 ? input_.choice(2) : input_.choice(5)) {
      case 0:
        made.literal = is_in_math ? number() : scalar();
        return made;
      case 2:
      case 3:
        made.kind = Expression::Kind::kMath;
        made.math = "+-*/"[input_.choice(4)];
        made.children.push_back(expression(depth - 1, true));
        made.children.push_back(expression(depth - 1, true));
        return made;
      case 4:
        made.kind = Expression::Kind::kNegation;
        made.children.push_back(expression(depth - 1, true));
        return made;
      default:
        made.kind = Expression::Kind::kPath;
        made.path = path();
        return made;
    }
  }
  // Lists, maps and bytes are compared only: they would need JSON as text.
  Expression compound() {
    Expression made;
    made.kind = Expression::Kind::kPath;
    constexpr std::array<const char*, 3> kNames = {"list", "map", "raw"};
    made.path = {.kind = Path::Kind::kResourceAttribute, .key = one_of(kNames)};
    if (level_ == Level::kItem && input_.flag()) made.path.kind = Path::Kind::kAttribute;
    return made;
  }
  Condition condition(int depth) {
    Condition made;
    const size_t kind = depth == 0 ? 5 + input_.choice(3) : input_.choice(9);
    if (kind < 4) {
      made.kind = kind == 0   ? Condition::Kind::kNot
                  : kind == 1 ? Condition::Kind::kOr
                              : Condition::Kind::kAnd;
      made.children.push_back(condition(depth - 1));
      if (kind > 0) made.children.push_back(condition(depth - 1));
    } else if (kind == 4) {
      made.constant = input_.flag();
    } else if (kind == 5) {
      made.kind = Condition::Kind::kIsMatch;
      Expression& operand = made.operands.emplace_back();
      operand.kind = Expression::Kind::kPath;
      operand.path = path();
      made.pattern = one_of(kPatterns);
    } else {
      made.kind = Condition::Kind::kComparison;
      made.comparison = one_of(kComparisons);
      const bool is_compound = input_.choice(8) == 0;
      made.operands.push_back(is_compound ? compound() : expression(2));
      made.operands.push_back(is_compound ? compound() : expression(2));
    }
    return made;
  }
  Statement statement() {
    Statement made;
    const size_t kind = input_.choice(6);
    if (kind < 4) {
      made.target = path();
      made.value = expression(2);
    } else {
      made.kind = kind == 4 ? Statement::Kind::kDeleteKey : Statement::Kind::kKeepKeys;
      const bool of_item = level_ == Level::kItem && input_.flag();
      made.target.kind = of_item ? Path::Kind::kAttribute : Path::Kind::kResourceAttribute;
      made.keys.emplace_back(one_of(kKeys));
      if (kind == 5) made.keys.emplace_back(one_of(kKeys));
    }
    if (input_.flag()) made.where = condition(2);
    return made;
  }

  testing::FuzzInput input_;
  bool is_log_ = false;
  Level level_ = Level::kItem;
};

}  // namespace

Generated generate(std::span<const uint8_t> choices) { return Generator(choices).run(); }

}  // namespace millrace::twin
