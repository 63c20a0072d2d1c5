#include "processors/attributes/options.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "processors/attributes/value.h"

namespace millrace::processors::attributes {

namespace {

using config::Section;

// \C, which otelcol does not have: what such a group extracts need not be UTF-8.
bool matches_single_bytes(std::string_view pattern) {
  for (size_t i = 0; i + 1 < pattern.size(); ++i) {
    if (pattern[i] != '\\') continue;
    if (pattern[++i] == 'C') return true;
  }
  return false;
}

Pattern compile(Section& section, std::string_view key, const std::string& text) {
  re2::RE2::Options re2_options;
  re2_options.set_log_errors(false);
  auto pattern = std::make_shared<const re2::RE2>(text, re2_options);
  if (matches_single_bytes(text)) {
    section.error_at(key, fmt::format("\"{}\": \\C matches a single byte, which may be half of a "
                                      "character; use . for a character",
                                      text));
    return nullptr;
  }
  if (pattern->ok()) return pattern;
  section.error_at(
      key, fmt::format("\"{}\" is no regular expression of RE2: {}", text, pattern->error()));
  return nullptr;
}

bool sets_value(Action::Kind kind) {
  return kind == Action::Kind::kInsert || kind == Action::Kind::kUpdate ||
         kind == Action::Kind::kUpsert;
}
bool takes_pattern(Action::Kind kind) {
  return kind == Action::Kind::kDelete || kind == Action::Kind::kHash ||
         kind == Action::Kind::kExtract;
}

void read_value_source(Section& section, Action* action) {
  if (const yaml::Node* node = section.find("value")) action->value = encode_value(*node);
  if (const yaml::Node* node = section.find("default_value")) {
    action->default_value = encode_value(*node);
  }
  section.text("from_attribute", &action->from_attribute);
  if (!section.text("from_context", &action->from_context)) return;
  const std::string& from = action->from_context;
  if (from.starts_with("auth.")) {
    section.error_at("from_context",
                     fmt::format("\"{}\": otelcol knows this source, but there are no "
                                 "authenticators here; use metadata.<name> or client.address",
                                 from));
  } else if (from != "client.address" && !(from.starts_with("metadata.") && from.size() > 9)) {
    section.error_at("from_context",
                     fmt::format("expected metadata.<name> or client.address, found \"{}\"", from));
  }
}

void check_value_source(Section& section, const Action& action) {
  const int sources =
      action.value.has_value() + !action.from_attribute.empty() + !action.from_context.empty();
  if (!sets_value(action.kind)) {
    if (sources > 0 || action.default_value) {
      section.error("this action takes no value, from_attribute, from_context or default_value");
    }
    return;
  }
  if (sources != 1) {
    section.error(
        fmt::format("this action needs exactly one of value, from_attribute and "
                    "from_context, found {}",
                    sources));
  }
  if (action.default_value && action.value) {
    section.error_at("default_value", "only for from_attribute and from_context");
  }
}

void read_pattern(Section& section, Action* action) {
  std::string text;
  if (section.text("pattern", &text) && !text.empty()) {
    if (!takes_pattern(action->kind)) {
      section.error_at("pattern", "only the actions delete, hash and extract take a pattern");
      return;
    }
    action->pattern = compile(section, "pattern", text);
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
  read_pattern(section, &action);
  read_converted_type(section, &action);
  const bool pattern_is_enough =
      action.kind == Action::Kind::kDelete || action.kind == Action::Kind::kHash;
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

enum class MatchType : uint8_t { kStrict, kRegexp };

class MatchReader {
 public:
  MatchReader(Section& section, MatchType type) : section_(section), type_(type) {}

  TextMatcher matcher(std::string_view key, std::string text) const {
    TextMatcher made;
    if (type_ == MatchType::kRegexp) made.pattern = compile(section_, key, text);
    made.text = std::move(text);
    return made;
  }
  void texts(std::string_view key, std::vector<TextMatcher>* into) const {
    std::vector<std::string> list;
    section_.text_list(key, &list);
    for (std::string& text : list) into->push_back(matcher(key, std::move(text)));
  }
  void attributes(std::string_view key, std::vector<AttributeMatcher>* into) const {
    section_.section_list(key, [&](Section& entry) {
      AttributeMatcher made;
      if (!entry.text("key", &made.key) || made.key.empty()) entry.error("key is missing");
      if (const yaml::Node* value = entry.find("value")) {
        if (type_ == MatchType::kRegexp) {
          if (value->kind != yaml::Node::Kind::kScalar) {
            entry.error_at("value", "must be text under match_type regexp");
          } else {
            made.pattern = compile(entry, "value", value->scalar);
          }
        } else {
          made.value = encode_value(*value);
        }
      }
      into->push_back(std::move(made));
    });
  }
  void libraries(std::vector<LibraryMatcher>* into) const {
    section_.section_list("libraries", [&](Section& entry) {
      LibraryMatcher made;
      std::string name;
      std::string version;
      if (!entry.text("name", &name)) entry.error("name is missing");
      made.name = MatchReader(entry, type_).matcher("name", std::move(name));
      if (entry.text("version", &version)) {
        made.version = MatchReader(entry, type_).matcher("version", std::move(version));
      }
      into->push_back(std::move(made));
    });
  }

 private:
  Section& section_;
  MatchType type_;
};

void read_severity(Section& section, MatchProperties* properties) {
  section.section("log_severity_number", [&](Section& severity) {
    std::string text;
    if (severity.text("min", &text)) {
      properties->log_severity_min = parse_severity(text);
      if (!properties->log_severity_min) {
        severity.error_at("min", fmt::format("expected TRACE, DEBUG, INFO, WARN, ERROR or FATAL, "
                                             "also with 2 to 4 behind it, or 1 to 24, found \"{}\"",
                                             text));
      }
    } else {
      severity.error("min is missing");
    }
    severity.boolean("match_undefined", &properties->log_severity_match_undefined);
  });
}

bool is_without_property(const MatchProperties& p) {
  return p.services.empty() && p.span_names.empty() && p.span_kinds.empty() &&
         p.log_bodies.empty() && p.log_severity_texts.empty() && !p.log_severity_min &&
         p.metric_names.empty() && p.attributes.empty() && p.resources.empty() &&
         p.libraries.empty();
}

void read_match(Section& section, std::optional<MatchProperties>* into) {
  MatchProperties properties;
  MatchType type = MatchType::kStrict;
  if (!section.choice("match_type", &type,
                      {{"strict", static_cast<int>(MatchType::kStrict)},
                       {"regexp", static_cast<int>(MatchType::kRegexp)}}) &&
      !section.has("match_type")) {
    section.error("match_type is missing: strict or regexp");
  }
  const MatchReader reader(section, type);
  reader.texts("services", &properties.services);
  reader.texts("span_names", &properties.span_names);
  reader.texts("span_kinds", &properties.span_kinds);
  reader.texts("log_bodies", &properties.log_bodies);
  reader.texts("log_severity_texts", &properties.log_severity_texts);
  reader.texts("metric_names", &properties.metric_names);
  reader.attributes("attributes", &properties.attributes);
  reader.attributes("resources", &properties.resources);
  reader.libraries(&properties.libraries);
  read_severity(section, &properties);
  section.section("regexp", [](Section& cache) {
    cache.ignored("cacheenabled", "RE2 needs no cache of results");
    cache.ignored("cachemaxnumentries", "RE2 needs no cache of results");
  });
  if (is_without_property(properties)) {
    section.error(
        "names nothing to match: at least one of services, span_names, span_kinds, "
        "log_bodies, log_severity_texts, log_severity_number, metric_names, attributes, "
        "resources and libraries is needed");
  }
  *into = std::move(properties);
}

}  // namespace

bool TextMatcher::matches(std::string_view candidate) const {
  if (pattern == nullptr) return candidate == text;
  return re2::RE2::PartialMatch(re2::StringPiece(candidate.data(), candidate.size()), *pattern);
}

void read_attributes_options(Section& section, Options* options) {
  read_actions(section, "actions", options);
  section.section("include", [&](Section& include) { read_match(include, &options->include); });
  section.section("exclude", [&](Section& exclude) { read_match(exclude, &options->exclude); });
}

void read_resource_options(Section& section, Options* options) {
  read_actions(section, "attributes", options);
}

Status check_signal(const Options& options, Signal signal) {
  for (const auto* properties : {&options.include, &options.exclude}) {
    if (!*properties) continue;
    const MatchProperties& p = **properties;
    const std::array<std::pair<std::string_view, bool>, 6> foreign = {{
        {"span_names", signal != Signal::kTraces && !p.span_names.empty()},
        {"span_kinds", signal != Signal::kTraces && !p.span_kinds.empty()},
        {"log_bodies", signal != Signal::kLogs && !p.log_bodies.empty()},
        {"log_severity_texts", signal != Signal::kLogs && !p.log_severity_texts.empty()},
        {"log_severity_number", signal != Signal::kLogs && p.log_severity_min.has_value()},
        {"metric_names", signal != Signal::kMetrics && !p.metric_names.empty()},
    }};
    for (const auto& [name, is_set] : foreign) {
      if (!is_set) continue;
      return fail(Code::kFailedPrecondition,
                  fmt::format("{}::{} can match nothing in a pipeline of {}",
                              properties == &options.include ? "include" : "exclude", name,
                              signal_name(signal)));
    }
  }
  return {};
}

}  // namespace millrace::processors::attributes
