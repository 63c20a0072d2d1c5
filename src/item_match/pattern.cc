#include "item_match/pattern.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

namespace millrace::item_match {

namespace {

// \C, which otelcol does not have: what such a group extracts need not be UTF-8.
bool matches_single_bytes(std::string_view pattern) {
  for (size_t i = 0; i + 1 < pattern.size(); ++i) {
    if (pattern[i] != '\\') continue;
    if (pattern[++i] == 'C') return true;
  }
  return false;
}

}  // namespace

Pattern read_pattern(config::Section& section, std::string_view key, const std::string& text) {
  if (matches_single_bytes(text)) {
    section.error_at(key, fmt::format("\"{}\": \\C matches a single byte, which may be half of a "
                                      "character; use . for a character",
                                      text));
    return nullptr;
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  auto pattern = std::make_shared<const re2::RE2>(text, options);
  if (pattern->ok()) return pattern;
  section.error_at(
      key, fmt::format("\"{}\" is no regular expression of RE2: {}", text, pattern->error()));
  return nullptr;
}

std::vector<Pattern> read_patterns(config::Section& section, std::string_view key) {
  std::vector<std::string> texts;
  section.text_list(key, &texts);
  std::vector<Pattern> patterns;
  for (const std::string& text : texts) {
    Pattern pattern = read_pattern(section, key, text);
    if (pattern != nullptr) patterns.push_back(std::move(pattern));
  }
  return patterns;
}

bool finds(const re2::RE2& pattern, std::string_view text) {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), pattern);
}

bool any_finds(const std::vector<Pattern>& patterns, std::string_view text) {
  return std::ranges::any_of(patterns, [&](const Pattern& p) { return finds(*p, text); });
}

}  // namespace millrace::item_match
