#include "connectors/spanmetrics/options.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "config/duration.h"
#include "otlp/attribute_list.h"

namespace millrace::connectors::spanmetrics {
namespace {

using config::Section;

constexpr std::array<std::string_view, 5> kOwnDimensions = {
    "service.name", "span.name", "span.kind", "status.code", "collector.instance.id"};
constexpr double kNanosecondsOfMillisecond = 1e6;
constexpr double kMillisecondsOfSecond = 1e3;

// `*` does not pass a dot, `**` does.
std::string regex_of_glob(std::string_view glob) {
  std::string regex = "^";
  while (!glob.empty()) {
    const bool is_double = glob.starts_with("**");
    const char first = glob.front();
    if (first == '*') {
      regex += is_double ? ".*" : "[^.]*";
    } else if (first == '?') {
      regex += "[^.]";
    } else {
      regex += re2::RE2::QuoteMeta(re2::StringPiece(glob.data(), 1));
    }
    glob.remove_prefix(is_double ? 2 : 1);
  }
  return regex + "$";
}

void read_dimension(Section& section, DimensionList& into) {
  Dimension dimension;
  std::string glob;
  std::string default_value;
  section.text("name", &dimension.name);
  section.text("glob", &glob);
  const bool has_default = section.text("default", &default_value);
  if (dimension.name.empty() == glob.empty()) {
    return section.error("a dimension needs either name or glob");
  }
  if (glob.empty()) {
    if (has_default) dimension.default_value = otlp::encode_string_value(default_value);
    into.names.push_back(std::move(dimension));
    return;
  }
  if (has_default) section.error_at("default", "a glob has no default");
  if (glob.find_first_of("[]{}\\") != std::string::npos) {
    return section.error_at("glob", "of a glob only *, ** and ? are in this version");
  }
  if (auto pattern = item_match::read_pattern(section, "glob", regex_of_glob(glob))) {
    into.globs.push_back(std::move(pattern));
  }
}

void check_names(Section& section, std::string_view key, const DimensionList& list) {
  std::set<std::string_view> known(kOwnDimensions.begin(), kOwnDimensions.end());
  for (const Dimension& dimension : list.names) {
    if (!known.insert(dimension.name).second) {
      section.error_at(key, fmt::format("duplicate dimension name \"{}\"", dimension.name));
    }
  }
  for (const std::string_view name : known) {
    for (const auto& glob : list.globs) {
      if (!item_match::finds(*glob, name)) continue;
      section.error_at(key, fmt::format("a glob matches the dimension name \"{}\"", name));
    }
  }
}

void read_dimensions(Section& section, std::string_view key, DimensionList& into) {
  section.section_list(key, [&](Section& entry) { read_dimension(entry, into); });
  check_names(section, key, into);
}

void read_buckets(Section& section, Options& into) {
  std::vector<std::string> texts;
  if (!section.text_list("buckets", &texts)) return;
  into.bounds.clear();
  for (const std::string& text : texts) {
    const auto duration = config::parse_duration(text);
    if (!duration) {
      section.error_at("buckets", fmt::format("expected a duration like 5ms, found \"{}\"", text));
      continue;
    }
    const double milliseconds = static_cast<double>(duration->count()) / kNanosecondsOfMillisecond;
    into.bounds.push_back(into.is_in_seconds ? milliseconds / kMillisecondsOfSecond : milliseconds);
  }
  if (!std::ranges::is_sorted(into.bounds)) {
    section.error_at("buckets", "the buckets must be in rising order");
  }
}

void read_histogram(Section& section, Options& into) {
  bool is_disabled = false;
  section.boolean("disable", &is_disabled);
  into.has_histogram = !is_disabled;
  std::string unit = "ms";
  section.text("unit", &unit);
  for (char& c : unit) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (unit != "ms" && unit != "s") {
    section.error_at("unit", fmt::format("expected ms or s, found \"{}\"", unit));
  }
  into.is_in_seconds = unit == "s";
  if (into.is_in_seconds) {
    for (double& bound : into.bounds) bound /= kMillisecondsOfSecond;
  }
  const bool is_explicit =
      section.section("explicit", [&](Section& buckets) { read_buckets(buckets, into); });
  into.is_exponential = section.section("exponential", [&](Section& exponential) {
    int64_t size = 0;
    exponential.integer("max_size", &size, {.min = 0, .max = 1 << 14});
    if (size != 0) into.buckets_max = std::max<size_t>(static_cast<size_t>(size), 2);
  });
  if (is_explicit && into.is_exponential) {
    section.error("either explicit or exponential buckets, not both");
  }
  read_dimensions(section, "dimensions", into.duration_dimensions);
}

template <class Number>
void read_count(Section& section, std::string_view key, Number& into) {
  int64_t number = 0;
  if (section.integer(key, &number, {.min = 0})) into = static_cast<Number>(number);
}

void read_temporality(Section& section, Options& into) {
  std::string text;
  section.text("aggregation_temporality", &text);
  // As in otelcol, all else is cumulative.
  into.is_delta = text == "AGGREGATION_TEMPORALITY_DELTA";
  if (!into.is_delta && !text.empty() && text != "AGGREGATION_TEMPORALITY_CUMULATIVE") {
    section.warning_at("aggregation_temporality",
                       fmt::format("\"{}\" means AGGREGATION_TEMPORALITY_CUMULATIVE", text));
  }
}

}  // namespace

void read_options(Section& section, Options& into) {
  into.bounds = {2, 4, 6, 8, 10, 50, 100, 200, 400, 800, 1000, 1400, 2000, 5000, 10'000, 15'000};
  read_dimensions(section, "dimensions", into.dimensions);
  read_dimensions(section, "calls_dimensions", into.calls_dimensions);
  std::vector<std::string> texts;
  section.text_list("exclude_dimensions", &texts);
  into.excluded = {texts.begin(), texts.end()};
  texts.clear();
  section.text_list("include_instrumentation_scope", &texts);
  into.scopes = {texts.begin(), texts.end()};
  section.text_list("resource_metrics_key_attributes", &into.key_attributes);
  read_temporality(section, into);
  section.section("histogram", [&](Section& histogram) { read_histogram(histogram, into); });
  section.duration("metrics_flush_interval", &into.flush_interval);
  if (into.flush_interval <= Duration{0}) {
    section.error_at("metrics_flush_interval", "metrics_flush_interval must be greater than 0");
  }
  section.duration("metrics_expiration", &into.metrics_expiration);
  section.duration("series_expiration", &into.series_expiration);
  section.text("namespace", &into.metric_namespace);
  section.section("exemplars", [&](Section& exemplars) {
    exemplars.boolean("enabled", &into.has_exemplars);
    read_count(exemplars, "max_per_data_point", into.exemplars_max);
  });
  section.section("events", [&](Section& events) {
    events.boolean("enabled", &into.has_events);
    read_dimensions(events, "dimensions", into.event_dimensions);
    if (into.has_events && into.event_dimensions.empty()) {
      events.error("events need dimensions");
    }
  });
  read_count(section, "aggregation_cardinality_limit", into.cardinality_limit);
  read_count(section, "resource_metrics_cache_size", into.resources_max);
  section.boolean("enable_metrics_sampling_method", &into.has_sampling_method);
  section.ignored("dimensions_cache_size", "it has no meaning in otelcol any more either");
  section.ignored("metric_timestamp_cache_size",
                  "the time of a delta series is kept with the series");
  section.ignored("add_resource_attributes", "resource attributes are always there");
}

}  // namespace millrace::connectors::spanmetrics
