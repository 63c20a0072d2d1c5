// The configuration of the `attributes` and `resource` processors: otelcol's keys, names, defaults
// and rules. Immutable once read; copies share the compiled patterns. Reading is for start-up, one
// thread; the result may be used from any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/section.h"
#include "item_match/properties.h"

namespace millrace::processors::attributes {

// One entry of `actions:` (attributes) or `attributes:` (resource).
struct Action {
  enum class Kind : uint8_t {
    kInsert,   // sets the key where it is absent
    kUpdate,   // sets the key where it is present
    kUpsert,   // sets the key
    kDelete,   // removes the key, and every key that `pattern` finds a match in
    kHash,     // replaces values by their SHA-256 in hexadecimal digits; keys as for delete. The
               // value of a key that is also found by `pattern` is hashed twice, as in otelcol
    kExtract,  // matches the value with `pattern` and sets a key for each named group
    kConvert,  // changes the type of the value
  };
  enum class Target : uint8_t { kString, kInt, kDouble };

  Kind kind = Kind::kInsert;
  std::string key;
  // Where a new value comes from: at most one of these is set; `default_value` when the other
  // attribute or the request's metadata does not have it. Values are contents of an AnyValue.
  std::optional<std::string> value;
  std::string from_attribute;
  std::string from_context;  // "client.address", or a header with or without "metadata."
  std::optional<std::string> default_value;
  item_match::Pattern pattern;
  std::vector<std::string> group_names;  // kExtract: of the groups 1, 2, …
  Target converted_type = Target::kString;
};

struct Options {
  std::vector<Action> actions;
  item_match::MatchConfig match;  // of `attributes`: the items that the actions are for
};

// The section of an `attributes` processor: `actions`, `include`, `exclude`.
void read_attributes_options(config::Section& section, Options* options);
// The section of a `resource` processor: `attributes`.
void read_resource_options(config::Section& section, Options* options);

}  // namespace millrace::processors::attributes
