// Editors that replace what matches a pattern.
#include <algorithm>

#include "ottl/arguments.h"
#include "ottl/converters.h"
#include "ottl/editor_target.h"
#include "ottl/map_builder.h"
#include "ottl/replacement.h"

namespace millrace::ottl {
namespace {

using F = Function;
using V = Value::Type;
using Done = Evaluated<void>;

// `format` holds "%s" once and no other verb.
Evaluated<std::string> apply_format(std::string_view format, std::string_view text) {
  const size_t at = format.find("%s");
  const bool is_valid = at != std::string_view::npos && std::ranges::count(format, '%') == 1;
  if (!is_valid) return error("the replacement format needs one %s and no other verb");
  return std::string(format.substr(0, at)) + std::string(text) + std::string(format.substr(at + 2));
}

// The two optional arguments: a function for the replacement, and a format for its result.
Evaluated<std::string> apply_function(Arguments& arguments, size_t function,
                                      std::string_view text) {
  const auto made = arguments.call_function(function, text);
  if (!made) return error(made.error());
  if (!arguments.has(function + 1)) return std::string(*made);
  const auto format = arguments.text(function + 1);
  if (!format) return error(format.error());
  return apply_format(*format, *made);
}

Transform transform_of(Arguments& arguments, size_t function) {
  if (!arguments.has(function)) return nullptr;
  return [&arguments, function](std::string_view text) {
    return apply_function(arguments, function, text);
  };
}

// The replacement of replace_match: the whole value, so that the function is called once.
Evaluated<std::string_view> whole_replacement(Arguments& arguments) {
  const auto replacement = arguments.text(2);
  if (!replacement || !arguments.has(3)) return replacement;
  auto made = apply_function(arguments, 3, *replacement);
  if (!made) return error(made.error());
  return arguments.scratch().keep(std::move(*made));
}

Done replace_match(Arguments& arguments) {
  const auto pattern = arguments.pattern(1);
  if (!pattern) return error(pattern.error());
  const auto value = arguments.value(0);
  if (!value) return error(value.error());
  const auto replacement = whole_replacement(arguments);
  if (!replacement) return error(replacement.error());
  if (!value->is(V::kString)) return {};
  if (!(*pattern)->matches(value->text)) return {};
  return arguments.evaluation().set(arguments.node(0), Value::of_string(*replacement));
}

Done replace_all_matches(Arguments& arguments) {
  const auto pattern = arguments.pattern(1);
  if (!pattern) return error(pattern.error());
  const auto matches = [&](std::string_view, const Value& value) {
    return value.is(V::kString) && (*pattern)->matches(value.text);
  };
  const auto found = any_entry(arguments, matches);
  if (!found) return error(found.error());
  const auto replacement = whole_replacement(arguments);
  if (!replacement) return error(replacement.error());
  if (!*found) return {};
  const auto map = own_map(arguments);
  if (!map) return error(map.error());
  for (MapEntry& entry : (*map)->entries) {
    if (matches(entry.key, entry.value)) entry.value = Value::of_string(*replacement);
  }
  return {};
}

Done replace_pattern(Arguments& arguments) {
  Value room;
  const Value* const value = arguments.look_at(0, &room);
  if (value == nullptr) return error(arguments.evaluation().take_error());
  if (value->is_nil()) return {};
  const auto replacement = arguments.text(2);
  if (!replacement) return error(replacement.error());
  if (!value->is(V::kString)) return {};
  const auto pattern = arguments.pattern(1);
  if (!pattern) return error(pattern.error());
  if (!(*pattern)->is_found_in(value->text)) return {};
  auto replaced =
      replace_matches(value->text, (*pattern)->regex(), Template(*replacement, (*pattern)->regex()),
                      transform_of(arguments, 3));
  if (!replaced) return error(replaced.error());
  if (!*replaced) return {};
  return arguments.evaluation().set(arguments.node(0), arguments.keep(std::move(**replaced)));
}

// The text of an entry after the replacement; nothing where the function fails, which is skipped.
std::optional<std::string_view> replaced_text(Arguments& arguments, std::string_view text,
                                              const re2::RE2& pattern, const Template& replacement,
                                              const Transform& transform) {
  auto replaced = replace_matches(text, pattern, replacement, transform);
  if (!replaced) return std::nullopt;
  if (!*replaced) return text;
  return arguments.scratch().keep(std::move(**replaced));
}

Done replace_all_patterns(Arguments& arguments) {
  const bool of_keys = arguments.literal(1, "") == "key";
  const auto replacement_text = arguments.text(3);
  if (!replacement_text) return error(replacement_text.error());
  const auto pattern = arguments.pattern(2);
  if (!pattern) return error(pattern.error());
  const auto matches = [&](std::string_view key, const Value& value) {
    if (!of_keys && !value.is(V::kString)) return false;
    return (*pattern)->is_found_in(of_keys ? key : value.text);
  };
  const auto found = any_entry(arguments, matches);
  if (!found) return error(found.error());
  if (!*found) return {};
  const auto map = own_map(arguments);
  if (!map) return error(map.error());
  const Template replacement(*replacement_text, (*pattern)->regex());
  const Transform transform = transform_of(arguments, 4);
  if (!of_keys) {
    for (MapEntry& entry : (*map)->entries) {
      if (!entry.value.is(V::kString)) continue;
      const auto text =
          replaced_text(arguments, entry.value.text, (*pattern)->regex(), replacement, transform);
      if (arguments.scratch().failed()) return {};
      if (text) entry.value.text = *text;
    }
    return {};
  }
  Map* const renamed = arguments.scratch().make_map();
  MapBuilder builder(renamed, arguments.scratch());
  for (const MapEntry& entry : (*map)->entries) {
    const auto key =
        replaced_text(arguments, entry.key, (*pattern)->regex(), replacement, transform);
    // otelcol drops an entry whose function fails.
    if (arguments.scratch().failed()) return {};
    if (key) builder.put(*key, entry.value);
  }
  (*map)->entries = std::move(renamed->entries);
  return {};
}

constexpr EditorRow kEditors[] = {
    {F::kReplaceMatch, replace_match},
    {F::kReplaceAllMatches, replace_all_matches},
    {F::kReplacePattern, replace_pattern},
    {F::kReplaceAllPatterns, replace_all_patterns},
};

}  // namespace

std::span<const EditorRow> pattern_editors() { return kEditors; }

}  // namespace millrace::ottl
