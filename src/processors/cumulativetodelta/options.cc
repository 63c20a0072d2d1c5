#include "processors/cumulativetodelta/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string>

namespace millrace::processors::cumulativetodelta {
namespace {

using config::Section;
using otlp::MetricType;

void read_types(Section& section, std::vector<MetricType>& into) {
  std::vector<std::string> texts;
  section.text_list("metric_types", &texts);
  for (std::string text : texts) {
    const std::string given = text;
    // Any case, as in otelcol.
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (text == "sum") {
      into.push_back(MetricType::kSum);
    } else if (text == "histogram") {
      into.push_back(MetricType::kHistogram);
    } else if (text == "exponentialhistogram") {
      into.push_back(MetricType::kExponentialHistogram);
    } else {
      section.error_at(
          "metric_types",
          fmt::format("expected sum, histogram or exponentialhistogram, found \"{}\"", given));
    }
  }
}

void read_filter(Section& section, MetricFilter& into) {
  const bool has_names = section.has("metrics");
  if (has_names || section.has("match_type")) {
    const auto type = item_match::read_match_type(section);
    item_match::read_texts(section, "metrics", type, &into.names);
    if (into.names.empty()) section.error("match_type needs metrics");
  }
  item_match::ignore_regexp_cache(section);
  read_types(section, into.types);
}

bool is_named(const MetricFilter& filter, std::string_view name) {
  return std::ranges::any_of(filter.names,
                             [&](const auto& matcher) { return matcher.matches(name); });
}

bool has_type(const MetricFilter& filter, MetricType type) {
  return std::ranges::find(filter.types, type) != filter.types.end();
}

}  // namespace

bool Options::wants(std::string_view name, MetricType type) const {
  return (include.names.empty() || is_named(include, name)) &&
         (include.types.empty() || has_type(include, type)) && !is_named(exclude, name) &&
         !has_type(exclude, type);
}

void read_options(Section& section, Options& into) {
  section.duration("max_staleness", &into.max_staleness);
  section.choice("initial_value", &into.initial_value,
                 {{"auto", static_cast<int>(InitialValue::kAuto)},
                  {"keep", static_cast<int>(InitialValue::kKeep)},
                  {"drop", static_cast<int>(InitialValue::kDrop)}});
  section.section("include", [&](Section& include) { read_filter(include, into.include); });
  section.section("exclude", [&](Section& exclude) { read_filter(exclude, into.exclude); });
}

}  // namespace millrace::processors::cumulativetodelta
