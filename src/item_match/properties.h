// The configuration of `include` and `exclude`: otelcol's keys, defaults and rules. Immutable once
// read; copies share the compiled patterns. Reading is for start-up, one thread; the result may be
// used from any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/signal.h"
#include "config/section.h"
#include "item_match/pattern.h"

namespace millrace::item_match {

enum class MatchType : uint8_t { kStrict, kRegexp };

// Text to compare with: whole under `strict`, a match anywhere under `regexp`.
struct TextMatcher {
  std::string text;
  Pattern pattern;  // null: strict
  bool matches(std::string_view candidate) const;
};

struct AttributeMatcher {
  std::string key;
  std::optional<std::string> value;  // strict: content of an AnyValue; absent: the key is enough
  Pattern pattern;                   // regexp: of text, numbers and bools, as text
};

struct LibraryMatcher {
  TextMatcher name;
  std::optional<TextMatcher> version;
};

// `include` or `exclude`. Of each list of texts one must match, where there are any; of
// `attributes`, `resources` and `libraries` every entry must match.
struct MatchProperties {
  std::vector<TextMatcher> services;
  std::vector<TextMatcher> span_names;
  std::vector<TextMatcher> span_kinds;  // "SPAN_KIND_SERVER"
  std::vector<TextMatcher> log_bodies;
  std::vector<TextMatcher> log_severity_texts;
  std::optional<int32_t> log_severity_min;
  bool log_severity_match_undefined = false;
  std::vector<TextMatcher> metric_names;
  std::vector<AttributeMatcher> attributes;
  std::vector<AttributeMatcher> resources;
  std::vector<LibraryMatcher> libraries;
};

struct MatchConfig {
  std::optional<MatchProperties> include;
  std::optional<MatchProperties> exclude;
};

// Reads the keys `include` and `exclude` of a processor's section.
void read_match_config(config::Section& section, MatchConfig* config);

// For sections with keys of their own: the parts of `include` and `exclude`. `match_type` is
// required; with an error it is kStrict.
MatchType read_match_type(config::Section& section);
// The keys of `regexp`, which have no effect here.
void ignore_regexp_cache(config::Section& section);
void read_texts(config::Section& section, std::string_view key, MatchType type,
                std::vector<TextMatcher>* into);
void read_attributes(config::Section& section, std::string_view key, MatchType type,
                     std::vector<AttributeMatcher>* into);

// otelcol refuses properties that a signal does not have, such as log_bodies in a pipeline of
// traces. FAILED_PRECONDITION names the property.
Status check_signal(const MatchConfig& config, Signal signal);

}  // namespace millrace::item_match
