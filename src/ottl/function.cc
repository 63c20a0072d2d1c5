#include "ottl/function.h"

#include <algorithm>
#include <string>

namespace millrace::ottl {
namespace {

using T = ParameterType;

// The rule by which otelcol finds the field of an argument.
std::string to_camel_case(std::string_view name) {
  std::string camel;
  bool is_word_begin = true;
  for (const char c : name) {
    if (c == '_') {
      is_word_begin = true;
      continue;
    }
    const bool is_lower = c >= 'a' && c <= 'z';
    camel += is_word_begin && is_lower ? static_cast<char>(c - 'a' + 'A') : c;
    is_word_begin = c >= '0' && c <= '9';
  }
  return camel;
}

}  // namespace

size_t FunctionRule::parameter_count() const {
  return static_cast<size_t>(
      std::ranges::count_if(parameters, [](const Parameter& p) { return p.type != T::kNone; }));
}

size_t FunctionRule::required_count() const {
  return static_cast<size_t>(std::ranges::count_if(
      parameters, [](const Parameter& p) { return p.type != T::kNone && !p.is_optional; }));
}

const FunctionRule* find_function(std::string_view name) {
  const std::span<const FunctionRule> functions = all_functions();
  const auto found = std::ranges::find(functions, name, &FunctionRule::name);
  return found == functions.end() ? nullptr : &*found;
}

bool names_parameter(std::string_view argument_name, const Parameter& parameter) {
  return to_camel_case(argument_name) == parameter.name;
}

}  // namespace millrace::ottl
