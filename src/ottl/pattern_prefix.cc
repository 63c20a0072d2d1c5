#include "ottl/pattern_prefix.h"

#include <algorithm>
#include <array>

namespace millrace::ottl {
namespace {

constexpr size_t kPrefixesMax = 16;

// Whether the rest may begin with a quantifier of the character or group in front of it: also
// behind flags and quotes, which RE2 drops.
bool may_quantify(std::string_view rest) {
  return std::ranges::any_of(
      std::to_array<std::string_view>({"*", "?", "+", "{", "(?", "\\Q", "\\E"}),
      [&](std::string_view begin) { return rest.starts_with(begin); });
}

// Takes the literal characters at the begin of `*regex` off it. A quantified one is not among them.
std::string take_literal(std::string_view* regex) {
  constexpr std::string_view kSpecial = R"(\^$.|?*+()[]{})";
  std::string literal;
  while (!regex->empty()) {
    const bool is_escaped =
        (*regex)[0] == '\\' && regex->size() > 1 && kSpecial.contains((*regex)[1]);
    const char c = (*regex)[is_escaped ? 1 : 0];
    // A character of several bytes is quantified as a whole.
    const bool is_literal = is_escaped || (!kSpecial.contains(c) && (c & 0x80) == 0);
    if (!is_literal) break;
    const size_t size = is_escaped ? 2 : 1;
    if (may_quantify(regex->substr(size))) break;
    literal += c;
    regex->remove_prefix(size);
  }
  return literal;
}

// The alternatives of a group in front of whose begin `regex` stands, if all of them are literals.
std::vector<std::string> take_group(std::string_view* regex) {
  std::vector<std::string> alternatives;
  regex->remove_prefix(regex->starts_with("(?:") ? 3 : 1);
  while (true) {
    alternatives.push_back(take_literal(regex));
    const bool is_valid =
        !alternatives.back().empty() && !regex->empty() && alternatives.size() <= kPrefixesMax;
    if (!is_valid) return {};
    const char c = regex->front();
    regex->remove_prefix(1);
    if (c == '|') continue;
    if (c != ')' || may_quantify(*regex)) return {};
    return alternatives;
  }
}

}  // namespace

std::vector<std::string> required_prefixes(std::string_view regex) {
  if (!regex.starts_with('^')) return {};
  regex.remove_prefix(1);
  std::vector<std::string> prefixes;
  if (regex.starts_with('(')) {
    prefixes = take_group(&regex);
  } else if (std::string literal = take_literal(&regex); !literal.empty()) {
    prefixes.push_back(std::move(literal));
  }
  // An alternative to all of it needs no "^".
  if (regex.contains('|')) return {};
  return prefixes;
}

std::string required_before_digit(std::string_view regex) {
  if (regex.contains('|')) return {};
  std::string literal = take_literal(&regex);
  const size_t size = regex.starts_with("[0-9]") ? 5 : regex.starts_with("\\d") ? 2 : 0;
  if (size == 0) return {};
  regex.remove_prefix(size);
  if (regex.starts_with('+')) regex.remove_prefix(1);
  if (may_quantify(regex)) return {};
  return literal;
}

}  // namespace millrace::ottl
