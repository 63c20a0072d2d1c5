// The configuration of the `span` processor: otelcol's keys, names, defaults and rules. Immutable
// once read; copies share the compiled patterns. Reading is for start-up, one thread; the result
// may be used from any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/section.h"
#include "item_match/properties.h"

namespace millrace::processors::span {

// A rule of `to_attributes`.
struct Rule {
  item_match::Pattern pattern;
  std::vector<std::string> group_names;  // of the groups 1, 2, …; empty: a group without a name
};

struct SpanStatus {
  enum class Code : uint8_t { kUnset = 0, kOk = 1, kError = 2 };
  Code code = Code::kUnset;
  std::string description;  // kError only
};

struct Options {
  item_match::MatchConfig match;
  // The values of these attributes become the name, in this order; where one is missing the name
  // stays.
  std::vector<std::string> from_attributes;
  std::string separator;
  std::vector<Rule> rules;         // each works on the name that the one before has made
  bool break_after_match = false;  // the first rule that matches is the last one
  bool keep_original_name = false;
  std::optional<SpanStatus> status;
};

void read_options(config::Section& section, Options& options);

}  // namespace millrace::processors::span
