#include "yaml/indentation.h"

#include <algorithm>
#include <vector>

namespace millrace::yaml {
namespace {

struct Level {
  size_t indent = 0;
  int line = 0;  // that opened the level, from 0
};

// Returns the next line without its line end and moves `text` behind it.
std::string_view take_line(std::string_view& text) {
  const size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

// The columns at which the line opens a level: its first character, and for "- " also the first
// character behind the dash. Empty for a line without content.
std::vector<size_t> levels_of(std::string_view line) {
  std::vector<size_t> levels;
  size_t at = line.find_first_not_of(' ');
  while (at < line.size() && line[at] != '#' && line[at] != '\r') {
    levels.push_back(at);
    if (!line.substr(at).starts_with("- ")) break;
    at = line.find_first_not_of(' ', at + 1);
  }
  return levels;
}

std::string text_of(const Level& level) {
  return std::to_string(level.indent) + " (line " + std::to_string(level.line + 1) + ")";
}

}  // namespace

std::optional<std::string> explain_indentation(std::string_view text, int line) {
  std::vector<Level> open;
  for (int number = 0; !text.empty(); ++number) {
    for (const size_t indent : levels_of(take_line(text))) {
      std::optional<Level> deeper;
      while (!open.empty() && open.back().indent > indent) {
        deeper = open.back();
        open.pop_back();
      }
      const bool is_open = !open.empty() && open.back().indent == indent;
      if (number == line && !is_open && deeper && !open.empty()) {
        return "indented by " + std::to_string(indent) + (indent == 1 ? " space" : " spaces") +
               ", which matches no level above: " + text_of(open.back()) + " or " +
               text_of(*deeper);
      }
      if (!is_open) open.push_back({indent, number});
    }
    if (number == line) break;
  }
  return std::nullopt;
}

}  // namespace millrace::yaml
