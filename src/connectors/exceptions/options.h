// The options of the exceptions connector, with otelcol's keys and defaults. Immutable once read.
// Reading is for start-up, one thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/section.h"

namespace millrace::connectors::exceptions {

struct Dimension {
  std::string name;
  std::optional<std::string> default_value;  // content of an AnyValue
};

struct Options {
  std::vector<Dimension> dimensions = {{.name = "exception.type", .default_value = {}},
                                       {.name = "exception.message", .default_value = {}}};
  bool has_exemplars = false;
};

void read_options(config::Section& section, Options& into);

}  // namespace millrace::connectors::exceptions
