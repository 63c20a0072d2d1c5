// Types, text and numbers.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "ottl/arguments.h"
#include "ottl/conversion.h"
#include "ottl/converters.h"
#include "wire/utf8.h"

namespace millrace::ottl {
namespace {

using F = Function;
using V = Value::Type;
using Result = Evaluated<Value>;

std::unexpected<EvaluationError> error(std::string text) {
  return std::unexpected(std::move(text));
}

Result is_match(Arguments& arguments) {
  const auto pattern = arguments.pattern(1);
  if (!pattern) return error(pattern.error());
  const auto direct = arguments.value(0);
  if (!direct) return direct;
  if (direct->is_nil()) return Value::of_bool(false);
  if (direct->is(V::kString)) {
    return Value::of_bool(re2::RE2::PartialMatch(as_piece(direct->text), **pattern));
  }
  const std::string text = to_text(*direct);
  return Value::of_bool(re2::RE2::PartialMatch(text, **pattern));
}

// IsString and the like: nil and other types are false.
Result is_type(Arguments& arguments, V wanted) {
  const auto value = arguments.value(0);
  if (!value) return value;
  return Value::of_bool(value->is(wanted));
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

std::string change_ascii_case(std::string_view text, bool to_upper) {
  std::string changed(text);
  for (char& c : changed) {
    if (to_upper ? c >= 'a' && c <= 'z' : c >= 'A' && c <= 'Z') c = static_cast<char>(c ^ 0x20);
  }
  return changed;
}

Result convert_case(Arguments& arguments, bool to_upper) {
  const auto text = arguments.text(0);
  if (!text) return error(text.error());
  return arguments.keep(change_ascii_case(*text, to_upper));
}

Result length(Arguments& arguments) {
  const auto value = arguments.value(0);
  if (!value) return value;
  size_t count = 0;
  if (value->is(V::kString) || value->is(V::kBytes)) {
    count = value->text.size();
  } else if (value->is(V::kMap)) {
    count = count_entries(*value);
  } else if (value->is(V::kList)) {
    count = count_elements(*value);
  } else if (value->is(V::kMessages)) {
    otlp::MessageReader reader(value->wire, value->field_number);
    for (otlp::MessageBytes message; reader.next(&message);) count++;
  } else {
    return error("no length of " + std::string(type_name(value->type)));
  }
  return Value::of_int(static_cast<int64_t>(count));
}

Result to_int(Arguments& arguments) {
  const auto value = arguments.value(0);
  if (!value) return value;
  switch (value->type) {
    case V::kNil:
    case V::kInt:
      return value;
    case V::kBool:
      return Value::of_int(value->number);
    case V::kDouble:
      if (!(std::fabs(value->real) < 9.2e18)) return Value::of_int(INT64_MIN);
      return Value::of_int(static_cast<int64_t>(value->real));
    case V::kString: {
      std::string_view text = value->text;
      if (text.starts_with('+')) text.remove_prefix(1);
      int64_t number = 0;
      const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
      if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) {
        return Value();
      }
      return Value::of_int(number);
    }
    default:
      return error("no integer of " + std::string(type_name(value->type)));
  }
}

Result to_double(Arguments& arguments) {
  const auto value = arguments.value(0);
  if (!value) return value;
  switch (value->type) {
    case V::kNil:
    case V::kDouble:
      return value;
    case V::kBool:
    case V::kInt:
      return Value::of_double(static_cast<double>(value->number));
    case V::kString: {
      double number = 0;
      const char* const end = value->text.data() + value->text.size();
      const auto read = std::from_chars(value->text.data(), end, number);
      if (read.ec != std::errc() || read.ptr != end) return error("the text is no number");
      return Value::of_double(number);
    }
    default:
      return error("no number of " + std::string(type_name(value->type)));
  }
}

Result to_string(Arguments& arguments) {
  auto text = arguments.text_like(arguments.node(0));
  if (!text) return error(text.error());
  if (!*text) return Value();
  return arguments.keep(std::move(**text));
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
    size_t size = 1;
    while (size < left.size() && (static_cast<uint8_t>(left[size]) & 0xc0) == 0x80) size++;
    add(left.substr(0, size));
    left.remove_prefix(size);
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
  const std::string_view part =
      text->substr(static_cast<size_t>(start->number), static_cast<size_t>(size->number));
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

constexpr ConverterRow kConverters[] = {
    {F::kIsMatch, is_match},
    {F::kIsString, [](Arguments& a) { return is_type(a, V::kString); }},
    {F::kIsInt, [](Arguments& a) { return is_type(a, V::kInt); }},
    {F::kIsDouble, [](Arguments& a) { return is_type(a, V::kDouble); }},
    {F::kIsBool, [](Arguments& a) { return is_type(a, V::kBool); }},
    {F::kIsMap, [](Arguments& a) { return is_type(a, V::kMap); }},
    {F::kIsList, [](Arguments& a) { return is_type(a, V::kList); }},
    {F::kConcat, concat},
    {F::kConvertCase, [](Arguments& a) { return convert_case(a, a.literal(1, "") == "upper"); }},
    {F::kToUpperCase, [](Arguments& a) { return convert_case(a, true); }},
    {F::kToLowerCase, [](Arguments& a) { return convert_case(a, false); }},
    {F::kLen, length},
    {F::kInt, to_int},
    {F::kDouble, to_double},
    {F::kString, to_string},
    {F::kSplit, split},
    {F::kSubstring, substring},
    {F::kHasPrefix, [](Arguments& a) { return has_affix(a, true); }},
    {F::kHasSuffix, [](Arguments& a) { return has_affix(a, false); }},
    {F::kTrimPrefix, [](Arguments& a) { return trim_affix(a, true); }},
    {F::kTrimSuffix, [](Arguments& a) { return trim_affix(a, false); }},
};

}  // namespace

std::span<const ConverterRow> text_converters() { return kConverters; }

}  // namespace millrace::ottl
