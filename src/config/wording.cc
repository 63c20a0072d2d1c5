#include "config/wording.h"

#include <cstdio>

#include "base/url_text.h"
#include "config/nearest.h"

namespace millrace::config {

using yaml::Node;

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::string found_text(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNull:
      return "nothing";
    case Node::Kind::kSequence:
      return "a list";
    case Node::Kind::kMapping:
      return "a mapping";
    case Node::Kind::kScalar:
      break;
  }
  constexpr size_t kShownBytesMax = 80;
  const std::string shown = hide_urls(node.scalar);  // before it is cut: half a secret is one too
  if (shown.size() <= kShownBytesMax) return quoted(shown);
  return quoted(shown.substr(0, kShownBytesMax) + "…");
}

std::string joined(std::span<const std::string_view> names) {
  std::string text;
  for (const std::string_view name : names) {
    if (!text.empty()) text += ", ";
    text += name.empty() ? "\"\"" : name;
  }
  return text;
}

std::string did_you_mean(std::string_view name, std::span<const std::string_view> candidates) {
  const std::string_view nearest = nearest_name(name, candidates);
  return nearest.empty() ? "" : "; did you mean " + quoted(nearest) + "?";
}

std::string range_text(const IntegerRange& range) {
  if (range.min == INT64_MIN && range.max == INT64_MAX) return "an integer";
  if (range.max == INT64_MAX) return "an integer of at least " + std::to_string(range.min);
  if (range.min == INT64_MIN) return "an integer of at most " + std::to_string(range.max);
  return "an integer from " + std::to_string(range.min) + " to " + std::to_string(range.max);
}

std::string number_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

}  // namespace millrace::config
