#include "item_match/properties.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "item_match/value.h"

namespace millrace::item_match {

namespace {

using config::Section;

constexpr std::array<std::string_view, 5> kSpanKinds = {"SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER",
                                                        "SPAN_KIND_CLIENT", "SPAN_KIND_PRODUCER",
                                                        "SPAN_KIND_CONSUMER"};

TextMatcher make_matcher(Section& section, std::string_view key, MatchType type, std::string text) {
  TextMatcher made;
  if (type == MatchType::kRegexp) made.pattern = read_pattern(section, key, text);
  made.text = std::move(text);
  return made;
}

void read_value(Section& entry, const yaml::Node& value, MatchType type, AttributeMatcher* into) {
  if (value.kind == yaml::Node::Kind::kNull) return;
  if (type == MatchType::kStrict) {
    into->value = encode_value(value);
  } else if (otlp::AnyValueView::read(as_span(encode_value(value))).type !=
             otlp::AnyValueView::Type::kString) {
    entry.error_at("value", "must be text under match_type regexp");
  } else {
    into->pattern = read_pattern(entry, "value", value.scalar);
  }
}

void read_libraries(Section& section, MatchType type, std::vector<LibraryMatcher>* into) {
  section.section_list("libraries", [&](Section& entry) {
    LibraryMatcher made;
    std::string name;
    std::string version;
    if (!entry.text("name", &name)) entry.error("name is missing");
    made.name = make_matcher(entry, "name", type, std::move(name));
    if (entry.text("version", &version)) {
      made.version = make_matcher(entry, "version", type, std::move(version));
    }
    into->push_back(std::move(made));
  });
}

void read_span_kinds(Section& section, MatchType type, std::vector<TextMatcher>* into) {
  read_texts(section, "span_kinds", type, into);
  if (type == MatchType::kRegexp) return;
  for (const TextMatcher& kind : *into) {
    if (std::ranges::find(kSpanKinds, kind.text) != kSpanKinds.end()) continue;
    section.error_at("span_kinds",
                     fmt::format("expected SPAN_KIND_INTERNAL, SPAN_KIND_SERVER, SPAN_KIND_CLIENT, "
                                 "SPAN_KIND_PRODUCER or SPAN_KIND_CONSUMER, found \"{}\"",
                                 kind.text));
  }
}

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
  const MatchType type = read_match_type(section);
  read_texts(section, "services", type, &properties.services);
  read_texts(section, "span_names", type, &properties.span_names);
  read_span_kinds(section, type, &properties.span_kinds);
  read_texts(section, "log_bodies", type, &properties.log_bodies);
  read_texts(section, "log_severity_texts", type, &properties.log_severity_texts);
  read_texts(section, "metric_names", type, &properties.metric_names);
  read_attributes(section, "attributes", type, &properties.attributes);
  read_attributes(section, "resources", type, &properties.resources);
  read_libraries(section, type, &properties.libraries);
  read_severity(section, &properties);
  ignore_regexp_cache(section);
  if (is_without_property(properties)) {
    section.error(
        "names nothing to match: at least one of services, span_names, span_kinds, "
        "log_bodies, log_severity_texts, log_severity_number, metric_names, attributes, "
        "resources and libraries is needed");
  }
  *into = std::move(properties);
}

}  // namespace

MatchType read_match_type(Section& section) {
  MatchType type = MatchType::kStrict;
  if (!section.choice("match_type", &type,
                      {{"strict", static_cast<int>(MatchType::kStrict)},
                       {"regexp", static_cast<int>(MatchType::kRegexp)}}) &&
      !section.has("match_type")) {
    section.error("match_type is missing: strict or regexp");
  }
  return type;
}

void ignore_regexp_cache(Section& section) {
  section.section("regexp", [](Section& cache) {
    cache.ignored("cacheenabled", "RE2 needs no cache of results");
    cache.ignored("cachemaxnumentries", "RE2 needs no cache of results");
  });
}

void read_texts(Section& section, std::string_view key, MatchType type,
                std::vector<TextMatcher>* into) {
  std::vector<std::string> list;
  section.text_list(key, &list);
  for (std::string& text : list) into->push_back(make_matcher(section, key, type, std::move(text)));
}

void read_attributes(Section& section, std::string_view key, MatchType type,
                     std::vector<AttributeMatcher>* into) {
  section.section_list(key, [&](Section& entry) {
    AttributeMatcher made;
    if (!entry.text("key", &made.key) || made.key.empty()) entry.error("key is missing");
    if (const yaml::Node* value = entry.find("value")) read_value(entry, *value, type, &made);
    into->push_back(std::move(made));
  });
}

bool TextMatcher::matches(std::string_view candidate) const {
  return pattern == nullptr ? candidate == text : finds(*pattern, candidate);
}

void read_match_config(Section& section, MatchConfig* config) {
  section.section("include", [&](Section& include) { read_match(include, &config->include); });
  section.section("exclude", [&](Section& exclude) { read_match(exclude, &config->exclude); });
}

Status check_signal(const MatchConfig& config, Signal signal) {
  const bool is_traces = signal == Signal::kTraces;
  const bool is_logs = signal == Signal::kLogs;
  const bool is_metrics = signal == Signal::kMetrics;
  for (const auto* properties : {&config.include, &config.exclude}) {
    if (!*properties) continue;
    const MatchProperties& p = **properties;
    const std::array<std::pair<std::string_view, bool>, 9> foreign = {{
        {"services", !is_traces && !p.services.empty()},
        {"span_names", !is_traces && !p.span_names.empty()},
        {"span_kinds", !is_traces && !p.span_kinds.empty()},
        {"log_bodies", !is_logs && !p.log_bodies.empty()},
        {"log_severity_texts", !is_logs && !p.log_severity_texts.empty()},
        {"log_severity_number", !is_logs && p.log_severity_min.has_value()},
        {"metric_names", !is_metrics && !p.metric_names.empty()},
        {"attributes", is_metrics && !p.attributes.empty()},
        {"libraries", is_metrics && !p.libraries.empty()},
    }};
    for (const auto& [name, is_set] : foreign) {
      if (!is_set) continue;
      return fail(Code::kFailedPrecondition,
                  fmt::format("{}::{} can match nothing in a pipeline of {}",
                              properties == &config.include ? "include" : "exclude", name,
                              signal_name(signal)));
    }
  }
  return {};
}

}  // namespace millrace::item_match
