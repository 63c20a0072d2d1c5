// The options of headers_setter, with otelcol's names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/section.h"

namespace millrace::extensions {

struct HeaderRule {
  enum class Action : uint8_t { kInsert, kUpdate, kUpsert, kDelete };
  enum class Source : uint8_t { kNone, kValue, kFile, kContext, kAttribute };

  Action action = Action::kUpsert;
  std::string name;  // lower case
  Source source = Source::kNone;
  std::string from;                          // the value, the file, or the name in the metadata
  std::optional<std::string> default_value;  // where the metadata does not have it
};

struct HeadersSetterOptions {
  std::vector<HeaderRule> rules;  // in this order
};

// Reads `section`, the extension's own section; the caller finishes it.
void read_headers_setter(config::Section& section, HeadersSetterOptions& into);

}  // namespace millrace::extensions
