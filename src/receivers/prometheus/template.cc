#include "receivers/prometheus/template.h"

#include <charconv>

namespace millrace::receivers::prometheus {
namespace {

// A reference: '$' and the name behind it, which may stand in braces.
struct Reference {
  std::string_view name;  // empty: none, and the '$' is a part of the text
  size_t size = 0;        // with the '$'
};

bool is_name_byte(char c) {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Precondition: `text` begins with '$'.
Reference read_reference(std::string_view text) {
  const bool has_braces = text.size() > 1 && text[1] == '{';
  const size_t begin = has_braces ? 2 : 1;
  size_t end = begin;
  while (end < text.size() && is_name_byte(text[end])) ++end;
  if (end == begin) return {};
  if (has_braces && (end == text.size() || text[end] != '}')) return {};
  return {text.substr(begin, end - begin), has_braces ? end + 1 : end};
}

}  // namespace

Match::Match(const re2::RE2& regex, std::string_view text)
    : regex_(regex), groups_(static_cast<size_t>(regex.NumberOfCapturingGroups()) + 1) {
  found_ = regex.Match({text.data(), text.size()}, 0, text.size(), re2::RE2::ANCHOR_BOTH,
                       groups_.data(), static_cast<int>(groups_.size()));
}

std::string_view Match::group(std::string_view name) const {
  size_t number = 0;
  const auto read = std::from_chars(name.data(), name.data() + name.size(), number);
  if (read.ptr != name.data() + name.size() || read.ec != std::errc()) {
    const auto& named = regex_.NamedCapturingGroups();
    const auto found = named.find(std::string(name));
    if (found == named.end()) return {};
    number = static_cast<size_t>(found->second);
  } else if (name.size() > 1 && name.front() == '0') {
    return {};  // Go reads "01" as a name
  }
  if (number >= groups_.size()) return {};
  return {groups_[number].data(), groups_[number].size()};
}

std::optional<std::string> Match::expand(std::string_view text, size_t bytes_max) const {
  std::string made;
  while (!text.empty()) {
    const size_t dollar = text.find('$');
    made += text.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar);
    if (text.starts_with("$$")) {
      made += '$';
      text.remove_prefix(2);
      continue;
    }
    const Reference reference = read_reference(text);
    if (reference.name.empty()) {
      made += '$';
      text.remove_prefix(1);
      continue;
    }
    made += group(reference.name);
    text.remove_prefix(reference.size);
    if (made.size() > bytes_max) return std::nullopt;
  }
  if (made.size() > bytes_max) return std::nullopt;
  return made;
}

}  // namespace millrace::receivers::prometheus
