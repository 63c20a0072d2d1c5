#include "ottl/arguments.h"

#include <bit>
#include <charconv>

#include "ottl/conversion.h"

namespace millrace::ottl {
namespace {

using V = Value::Type;

std::unexpected<EvaluationError> wrong_type(std::string_view wanted, V found) {
  return std::unexpected("expected " + std::string(wanted) + ", found " +
                         std::string(type_name(found)));
}

std::string big_endian(uint64_t number) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift & 0xff);
  return bytes;
}

}  // namespace

Evaluated<Value> Arguments::value(size_t i) {
  if (only_) return *only_;
  return evaluation_.value_of(node(i));
}

Evaluated<Value> Arguments::value(size_t i, V wanted) {
  auto found = value(i);
  if (found && !found->is(wanted)) return wrong_type(type_name(wanted), found->type);
  return found;
}

Evaluated<std::string_view> Arguments::text(size_t i) {
  const auto found = value(i, V::kString);
  if (!found) return std::unexpected(found.error());
  return found->text;
}

Evaluated<int64_t> Arguments::int_value(size_t i, int64_t absent) {
  if (!has(i)) return absent;
  const auto found = value(i, V::kInt);
  if (!found) return std::unexpected(found.error());
  return found->number;
}

Evaluated<std::optional<std::string>> Arguments::text_like(const Node& argument) {
  const auto found = evaluation_.value_of(argument);
  if (!found) return std::unexpected(found.error());
  if (found->is_nil()) return std::nullopt;
  if (!has_text(*found)) return std::unexpected("NaN and infinity have no text");
  std::string text = to_text(*found);
  if (!scratch().charge(text.size())) return std::unexpected("the text is too long");
  return text;
}

Evaluated<std::optional<double>> Arguments::number_like(size_t i) {
  const auto found = value(i);
  if (!found) return std::unexpected(found.error());
  switch (found->type) {
    case V::kNil:
      return std::nullopt;
    case V::kDouble:
      return found->real;
    case V::kBool:
    case V::kInt:
      return static_cast<double>(found->number);
    case V::kString: {
      double number = 0;
      const char* const end = found->text.data() + found->text.size();
      const auto read = std::from_chars(found->text.data(), end, number);
      if (read.ec != std::errc() || read.ptr != end) {
        return std::unexpected("the text is no number");
      }
      return number;
    }
    default:
      return wrong_type("a number", found->type);
  }
}

Evaluated<std::optional<std::string>> Arguments::bytes_like(size_t i) {
  const auto found = value(i);
  if (!found) return std::unexpected(found.error());
  switch (found->type) {
    case V::kNil:
      return std::nullopt;
    case V::kString:
    case V::kBytes:
      return std::string(found->text);
    case V::kBool:
      return std::string(1, static_cast<char>(found->number));
    case V::kInt:
      return big_endian(static_cast<uint64_t>(found->number));
    case V::kDouble:
      return big_endian(std::bit_cast<uint64_t>(found->real));
    default:
      return wrong_type("bytes", found->type);
  }
}

Evaluated<const Pattern*> Arguments::pattern(size_t i) {
  if (call_.pattern != nullptr) return call_.pattern.get();
  const auto found = text(i);
  if (!found) return std::unexpected(found.error());
  auto made = prepare_pattern(call_.function->function, *found);
  if (!made) return std::unexpected(std::move(made.error()));
  made_pattern_ = std::move(*made);
  return made_pattern_.get();
}

Evaluated<std::string_view> Arguments::call_function(size_t i, std::string_view text) {
  const Value argument = Value::of_string(text);
  Arguments arguments(node(i), evaluation_, argument);
  const auto result = node(i).converter(arguments);
  if (!result) return std::unexpected(result.error());
  if (!result->is(V::kString)) {
    return std::unexpected("the function must make a string, found " +
                           std::string(type_name(result->type)));
  }
  return result->text;
}

}  // namespace millrace::ottl
