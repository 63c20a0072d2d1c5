#include "processors/groupbyattrs/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace millrace::processors::groupbyattrs {

void read_options(config::Section& section, Options& options) {
  std::vector<std::string> keys;
  section.text_list("keys", &keys);
  for (std::string& key : keys) {
    if (key.empty()) continue;
    if (std::ranges::find(options.keys, key) != options.keys.end()) {
      section.warning_at("keys", fmt::format("\"{}\" is given twice", key));
    } else {
      options.keys.push_back(std::move(key));
    }
  }
}

}  // namespace millrace::processors::groupbyattrs
