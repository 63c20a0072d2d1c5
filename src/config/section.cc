#include "config/section.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "config/duration.h"
#include "config/wording.h"
#include "yaml/scalar.h"

namespace millrace::config {
namespace {

using yaml::Node;

// Text as otelcol sees it: a whole-scalar ${…} falls back to its text before that was read
// as YAML. Empty when the node cannot be text.
const std::string* text_of(const Node& node) {
  if (!node.original.empty()) return &node.original;
  return node.kind == Node::Kind::kScalar ? &node.scalar : nullptr;
}

std::vector<std::string> split_at_commas(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    parts.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(text.size(), comma + 1));
  }
  return parts;
}

// Saying that there is none of it is fine: `processors: []`, `views:`.
bool asks_for_nothing(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNull:
      return true;
    case Node::Kind::kSequence:
      return node.sequence.empty();
    case Node::Kind::kScalar:
      return node.scalar.empty();
    case Node::Kind::kMapping:
      break;  // an empty one may switch on what has defaults
  }
  return false;
}

std::string lowered(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

}  // namespace

Section::Section(const Node& node, Diagnostics& diagnostics, std::string path)
    : node_(node), diagnostics_(diagnostics), path_(std::move(path)) {
  if (node.kind != Node::Kind::kMapping && node.kind != Node::Kind::kNull) {
    error("expected a mapping of keys to values, found " + found_text(node));
  }
}

std::string Section::child_path(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + "::" + std::string(key);
}

bool Section::has(std::string_view key) const { return node_.find(key) != nullptr; }

const Node* Section::find(std::string_view key) {
  known_.emplace(key);
  note(key, KeyNote::Meaning::kSame);
  return node_.find(key);
}

void Section::note(std::string_view key, KeyNote::Meaning meaning, std::string_view text) {
  if (has(key)) {
    diagnostics_.note_key(child_path(key), {meaning, key_place_of(key), std::string(text)});
  }
}

void Section::means(std::string_view key, std::string_view what) {
  note(key, KeyNote::Meaning::kMeans, what);
}

void Section::expected(std::string_view key, std::string_view what, const Node& found) {
  diagnostics_.error(found.place, child_path(key),
                     "expected " + std::string(what) + ", found " + found_text(found));
}

bool Section::text(std::string_view key, std::string* into) {
  const Node* value = find(key);
  if (value == nullptr) return false;
  if (const std::string* text = text_of(*value)) {
    *into = *text;
    return true;
  }
  // Null keeps the default, as in otelcol.
  if (value->kind != Node::Kind::kNull) expected(key, "text", *value);
  return false;
}

bool Section::secret(std::string_view key, std::string* into) {
  diagnostics_.mark_secret(child_path(key));
  return text(key, into);
}

bool Section::boolean(std::string_view key, bool* into) {
  const Node* value = find(key);
  if (value == nullptr || value->kind == Node::Kind::kNull) return false;
  if (const auto boolean = yaml::to_boolean(*value)) {
    *into = *boolean;
    return true;
  }
  expected(key, value->quoted ? "true or false without quotes" : "true or false", *value);
  return false;
}

bool Section::integer(std::string_view key, int64_t* into, IntegerRange range) {
  const Node* value = find(key);
  if (value == nullptr || value->kind == Node::Kind::kNull) return false;
  std::optional<int64_t> integer = yaml::to_integer(*value);
  if (!integer) {
    // 1e3 is an integer too; 1.5 is not.
    constexpr double kExactMax = 9.0e15;
    const auto number = yaml::to_number(*value);
    if (number && std::abs(*number) < kExactMax && *number == std::floor(*number)) {
      integer = static_cast<int64_t>(*number);
    }
  }
  if (integer && *integer >= range.min && *integer <= range.max) {
    *into = *integer;
    return true;
  }
  expected(key, range_text(range) + (value->quoted ? " without quotes" : ""), *value);
  return false;
}

bool Section::number(std::string_view key, double* into, double min, double max) {
  const Node* value = find(key);
  if (value == nullptr || value->kind == Node::Kind::kNull) return false;
  const auto number = yaml::to_number(*value);
  if (number && *number >= min && *number <= max) {
    *into = *number;
    return true;
  }
  std::string what = "a number";
  if (std::isfinite(min) && std::isfinite(max)) {
    what += " from " + number_text(min) + " to " + number_text(max);
  } else if (std::isfinite(min)) {
    what += " of at least " + number_text(min);
  } else if (std::isfinite(max)) {
    what += " of at most " + number_text(max);
  }
  expected(key, what, *value);
  return false;
}

bool Section::duration(std::string_view key, Duration* into) {
  const Node* value = find(key);
  if (value == nullptr || value->kind == Node::Kind::kNull) return false;
  const bool is_scalar = value->kind == Node::Kind::kScalar;
  const auto duration = is_scalar ? parse_duration(value->scalar) : std::nullopt;
  if (duration && *duration >= Duration(0)) {
    *into = *duration;
    return true;
  }
  if (duration) {
    expected(key, "a duration that is not negative", *value);
  } else if (yaml::to_number(*value)) {
    expected(key, "a duration with its unit, like " + value->scalar + "s or 300ms", *value);
  } else {
    expected(key, "a duration like 5s, 300ms or 1m30s", *value);
  }
  return false;
}

bool Section::text_list(std::string_view key, std::vector<std::string>* into) {
  const Node* value = find(key);
  if (value == nullptr || value->kind == Node::Kind::kNull) return false;
  if (value->kind == Node::Kind::kScalar) {
    *into = split_at_commas(value->scalar);  // as otelcol: allowed_origins: "*"
    return true;
  }
  if (value->kind != Node::Kind::kSequence) {
    expected(key, "a list, like [a, b]", *value);
    return false;
  }
  std::vector<std::string> texts;
  for (size_t i = 0; i < value->sequence.size(); ++i) {
    const Node& element = value->sequence[i];
    const std::string* text = text_of(element);
    if (text == nullptr && element.kind != Node::Kind::kNull) {
      expected(std::string(key) + "[" + std::to_string(i) + "]", "text", element);
      return false;
    }
    texts.push_back(text == nullptr ? "" : *text);
  }
  *into = std::move(texts);
  return true;
}

bool Section::headers(std::string_view key, std::vector<MetadataEntry>* into) {
  const Node* value = find(key);
  diagnostics_.mark_secret(child_path(key));
  if (value == nullptr || value->kind == Node::Kind::kNull) return false;
  std::vector<MetadataEntry> entries;
  bool valid = true;
  const auto add = [&](std::string_view name, const Node& node) {
    const std::string* text = text_of(node);
    if (text == nullptr && node.kind != Node::Kind::kNull) {
      // The value is a secret: the message may name its kind, not its text.
      expected(std::string(key) + "::" + std::string(name), "text", node);
      valid = false;
      return;
    }
    entries.push_back({lowered(name), text == nullptr ? "" : *text});
  };
  if (value->kind == Node::Kind::kMapping) {
    for (const Node::Entry& entry : value->mapping) add(entry.key, entry.value);
  } else if (value->kind == Node::Kind::kSequence) {
    for (const Node& element : value->sequence) {
      const Node* name = element.find("name");
      const Node* text = element.find("value");
      if (name == nullptr || name->kind != Node::Kind::kScalar || element.mapping.size() > 2 ||
          (element.mapping.size() == 2 && text == nullptr)) {
        diagnostics_.error(element.place, child_path(key),
                           "expected a list of {name: …, value: …}");
        valid = false;
        continue;
      }
      add(name->scalar, text == nullptr ? Node{} : *text);
    }
  } else {
    // Not shown: a header given in the wrong form is as secret as in the right one.
    diagnostics_.error(value->place, child_path(key),
                       "expected a mapping of names to values, or a list of {name, value}");
    return false;
  }
  if (valid) *into = std::move(entries);
  return valid;
}

std::optional<int> Section::choose(std::string_view key, std::initializer_list<Choice> choices) {
  const Node* value = find(key);
  if (value == nullptr) return std::nullopt;
  const std::string* text = text_of(*value);
  if (text == nullptr && value->kind == Node::Kind::kNull) return std::nullopt;
  std::vector<std::string_view> names;
  for (const Choice& choice : choices) {
    // As otelcol: verbosity: Detailed and level: INFO are fine.
    if (text != nullptr && lowered(*text) == lowered(choice.name)) return choice.value;
    names.push_back(choice.name);
  }
  const std::string hint = text == nullptr ? "" : did_you_mean(*text, names);
  diagnostics_.error(value->place, child_path(key),
                     "expected one of " + joined(names) + ", found " + found_text(*value) + hint);
  return std::nullopt;
}

bool Section::section(std::string_view key, const std::function<void(Section&)>& read) {
  const Node* value = find(key);
  if (value == nullptr) return false;
  Section nested(*value, diagnostics_, child_path(key));
  read(nested);
  nested.finish();
  return value->kind == Node::Kind::kMapping || value->kind == Node::Kind::kNull;
}

bool Section::section_list(std::string_view key, const std::function<void(Section&)>& read) {
  const Node* value = find(key);
  if (value == nullptr || value->kind == Node::Kind::kNull) return false;
  if (value->kind != Node::Kind::kSequence) {
    expected(key, "a list of mappings", *value);
    return false;
  }
  for (size_t i = 0; i < value->sequence.size(); ++i) {
    Section nested(value->sequence[i], diagnostics_,
                   child_path(key) + "[" + std::to_string(i) + "]");
    read(nested);
    nested.finish();
  }
  return true;
}

bool Section::section_map(std::string_view key,
                          const std::function<void(std::string_view name, Section&)>& read) {
  const Node* value = find(key);
  if (value == nullptr || value->kind == Node::Kind::kNull) return false;
  if (value->kind != Node::Kind::kMapping) {
    expected(key, "a mapping of names to mappings", *value);
    return false;
  }
  for (const Node::Entry& entry : value->mapping) {
    Section nested(entry.value, diagnostics_, child_path(key) + "::" + entry.key);
    read(entry.key, nested);
    nested.finish();
  }
  return true;
}

void Section::unsupported(std::string_view key, std::string_view why) {
  known_.emplace(key);
  unsupported_.emplace(key);
  const Node* value = node_.find(key);
  if (value != nullptr && !asks_for_nothing(*value)) {
    note(key, KeyNote::Meaning::kUnsupported, why);
    error_at(key, "otelcol knows this key, but it is not supported here: " + std::string(why));
  }
}

void Section::ignored(std::string_view key, std::string_view why) {
  known_.emplace(key);
  const Node* value = node_.find(key);
  if (value == nullptr) return;
  note(key, KeyNote::Meaning::kIgnored, why);
  if (!asks_for_nothing(*value)) {
    warning_at(key, "accepted without effect: " + std::string(why));
  }
}

bool Section::deprecated(std::string_view key, std::string_view use_instead) {
  known_.emplace(key);
  unsupported_.emplace(key);
  if (!has(key)) return false;
  note(key, KeyNote::Meaning::kMeans, use_instead);
  warning_at(key, "deprecated: use " + std::string(use_instead));
  return true;
}

void Section::finish() {
  std::vector<std::string_view> offered;
  for (const std::string& key : known_) {
    if (!unsupported_.contains(key)) offered.push_back(key);
  }
  for (const Node::Entry& entry : node_.mapping) {
    if (known_.contains(entry.key)) continue;
    std::string message = "unknown key " + quoted(entry.key);
    const std::string hint = did_you_mean(entry.key, offered);
    if (!hint.empty()) {
      message += hint;
    } else if (offered.empty()) {
      message += "; no key is known here";
    } else {
      message += "; known here: " + joined(offered);
    }
    note(entry.key, KeyNote::Meaning::kUnknown, message);
    diagnostics_.error(entry.key_place, path_, std::move(message));
  }
}

void Section::error(std::string message) {
  diagnostics_.error(node_.place, path_, std::move(message));
}

const yaml::Place& Section::key_place_of(std::string_view key) const {
  const auto found = std::ranges::find(node_.mapping, key, &Node::Entry::key);
  return found == node_.mapping.end() ? node_.place : found->key_place;
}

const yaml::Place& Section::place_of_key(std::string_view key) const {
  for (const Node::Entry& entry : node_.mapping) {
    if (entry.key != key) continue;
    return entry.value.kind == Node::Kind::kNull ? entry.key_place : entry.value.place;
  }
  return node_.place;
}

void Section::error_at(std::string_view key, std::string message) {
  diagnostics_.error(place_of_key(key), child_path(key), std::move(message));
}

void Section::warning_at(std::string_view key, std::string message) {
  diagnostics_.warning(place_of_key(key), child_path(key), std::move(message));
}

}  // namespace millrace::config
