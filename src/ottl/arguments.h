// The arguments of a call as the types that functions ask for. Errors say which type was found.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ottl/evaluation.h"
#include "ottl/pattern.h"

namespace millrace::ottl {

class Arguments {
 public:
  Arguments(const Node& call, Evaluation& evaluation) : call_(call), evaluation_(evaluation) {}
  // The arguments of a function that another one calls: `only` is its one argument.
  Arguments(const Node& call, Evaluation& evaluation, const Value& only)
      : call_(call), evaluation_(evaluation), only_(only) {}

  const Node& call() const { return call_; }
  const Node& node(size_t i) const { return call_.children[i]; }
  bool has(size_t i) const { return node(i).op != Node::Op::kAbsent; }
  // Literals, known to be of their type; the default when the argument is absent.
  int64_t number(size_t i, int64_t absent) const {
    return has(i) ? node(i).constant.number : absent;
  }
  std::string_view literal(size_t i, std::string_view absent) const {
    return has(i) ? node(i).constant.text : absent;
  }
  bool flag(size_t i, bool absent) const {  // a literal
    return has(i) ? node(i).constant.number != 0 : absent;
  }

  // The value without a copy, or in `room`. Null: evaluation().take_error() has the error.
  const Value* look_at(size_t i, Value* room) {
    return only_ ? &*only_ : evaluation_.look_at(node(i), room);
  }
  Evaluated<Value> value(size_t i);
  Evaluated<Value> value(size_t i, Value::Type wanted);
  Evaluated<std::string_view> text(size_t i);
  Evaluated<int64_t> int_value(size_t i, int64_t absent);
  // Text of any value; nothing for nil.
  Evaluated<std::optional<std::string>> text_like(const Node& argument);
  // A number, a bool or a text that is a number; nothing for nil.
  Evaluated<std::optional<double>> number_like(size_t i);
  // Any value but maps and lists as bytes, numbers in big-endian order.
  Evaluated<std::optional<std::string>> bytes_like(size_t i);
  // The prepared pattern, or the argument compiled now. Valid as long as this object.
  Evaluated<const Pattern*> pattern(size_t i);

  // Applies the function that the argument names to the text; returns a string.
  Evaluated<std::string_view> call_function(size_t i, std::string_view text);

  Evaluation& evaluation() { return evaluation_; }
  Scratch& scratch() { return evaluation_.scratch(); }
  Value keep(std::string text) { return Value::of_string(scratch().keep(std::move(text))); }

 private:
  const Node& call_;
  Evaluation& evaluation_;
  std::optional<Value> only_;
  std::shared_ptr<const Pattern> made_pattern_;
};

}  // namespace millrace::ottl
