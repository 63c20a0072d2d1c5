// The configuration of the `attributes` and `resource` processors: otelcol's keys, names, defaults
// and rules. Immutable once read; copies share the compiled patterns. Reading is for start-up, one
// thread; the result may be used from any.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/signal.h"
#include "config/section.h"

namespace re2 {
class RE2;
}

namespace millrace::processors::attributes {

// Shared, because each worker's instance of a processor uses the same compiled pattern.
using Pattern = std::shared_ptr<const re2::RE2>;

// One entry of `actions:` (attributes) or `attributes:` (resource).
struct Action {
  enum class Kind : uint8_t {
    kInsert,   // sets the key where it is absent
    kUpdate,   // sets the key where it is present
    kUpsert,   // sets the key
    kDelete,   // removes the key, and every key that `pattern` finds a match in
    kHash,     // replaces values by their SHA-256 in hexadecimal digits; keys as for delete
    kExtract,  // matches the value with `pattern` and sets a key for each named group
    kConvert,  // changes the type of the value
  };
  enum class Target : uint8_t { kString, kInt, kDouble };

  Kind kind = Kind::kInsert;
  std::string key;
  // Where a new value comes from: the first of these that is set; `default_value` when the other
  // attribute or the request's metadata does not have it. Values are contents of an AnyValue.
  std::optional<std::string> value;
  std::string from_attribute;
  std::string from_context;  // "metadata.<name>" or "client.address"
  std::optional<std::string> default_value;
  Pattern pattern;
  std::vector<std::string> group_names;  // kExtract: of the groups 1, 2, …
  Target converted_type = Target::kString;
};

// Text to compare with: whole under `strict`, a match anywhere under `regexp`.
struct TextMatcher {
  std::string text;
  Pattern pattern;  // null: strict
  bool matches(std::string_view candidate) const;
};

struct AttributeMatcher {
  std::string key;
  std::optional<std::string> value;  // strict: content of an AnyValue; absent: the key is enough
  Pattern pattern;                   // regexp
};

struct LibraryMatcher {
  TextMatcher name;
  std::optional<TextMatcher> version;
};

// `include` or `exclude`. Every list that is not empty must have a match; of `attributes` and
// `resources` every entry must match.
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

struct Options {
  std::vector<Action> actions;
  std::optional<MatchProperties> include;  // tested first
  std::optional<MatchProperties> exclude;
};

// The section of an `attributes` processor: `actions`, `include`, `exclude`.
void read_attributes_options(config::Section& section, Options* options);
// The section of a `resource` processor: `attributes`.
void read_resource_options(config::Section& section, Options* options);

// otelcol refuses properties that a signal does not have, such as log_bodies in a pipeline of
// traces. FAILED_PRECONDITION names the property.
Status check_signal(const Options& options, Signal signal);

}  // namespace millrace::processors::attributes
