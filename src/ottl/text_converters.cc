// Text: patterns, case, parts of a text.
#include <vector>

#include "ottl/arguments.h"
#include "ottl/characters.h"
#include "ottl/conversion.h"
#include "ottl/converters.h"
#include "ottl/format_text.h"
#include "ottl/text_case.h"
#include "wire/utf8.h"

namespace millrace::ottl {
namespace {

using F = Function;
using V = Value::Type;
using Result = Evaluated<Value>;

Result is_match(Arguments& arguments) {
  const auto pattern = arguments.pattern(1);
  if (!pattern) return error(pattern.error());
  Value room;
  const Value* const direct = arguments.look_at(0, &room);
  if (direct == nullptr) return error(arguments.evaluation().take_error());
  if (direct->is_nil()) return Value::of_bool(false);
  if (direct->is(V::kString)) {
    return Value::of_bool((*pattern)->is_found_in(direct->text));
  }
  if (!has_text(*direct)) return error("NaN and infinity have no text");
  const std::string text = to_text(*direct);
  return Value::of_bool((*pattern)->is_found_in(text));
}

Result concat(Arguments& arguments) {
  const auto delimiter = arguments.text(1);
  if (!delimiter) return error(delimiter.error());
  std::string text;
  for (const Node& part : arguments.node(0).children) {
    if (&part != arguments.node(0).children.data()) text += *delimiter;
    const auto value = arguments.text_like(part);
    if (!value) return error(value.error());
    text += *value ? **value : "<nil>";
  }
  return arguments.keep(std::move(text));
}

Result convert_case(Arguments& arguments, std::string_view to) {
  const auto text = arguments.text(0);
  if (!text) return error(text.error());
  if (to == "upper") return arguments.keep(to_upper_case(*text));
  if (to == "lower") return arguments.keep(to_lower_case(*text));
  return arguments.keep(to == "snake" ? to_snake_case(*text) : to_camel_case(*text));
}

Result split(Arguments& arguments) {
  const auto text = arguments.text(0);
  if (!text) return error(text.error());
  const auto delimiter = arguments.text(1);
  if (!delimiter) return error(delimiter.error());
  List* const list = arguments.scratch().make_list();
  std::string_view left = *text;
  const auto add = [&](std::string_view part) {
    if (arguments.scratch().charge(2 * sizeof(Value))) {
      list->elements.push_back(Value::of_string(part));
    }
  };
  while (delimiter->empty() && !left.empty()) {
    add(first_character(left));
    left.remove_prefix(first_character(left).size());
  }
  if (delimiter->empty()) return Value::of_list(list);
  for (size_t end = left.find(*delimiter); end != std::string_view::npos;
       end = left.find(*delimiter)) {
    add(left.substr(0, end));
    left.remove_prefix(end + delimiter->size());
  }
  add(left);
  return Value::of_list(list);
}

Result substring(Arguments& arguments) {
  const auto text = arguments.text(0);
  if (!text) return error(text.error());
  const auto start = arguments.value(1, V::kInt);
  if (!start) return start;
  const auto size = arguments.value(2, V::kInt);
  if (!size) return size;
  const auto total = static_cast<int64_t>(text->size());
  if (start->number < 0 || size->number <= 0 || start->number > total ||
      size->number > total - start->number) {
    return error("the part is not inside the text");
  }
  auto begin = static_cast<size_t>(start->number);
  size_t end = begin + static_cast<size_t>(size->number);
  if (arguments.flag(3, false)) {
    while (begin < text->size() && is_continuation((*text)[begin])) begin++;
    while (begin < end && end < text->size() && is_continuation((*text)[end])) end--;
  }
  const std::string_view part = text->substr(begin, end > begin ? end - begin : 0);
  // Half a character would make the message invalid.
  if (!wire::is_utf8(part)) return error("the part cuts a character");
  return Value::of_string(part);
}

Result has_affix(Arguments& arguments, bool at_begin) {
  const auto text = arguments.text(0);
  if (!text) return error(text.error());
  const auto affix = arguments.text(1);
  if (!affix) return error(affix.error());
  return Value::of_bool(at_begin ? text->starts_with(*affix) : text->ends_with(*affix));
}

Result trim_affix(Arguments& arguments, bool at_begin) {
  auto text = arguments.text(0);
  if (!text) return error(text.error());
  const auto affix = arguments.text(1);
  if (!affix) return error(affix.error());
  if (at_begin && text->starts_with(*affix)) text->remove_prefix(affix->size());
  if (!at_begin && text->ends_with(*affix)) text->remove_suffix(affix->size());
  return Value::of_string(*text);
}

// Removes characters of a set at both ends.
Result trim(Arguments& arguments) {
  const auto text = arguments.text(0);
  if (!text) return error(text.error());
  const std::string_view set = arguments.literal(1, " ");
  std::string_view left = *text;
  const auto is_in_set = [&](std::string_view character) { return set.contains(character); };
  while (!left.empty() && is_in_set(first_character(left))) {
    left.remove_prefix(first_character(left).size());
  }
  while (!left.empty() && is_in_set(last_character(left))) {
    left.remove_suffix(last_character(left).size());
  }
  return Value::of_string(left);
}

Result format(Arguments& arguments) {
  std::vector<Value> values;
  for (const Node& node : arguments.node(1).children) {
    const auto value = arguments.evaluation().value_of(node);
    if (!value) return value;
    values.push_back(*value);
  }
  auto text = format_text(arguments.literal(0, ""), values);
  if (!text) return error(text.error());
  return arguments.keep(std::move(*text));
}

// The check digit of card numbers and the like. Blanks do not count.
Result is_valid_luhn(Arguments& arguments) {
  const auto text = arguments.text_like(arguments.node(0));
  if (!text) return error(text.error());
  if (!*text) return error("nil has no digits");
  int sum = 0;
  size_t count = 0;
  for (size_t i = (*text)->size(); i-- > 0;) {
    const char c = (**text)[i];
    if (c == ' ') continue;
    if (c < '0' || c > '9') return error("the text has other characters than digits");
    const int digit = c - '0';
    const int doubled = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    sum += count++ % 2 == 0 ? digit : doubled;
  }
  return Value::of_bool(count > 0 && sum % 10 == 0);
}

constexpr ConverterRow kConverters[] = {
    {F::kIsMatch, is_match},
    {F::kConcat, concat},
    {F::kConvertCase, [](Arguments& a) { return convert_case(a, a.literal(1, "")); }},
    {F::kToUpperCase, [](Arguments& a) { return convert_case(a, "upper"); }},
    {F::kToLowerCase, [](Arguments& a) { return convert_case(a, "lower"); }},
    {F::kToSnakeCase, [](Arguments& a) { return convert_case(a, "snake"); }},
    {F::kToCamelCase, [](Arguments& a) { return convert_case(a, "camel"); }},
    {F::kSplit, split},
    {F::kSubstring, substring},
    {F::kHasPrefix, [](Arguments& a) { return has_affix(a, true); }},
    {F::kHasSuffix, [](Arguments& a) { return has_affix(a, false); }},
    {F::kTrim, trim},
    {F::kTrimPrefix, [](Arguments& a) { return trim_affix(a, true); }},
    {F::kTrimSuffix, [](Arguments& a) { return trim_affix(a, false); }},
    {F::kFormat, format},
    {F::kIsValidLuhn, is_valid_luhn},
};

}  // namespace

std::span<const ConverterRow> text_converters() { return kConverters; }

}  // namespace millrace::ottl
