#include <algorithm>

#include "ottl/arguments.h"
#include "ottl/converters.h"

namespace millrace::ottl {
namespace {

using F = Function;
using V = Value::Type;
using Done = Evaluated<void>;

std::unexpected<EvaluationError> error(std::string text) {
  return std::unexpected(std::move(text));
}

// The map that an editor changes in place. A failed or useless edit must not make a copy of it, so
// the value is looked at before.
Evaluated<Map*> own_target(Arguments& arguments) {
  const auto value = arguments.value(0);
  if (!value) return error(value.error());
  if (!value->is(V::kMap)) {
    return error("expected map, found " + std::string(type_name(value->type)));
  }
  if (arguments.node(0).path->field == Field::kCache && arguments.node(0).keys.empty()) {
    return arguments.evaluation().item().cache;
  }
  const auto target = arguments.evaluation().locate(arguments.node(0));
  if (!target) return error(target.error());
  (*target)->map = to_own_map(**target, arguments.scratch());
  return (*target)->map;
}

Evaluated<bool> any_key(Arguments& arguments, const auto& is_wanted) {
  const auto value = arguments.value(0);
  if (!value) return error(value.error());
  if (!value->is(V::kMap)) {
    return error("expected map, found " + std::string(type_name(value->type)));
  }
  bool is_found = false;
  for_each_entry(*value, [&](std::string_view key, const Value& entry) {
    is_found = is_wanted(key, entry);
    return !is_found;
  });
  return is_found;
}

Done erase_if(Arguments& arguments, const auto& is_wanted) {
  const auto found = any_key(arguments, is_wanted);
  if (!found) return error(found.error());
  if (!*found) return {};
  const auto map = own_target(arguments);
  if (!map) return error(map.error());
  std::erase_if((*map)->entries,
                [&](const MapEntry& entry) { return is_wanted(entry.key, entry.value); });
  return {};
}

Done set(Arguments& arguments) {
  const auto value = arguments.value(1);
  if (!value) return error(value.error());
  if (value->is_nil()) return {};
  return arguments.evaluation().set(arguments.node(0), *value);
}

Done delete_key(Arguments& arguments) {
  const auto key = arguments.text(1);
  if (!key) return error(key.error());
  return erase_if(arguments, [&](std::string_view name, const Value&) { return name == *key; });
}

Done delete_matching_keys(Arguments& arguments, bool keeps_matches) {
  const auto pattern = arguments.pattern(1);
  if (!pattern) return error(pattern.error());
  return erase_if(arguments, [&](std::string_view name, const Value&) {
    return re2::RE2::PartialMatch(as_piece(name), **pattern) != keeps_matches;
  });
}

Done keep_keys(Arguments& arguments) {
  std::vector<std::string_view> kept;
  for (const Node& node : arguments.node(1).children) {
    const auto key = arguments.evaluation().value_of(node);
    if (!key) return error(key.error());
    if (!key->is(V::kString)) return error("the keys must be strings");
    kept.push_back(key->text);
  }
  return erase_if(arguments, [&](std::string_view name, const Value&) {
    return std::ranges::find(kept, name) == kept.end();
  });
}

Done limit(Arguments& arguments) {
  const auto value = arguments.value(0, V::kMap);
  if (!value) return error(value.error());
  const int64_t limit_count = arguments.number(1, 0);
  if (static_cast<int64_t>(count_entries(*value)) <= limit_count) return {};
  std::vector<std::string_view> kept;
  int64_t count = 0;
  for (const Node& node : arguments.node(2).children) {
    kept.push_back(node.constant.text);
    if (find_entry(*value, node.constant.text)) count++;
  }
  const auto map = own_target(arguments);
  if (!map) return error(map.error());
  std::erase_if((*map)->entries, [&](const MapEntry& entry) {
    if (std::ranges::find(kept, entry.key) != kept.end()) return false;
    return count++ >= limit_count;
  });
  return {};
}

Done merge_maps(Arguments& arguments) {
  const auto source = arguments.value(1, V::kMap);
  if (!source) return error(source.error());
  const std::string_view strategy = arguments.literal(2, "");
  if (count_levels(*source) + arguments.node(0).keys.size() > kValueLevelsMax) {
    return error("the map would have too many levels of maps and lists");
  }
  // The source may be the target or a part of it.
  const Value copy = copy_value(*source, arguments.scratch());
  const auto map = own_target(arguments);
  if (!map) return error(map.error());
  for_each_entry(copy, [&](std::string_view key, const Value& value) {
    Value* const present = (*map)->find(key);
    if (present != nullptr && strategy != "insert") *present = value;
    if (present == nullptr && strategy != "update") {
      if (!arguments.scratch().charge(2 * sizeof(MapEntry))) return false;
      (*map)->entries.push_back({key, value});
    }
    return true;
  });
  return {};
}

Done truncate_all(Arguments& arguments) {
  const auto limit_bytes = static_cast<size_t>(arguments.number(1, 0));
  const std::string_view marker = arguments.literal(3, "");
  if (marker.size() > limit_bytes) return error("the marker is longer than the limit");
  const auto is_long = [&](std::string_view, const Value& value) {
    return value.is(V::kString) && value.text.size() > limit_bytes;
  };
  const auto found = any_key(arguments, is_long);
  if (!found) return error(found.error());
  if (!*found) return {};
  const auto map = own_target(arguments);
  if (!map) return error(map.error());
  for (MapEntry& entry : (*map)->entries) {
    if (!is_long(entry.key, entry.value)) continue;
    // A part of a character would not be valid text, so the option to cut inside of one is ignored.
    size_t size = limit_bytes - marker.size();
    while (size > 0 && (static_cast<uint8_t>(entry.value.text[size]) & 0xc0) == 0x80) size--;
    const std::string_view cut = entry.value.text.substr(0, size);
    entry.value.text =
        marker.empty() ? cut : arguments.scratch().keep(std::string(cut) + std::string(marker));
  }
  return {};
}

// Go's template of a replacement as RE2's: $1 and ${name} name a group, $$ is a dollar sign.
std::string to_rewrite(std::string_view text, const re2::RE2& pattern) {
  std::string rewrite;
  for (size_t i = 0; i < text.size(); i++) {
    if (text[i] == '\\') rewrite += '\\';
    if (text[i] != '$' || i + 1 == text.size()) {
      rewrite += text[i];
      continue;
    }
    if (text[i + 1] == '$') {
      rewrite += text[++i];
      continue;
    }
    const bool is_braced = text[i + 1] == '{';
    size_t end = i + 1 + (is_braced ? 1 : 0);
    const size_t begin = end;
    while (end < text.size() &&
           (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_')) {
      end++;
    }
    if (end == begin || (is_braced && (end == text.size() || text[end] != '}'))) {
      rewrite += text[i];
      continue;
    }
    const std::string name(text.substr(begin, end - begin));
    i = is_braced ? end : end - 1;
    int group = -1;
    if (std::ranges::all_of(name, [](unsigned char c) { return std::isdigit(c) != 0; })) {
      group = name.size() < 3 ? std::stoi(name) : -1;
    } else if (const auto& named = pattern.NamedCapturingGroups(); named.contains(name)) {
      group = named.at(name);
    }
    // A group that the pattern does not have is empty. RE2 writes groups up to 9.
    if (group >= 0 && group <= std::min(pattern.NumberOfCapturingGroups(), 9)) {
      rewrite += "\\" + std::to_string(group);
    }
  }
  return rewrite;
}

// Replaces every match; false when there is none.
bool replace(std::string_view text, const re2::RE2& pattern, const std::string& rewrite,
             std::string* replaced) {
  if (!re2::RE2::PartialMatch(as_piece(text), pattern)) return false;
  *replaced = text;
  return re2::RE2::GlobalReplace(replaced, pattern, rewrite) > 0;
}

Done replace_pattern(Arguments& arguments) {
  const auto value = arguments.value(0);
  if (!value) return error(value.error());
  const auto replacement = arguments.text(2);
  if (!replacement) return error(replacement.error());
  const auto pattern = arguments.pattern(1);
  if (!pattern) return error(pattern.error());
  if (!value->is(V::kString)) return {};
  std::string replaced;
  if (!replace(value->text, **pattern, to_rewrite(*replacement, **pattern), &replaced)) return {};
  return arguments.evaluation().set(arguments.node(0), arguments.keep(std::move(replaced)));
}

Done replace_all_patterns(Arguments& arguments) {
  const bool of_keys = arguments.literal(1, "") == "key";
  const auto replacement = arguments.text(3);
  if (!replacement) return error(replacement.error());
  const auto pattern = arguments.pattern(2);
  if (!pattern) return error(pattern.error());
  const auto matches = [&](std::string_view key, const Value& value) {
    if (!of_keys && !value.is(V::kString)) return false;
    return re2::RE2::PartialMatch(as_piece(of_keys ? key : value.text), **pattern);
  };
  const auto found = any_key(arguments, matches);
  if (!found) return error(found.error());
  if (!*found) return {};
  const auto map = own_target(arguments);
  if (!map) return error(map.error());
  const std::string rewrite = to_rewrite(*replacement, **pattern);
  const std::vector<MapEntry> before = std::move((*map)->entries);
  (*map)->entries.clear();
  for (const MapEntry& entry : before) {
    MapEntry after = entry;
    std::string replaced;
    std::string_view* const text = of_keys ? &after.key : &after.value.text;
    if (matches(entry.key, entry.value) && replace(*text, **pattern, rewrite, &replaced)) {
      *text = arguments.scratch().keep(std::move(replaced));
    }
    Value* const present = of_keys ? (*map)->find(after.key) : nullptr;
    if (present != nullptr) {
      *present = after.value;
    } else {
      (*map)->entries.push_back(after);
    }
  }
  return {};
}

constexpr EditorRow kEditors[] = {
    {F::kSet, set},
    {F::kDeleteKey, delete_key},
    {F::kDeleteMatchingKeys, [](Arguments& a) { return delete_matching_keys(a, false); }},
    {F::kKeepMatchingKeys, [](Arguments& a) { return delete_matching_keys(a, true); }},
    {F::kKeepKeys, keep_keys},
    {F::kLimit, limit},
    {F::kMergeMaps, merge_maps},
    {F::kTruncateAll, truncate_all},
    {F::kReplacePattern, replace_pattern},
    {F::kReplaceAllPatterns, replace_all_patterns},
};

}  // namespace

std::span<const EditorRow> editors() { return kEditors; }

}  // namespace millrace::ottl
