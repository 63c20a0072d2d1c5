#include "connectors/exceptions/options.h"

#include <fmt/format.h>

#include <set>
#include <string_view>
#include <utility>

#include "otlp/attribute_list.h"

namespace millrace::connectors::exceptions {

void read_options(config::Section& section, Options& into) {
  std::vector<Dimension> dimensions;
  const bool has_dimensions = section.section_list("dimensions", [&](config::Section& entry) {
    Dimension dimension;
    entry.text("name", &dimension.name);
    std::string text;
    if (entry.text("default", &text)) dimension.default_value = otlp::encode_string_value(text);
    dimensions.push_back(std::move(dimension));
  });
  if (has_dimensions) into.dimensions = std::move(dimensions);
  std::set<std::string_view> known = {"service.name", "span.kind", "status.code"};
  for (const Dimension& dimension : into.dimensions) {
    if (!known.insert(dimension.name).second) {
      section.error_at("dimensions",
                       fmt::format("duplicate dimension name \"{}\"", dimension.name));
    }
  }
  section.section("exemplars", [&](config::Section& exemplars) {
    exemplars.boolean("enabled", &into.has_exemplars);
  });
}

}  // namespace millrace::connectors::exceptions
