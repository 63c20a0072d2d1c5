#include "processors/attributes/options.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "base/identity_attribute.h"
#include "item_match/value.h"

namespace millrace::processors::attributes {

namespace {

using config::Section;

bool sets_value(Action::Kind kind) {
  return kind == Action::Kind::kInsert || kind == Action::Kind::kUpdate ||
         kind == Action::Kind::kUpsert;
}
bool takes_key_pattern(Action::Kind kind) {
  return kind == Action::Kind::kDelete || kind == Action::Kind::kHash;
}
bool takes_pattern(Action::Kind kind) {
  return takes_key_pattern(kind) || kind == Action::Kind::kExtract;
}

// Null is as good as absent, as in otelcol.
void read_value(Section& section, std::string_view key, std::optional<std::string>* into) {
  const yaml::Node* const node = section.find(key);
  if (node == nullptr || node->kind == yaml::Node::Kind::kNull) return;
  *into = item_match::encode_value(*node);
}

void read_value_source(Section& section, Action* action) {
  read_value(section, "value", &action->value);
  read_value(section, "default_value", &action->default_value);
  section.text("from_attribute", &action->from_attribute);
  section.text("from_context", &action->from_context);
  constexpr std::string_view kPrefix = "auth.";
  if (!action->from_context.starts_with(kPrefix)) return;
  const std::string_view name = std::string_view(action->from_context).substr(kPrefix.size());
  if (std::ranges::find(kIdentityAttributes, name) != kIdentityAttributes.end()) return;
  section.error_at(
      "from_context",
      fmt::format("\"{}\" is not supported: of the authenticators here basicauth alone gives an "
                  "attribute, auth.username",
                  action->from_context));
}

void check_value_source(Section& section, const Action& action) {
  const int sources =
      action.value.has_value() + !action.from_attribute.empty() + !action.from_context.empty();
  if (sets_value(action.kind)) {
    if (sources > 1 || (sources == 0 && !action.default_value)) {
      section.error(
          fmt::format("this action needs exactly one of value, from_attribute and from_context, or "
                      "default_value alone, found {}",
                      sources));
    }
    return;
  }
  // What otelcol reads and leaves out, it leaves out only there.
  const bool ignores_context = takes_key_pattern(action.kind) && sources == 1;
  if (sources > 0 && !(ignores_context && !action.from_context.empty())) {
    section.error("this action takes no value, from_attribute or from_context");
  } else if (sources > 0) {
    section.warning_at("from_context", "has no effect on this action");
  }
  if (action.default_value) section.warning_at("default_value", "has no effect on this action");
}

void read_action_pattern(Section& section, Action* action) {
  std::string text;
  if (section.text("pattern", &text) && !text.empty()) {
    if (!takes_pattern(action->kind)) {
      section.error_at("pattern", "only the actions delete, hash and extract take a pattern");
      return;
    }
    action->pattern = item_match::read_pattern(section, "pattern", text);
    if (action->pattern == nullptr || action->kind != Action::Kind::kExtract) return;
    const int group_count = action->pattern->NumberOfCapturingGroups();
    const auto& names = action->pattern->CapturingGroupNames();
    if (group_count == 0 || names.size() != static_cast<size_t>(group_count)) {
      section.error_at("pattern", fmt::format("every group must have a name, as in (?P<name>…), "
                                              "and there must be one; found \"{}\"",
                                              text));
      return;
    }
    for (const auto& [index, name] : names) action->group_names.push_back(name);
  } else if (action->kind == Action::Kind::kExtract) {
    section.error("the action extract needs a pattern");
  }
}

void read_converted_type(Section& section, Action* action) {
  using Target = Action::Target;
  const bool is_convert = action->kind == Action::Kind::kConvert;
  if (!is_convert && section.has("converted_type")) {
    section.find("converted_type");
    section.error_at("converted_type", "only the action convert takes it");
    return;
  }
  const bool found = section.choice("converted_type", &action->converted_type,
                                    {{"string", static_cast<int>(Target::kString)},
                                     {"int", static_cast<int>(Target::kInt)},
                                     {"double", static_cast<int>(Target::kDouble)}});
  if (is_convert && !found && !section.has("converted_type")) {
    section.error("the action convert needs converted_type: int, double or string");
  }
}

std::optional<Action::Kind> read_kind(Section& section) {
  using Kind = Action::Kind;
  constexpr std::array<std::pair<std::string_view, Kind>, 7> kKinds = {
      {{"insert", Kind::kInsert},
       {"update", Kind::kUpdate},
       {"upsert", Kind::kUpsert},
       {"delete", Kind::kDelete},
       {"hash", Kind::kHash},
       {"extract", Kind::kExtract},
       {"convert", Kind::kConvert}}};
  std::string text;
  if (!section.text("action", &text)) {
    if (!section.has("action")) section.error("action is missing");
    return std::nullopt;
  }
  // Any case, as in otelcol.
  std::string lowered = text;
  for (char& c : lowered) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const auto& [name, kind] : kKinds) {
    if (name == lowered) return kind;
  }
  section.error_at("action", fmt::format("expected insert, update, upsert, delete, hash, extract "
                                         "or convert, found \"{}\"",
                                         text));
  return std::nullopt;
}

void read_action(Section& section, std::vector<Action>* actions) {
  Action action;
  const std::optional<Action::Kind> kind = read_kind(section);
  action.kind = kind.value_or(Action::Kind::kInsert);
  section.text("key", &action.key);
  read_value_source(section, &action);
  if (!kind) {
    section.find("pattern");
    section.find("converted_type");
    return;
  }
  check_value_source(section, action);
  read_action_pattern(section, &action);
  read_converted_type(section, &action);
  const bool pattern_is_enough = takes_key_pattern(action.kind);
  if (action.key.empty() && !(pattern_is_enough && action.pattern != nullptr)) {
    section.error(pattern_is_enough ? "key or pattern is missing" : "key is missing");
  }
  actions->push_back(std::move(action));
}

void read_actions(Section& section, std::string_view key, Options* options) {
  section.section_list(key, [&](Section& entry) { read_action(entry, &options->actions); });
  if (options->actions.empty() && !section.has(key)) {
    section.error(fmt::format("{} is missing: at least one action is needed", key));
  }
}

}  // namespace

void read_attributes_options(Section& section, Options* options) {
  read_actions(section, "actions", options);
  item_match::read_match_config(section, &options->match);
}

void read_resource_options(Section& section, Options* options) {
  read_actions(section, "attributes", options);
}

}  // namespace millrace::processors::attributes
