// The configuration of the `groupbyattrs` processor. Immutable once read; for start-up, one thread.
#pragma once

#include <string>
#include <vector>

#include "config/section.h"

namespace millrace::processors::groupbyattrs {

struct Options {
  std::vector<std::string> keys;  // none is empty or there twice
};

void read_options(config::Section& section, Options& options);

}  // namespace millrace::processors::groupbyattrs
