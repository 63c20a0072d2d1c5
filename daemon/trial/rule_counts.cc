#include "daemon/trial/rule_counts.h"

#include <charconv>
#include <map>
#include <optional>

namespace millrace::trial {
namespace {

// One line of the page: name{label="value",…} number.
struct Sample {
  std::string_view name;
  std::map<std::string, std::string, std::less<>> labels;
  uint64_t value = 0;
};

// Reads a quoted label value; `text` begins behind the first quote and is left behind the last.
std::optional<std::string> read_value(std::string_view& text) {
  std::string value;
  while (!text.empty()) {
    const char letter = text.front();
    text.remove_prefix(1);
    if (letter == '"') return value;
    if (letter != '\\') {
      value += letter;
      continue;
    }
    if (text.empty()) break;
    value += text.front() == 'n' ? '\n' : text.front();
    text.remove_prefix(1);
  }
  return std::nullopt;
}

std::optional<Sample> read_sample(std::string_view line) {
  const size_t brace = line.find('{');
  if (line.starts_with('#') || brace == std::string_view::npos) return std::nullopt;
  Sample sample{.name = line.substr(0, brace)};
  line.remove_prefix(brace + 1);
  while (!line.starts_with('}')) {
    const size_t equals = line.find("=\"");
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string name(line.substr(0, equals));
    line.remove_prefix(equals + 2);
    std::optional<std::string> value = read_value(line);
    if (!value) return std::nullopt;
    sample.labels.emplace(name, std::move(*value));
    if (line.starts_with(',')) line.remove_prefix(1);
  }
  line.remove_prefix(1);
  if (line.starts_with(' ')) line.remove_prefix(1);
  if (std::from_chars(line.data(), line.data() + line.size(), sample.value).ec != std::errc()) {
    return std::nullopt;
  }
  return sample;
}

uint64_t* field_of(RuleCounts& counts, std::string_view name) {
  if (name == "millrace_ottl_matches") return &counts.matches;
  if (name == "millrace_ottl_changes") return &counts.changes;
  if (name == "millrace_ottl_errors") return &counts.errors;
  return nullptr;
}

}  // namespace

std::vector<RuleCounts> rule_counts(std::string_view page) {
  std::map<uint64_t, RuleCounts> by_number;
  while (!page.empty()) {
    const std::string_view line = page.substr(0, page.find('\n'));
    page.remove_prefix(std::min(line.size() + 1, page.size()));
    std::optional<Sample> sample = read_sample(line);
    if (!sample || !sample->labels.contains("statement")) continue;
    const std::string& digits = sample->labels["number"];
    uint64_t number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    RuleCounts& counts = by_number[number];
    counts.rule = sample->labels["statement"];
    if (uint64_t* field = field_of(counts, sample->name)) *field += sample->value;
  }
  std::vector<RuleCounts> all;
  for (auto& [number, counts] : by_number) all.push_back(std::move(counts));
  return all;
}

}  // namespace millrace::trial
