#include "processors/filter/include_exclude.h"

#include <array>
#include <initializer_list>
#include <utility>

#include "item_match/value.h"

namespace millrace::processors::filter {
namespace {

using config::Section;
using item_match::AttributeMatcher;
using item_match::MatchProperties;
using item_match::MatchType;
using ottl::Context;
using ottl::Fate;

// The words of otelcol's expressions, and what they are in OTTL.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kExpressionWords = {{
    {"MetricName", "name"},
    {"MetricType", "type"},
    {"&&", "and"},
    {"||", "or"},
    {"!Has", "not Has"},
}};

void replace_all(std::string* text, std::string_view from, std::string_view to) {
  for (size_t at = text->find(from); at != std::string::npos; at = text->find(from, at)) {
    text->replace(at, from.size(), to);
    at += to.size();
  }
}

// `Label("a") == "b"` is HasAttrOnDatapoint("a", "b").
void replace_labels(std::string* text) {
  for (size_t at = text->find("Label(\""); at != std::string::npos;
       at = text->find("Label(\"", at)) {
    const size_t key_end = text->find("\")", at);
    const size_t equals = key_end == std::string::npos ? key_end : text->find("==", key_end);
    const size_t value = equals == std::string::npos ? equals : text->find('"', equals);
    const size_t value_end = value == std::string::npos ? value : text->find('"', value + 1);
    if (value_end == std::string::npos) return;
    const std::string key = text->substr(at + 6, key_end + 1 - at - 6);
    const std::string made =
        "HasAttrOnDatapoint(" + key + ", " + text->substr(value, value_end + 1 - value) + ")";
    text->replace(at, value_end + 1 - at, made);
    at += made.size();
  }
}

std::string to_ottl(std::string expression) {
  replace_all(&expression, "HasLabel(", "HasAttrKeyOnDatapoint(");
  replace_all(&expression, "'", "\"");
  replace_labels(&expression);
  for (const auto& [from, to] : kExpressionWords) replace_all(&expression, from, to);
  return expression;
}

// otelcol's expressions are a language of their own. False: they are used.
bool check_expressions(Section& section, bool is_exclude) {
  std::string type;
  std::vector<std::string> expressions;
  section.text_list("expressions", &expressions);
  if (!section.text("match_type", &type) || type != "expr") return true;
  std::string conditions;
  for (const std::string& expression : expressions) {
    conditions += (conditions.empty() ? "" : ", ") + ("'" + to_ottl(expression) + "'");
  }
  section.error_at(
      "match_type",
      "expressions are not supported: write OTTL, which removes metrics for which a "
      "condition holds: metrics: {metric: [" +
          (is_exclude ? conditions : "'not (…)'") + "]}" +
          (is_exclude ? "" : " with the conditions that are to be kept: " + conditions));
  return false;
}

// otelcol asks for the type only where a text or a value is compared.
MatchType read_type(Section& section, std::initializer_list<std::string_view> texts,
                    std::initializer_list<std::string_view> attributes) {
  bool is_needed = section.has("match_type");
  for (const std::string_view key : texts) is_needed |= section.has(key);
  for (const std::string_view key : attributes) {
    const yaml::Node* const list = section.find(key);
    if (list == nullptr) continue;
    for (const yaml::Node& entry : list->sequence) is_needed |= entry.find("value") != nullptr;
  }
  return is_needed ? item_match::read_match_type(section) : MatchType::kStrict;
}

template <class Matchers>
void read_resources(Section& section, MatchType type, std::optional<Matchers>* into) {
  Matchers resources;
  item_match::read_attributes(section, "resource_attributes", type, &resources);
  if (!resources.empty()) *into = std::move(resources);
}

void read_metric_match(Section& section, bool is_exclude, std::optional<MatchProperties>* names,
                       std::optional<std::vector<AttributeMatcher>>* resources) {
  if (!check_expressions(section, is_exclude)) {
    for (const std::string_view key : {"metric_names", "resource_attributes", "regexp"}) {
      section.find(key);
    }
    return;
  }
  const MatchType type = read_type(section, {"metric_names"}, {"resource_attributes"});
  MatchProperties properties;
  item_match::read_texts(section, "metric_names", type, &properties.metric_names);
  if (!properties.metric_names.empty()) *names = std::move(properties);
  read_resources(section, type, resources);
  item_match::ignore_regexp_cache(section);
}

void read_severity(Section& section, MatchProperties* properties) {
  section.section("severity_number", [&](Section& severity) {
    properties->log_severity_min = 0;
    std::string text;
    if (severity.text("min", &text) && !text.empty()) {
      const auto min = item_match::parse_severity(text);
      if (!min) {
        severity.error_at("min",
                          "expected TRACE, DEBUG, INFO, WARN, ERROR or FATAL, also with 2 "
                          "to 4 behind it, or 1 to 24, found \"" +
                              text + "\"");
      }
      properties->log_severity_min = min.value_or(0);
    }
    severity.boolean("match_undefined", &properties->log_severity_match_undefined);
  });
}

void read_log_match(Section& section, std::optional<MatchProperties>* into) {
  const MatchType type = read_type(section, {"severity_texts", "bodies"},
                                   {"resource_attributes", "record_attributes"});
  MatchProperties p;
  item_match::read_attributes(section, "resource_attributes", type, &p.resources);
  item_match::read_attributes(section, "record_attributes", type, &p.attributes);
  item_match::read_texts(section, "severity_texts", type, &p.log_severity_texts);
  item_match::read_texts(section, "bodies", type, &p.log_bodies);
  read_severity(section, &p);
  const bool is_empty = p.resources.empty() && p.attributes.empty() &&
                        p.log_severity_texts.empty() && p.log_bodies.empty() && !p.log_severity_min;
  if (!is_empty) *into = std::move(p);
}

Bytes without_owner(otlp::MessageBytes bytes) { return {{}, bytes.data(), bytes.size()}; }

}  // namespace

ottl::ContextSet IncludeExclude::visited(Signal signal) const {
  ottl::ContextSet visited = 0;
  if (include_resources || exclude_resources) visited |= context_bit(Context::kResource);
  if (!items.include && !items.exclude) return visited;
  if (signal == Signal::kMetrics) {
    return static_cast<ottl::ContextSet>(visited | context_bit(Context::kMetric));
  }
  // Also the messages around the items are looked at.
  return static_cast<ottl::ContextSet>(
      context_bit(Context::kResource) | context_bit(Context::kScope) |
      context_bit(signal == Signal::kTraces ? Context::kSpan : Context::kLog));
}

bool read_metric_matches(Section& section, IncludeExclude* into) {
  bool is_present = section.section("include", [&](Section& include) {
    read_metric_match(include, false, &into->items.include, &into->include_resources);
  });
  is_present |= section.section("exclude", [&](Section& exclude) {
    read_metric_match(exclude, true, &into->items.exclude, &into->exclude_resources);
  });
  item_match::ignore_regexp_cache(section);
  return is_present;
}

bool read_log_matches(Section& section, IncludeExclude* into) {
  bool is_present = section.section(
      "include", [&](Section& include) { read_log_match(include, &into->items.include); });
  is_present |= section.section(
      "exclude", [&](Section& exclude) { read_log_match(exclude, &into->items.exclude); });
  return is_present;
}

IncludeExcludeRun::IncludeExcludeRun(const IncludeExclude& rules, Signal signal, Work& work)
    : rules_(rules), work_(work), selector_(rules.items, signal, work) {
  context_.signal = signal;
  context_.resource = &resource_;
  context_.scope = &scope_;
}

Fate IncludeExcludeRun::visit(Context context, ottl::Item& item, ottl::Scratch& scratch) {
  const ottl::Record& record = item.at(context);
  switch (context) {
    case Context::kResource:
      return visit_resource(record);
    case Context::kScope:
      scope_.name = record.read(ottl::Field::kName, scratch).text;
      scope_.version = record.read(ottl::Field::kVersion, scratch).text;
      context_.scope_number++;
      return Fate::kKeep;
    case Context::kMetric:
      context_.metric_name = record.read(ottl::Field::kName, scratch).text;
      context_.metric_number++;
      return select();
    case Context::kSpan:
    case Context::kLog:
      context_.item = record.bytes();
      return select();
    case Context::kSpanEvent:
    case Context::kDataPoint:
      break;
  }
  return Fate::kKeep;
}

Fate IncludeExcludeRun::visit_resource(const ottl::Record& resource) {
  resource_.resource = without_owner(resource.bytes());
  context_.resource_number++;
  for (const bool is_exclude : {false, true}) {
    const auto& matchers = is_exclude ? rules_.exclude_resources : rules_.include_resources;
    if (!matchers) continue;
    const auto matches =
        item_match::match_attributes(*matchers, resource.bytes(), otlp::kResourceAttributes, work_);
    if (!matches) {
      failure_ = matches.error();
      return Fate::kStop;
    }
    if (*matches == is_exclude) return Fate::kRemove;
  }
  return Fate::kKeep;
}

Fate IncludeExcludeRun::select() {
  const auto selected = selector_.selects(context_);
  if (!selected) {
    failure_ = selected.error();
    return Fate::kStop;
  }
  return *selected ? Fate::kKeep : Fate::kRemove;
}

}  // namespace millrace::processors::filter
