// Types: tests and conversions.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "ottl/arguments.h"
#include "ottl/conversion.h"
#include "ottl/converters.h"

namespace millrace::ottl {
namespace {

using F = Function;
using V = Value::Type;
using Result = Evaluated<Value>;

// IsString and the like: nil and other types are false.
Result is_type(Arguments& arguments, V wanted) {
  const auto value = arguments.value(0);
  if (!value) return value;
  return Value::of_bool(value->is(wanted));
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
      return Value::of_int(to_int64(value->real));
    case V::kString: {
      std::string_view text = value->text;
      if (text.starts_with('+')) text.remove_prefix(1);
      int64_t number = 0;
      const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
      if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) {
        return error("the text is no integer");
      }
      return Value::of_int(number);
    }
    default:
      return error("no integer of " + std::string(type_name(value->type)));
  }
}

Result to_double(Arguments& arguments) {
  const auto number = arguments.number_like(0);
  if (!number) return error(number.error());
  return *number ? Value::of_double(**number) : Value();
}

Result to_bool(Arguments& arguments) {
  const auto value = arguments.value(0);
  if (!value) return value;
  switch (value->type) {
    case V::kNil:
    case V::kBool:
      return value;
    case V::kInt:
      return Value::of_bool(value->number != 0);
    case V::kDouble:
      return Value::of_bool(value->real != 0);
    case V::kString:
      for (const std::string_view word : {"1", "t", "T", "true", "TRUE", "True"}) {
        if (value->text == word) return Value::of_bool(true);
      }
      for (const std::string_view word : {"0", "f", "F", "false", "FALSE", "False"}) {
        if (value->text == word) return Value::of_bool(false);
      }
      return error("the text is no bool");
    default:
      return error("no bool of " + std::string(type_name(value->type)));
  }
}

Result to_string(Arguments& arguments) {
  auto text = arguments.text_like(arguments.node(0));
  if (!text) return error(text.error());
  if (!*text) return Value();
  return arguments.keep(std::move(**text));
}

Result make_id(Arguments& arguments, V type) {
  const size_t size = type == V::kTraceId ? 16 : 8;
  const auto bytes = arguments.bytes_like(0);
  if (!bytes) return error(bytes.error());
  if (*bytes && (*bytes)->size() == size) {
    return Value::of_text(type, arguments.scratch().keep(std::move(**bytes)));
  }
  auto decoded = *bytes ? from_hex(**bytes) : std::nullopt;
  if (!decoded || decoded->size() != size) return error("the id has the wrong size");
  return Value::of_text(type, arguments.scratch().keep(std::move(*decoded)));
}

Result is_empty(Arguments& arguments) {
  const auto value = arguments.value(0);
  if (!value) return value;
  switch (value->type) {
    case V::kNil:
      return Value::of_bool(true);
    case V::kBool:
    case V::kInt:
    case V::kDuration:
      return Value::of_bool(value->number == 0);
    case V::kTime:  // only the year 1 is empty
      return Value::of_bool(false);
    case V::kDouble:
      return Value::of_bool(value->real == 0);
    case V::kTraceId:
    case V::kSpanId:
      return Value::of_bool(std::ranges::all_of(value->text, [](char c) { return c == 0; }));
    default: {
      const auto size = length(arguments);
      if (!size) return size;
      return Value::of_bool(size->number == 0);
    }
  }
}

Result is_root_span(Arguments& arguments) {
  Evaluation& evaluation = arguments.evaluation();
  const Value parent =
      evaluation.item().at(Context::kSpan).read(Field::kParentSpanId, evaluation.scratch());
  return Value::of_bool(std::ranges::all_of(parent.text, [](char c) { return c == 0; }));
}

Result logarithm(Arguments& arguments) {
  const auto number = to_double(arguments);
  if (!number) return number;
  if (number->is_nil() || !(number->real > 0)) return error("the number must be greater than 0");
  return Value::of_double(std::log(number->real));
}

constexpr ConverterRow kConverters[] = {
    {F::kIsString, [](Arguments& a) { return is_type(a, V::kString); }},
    {F::kIsInt, [](Arguments& a) { return is_type(a, V::kInt); }},
    {F::kIsDouble, [](Arguments& a) { return is_type(a, V::kDouble); }},
    {F::kIsBool, [](Arguments& a) { return is_type(a, V::kBool); }},
    {F::kIsMap, [](Arguments& a) { return is_type(a, V::kMap); }},
    {F::kIsList, [](Arguments& a) { return is_type(a, V::kList); }},
    {F::kIsEmpty, is_empty},
    {F::kIsRootSpan, is_root_span},
    {F::kLen, length},
    {F::kInt, to_int},
    {F::kDouble, to_double},
    {F::kBool, to_bool},
    {F::kString, to_string},
    {F::kTraceID, [](Arguments& a) { return make_id(a, V::kTraceId); }},
    {F::kLog, logarithm},
    {F::kSpanID, [](Arguments& a) { return make_id(a, V::kSpanId); }},
};

}  // namespace

std::span<const ConverterRow> type_converters() { return kConverters; }

}  // namespace millrace::ottl
