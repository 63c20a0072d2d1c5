#include "item_match/pattern.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

namespace millrace::item_match {

namespace {

// Reads a pattern with its escapes, \Q…\E and classes, for small checks and changes.
class PatternScan {
 public:
  explicit PatternScan(std::string_view pattern) : pattern_(pattern) {}

  // \C, which otelcol does not have: what such a group extracts need not be UTF-8.
  bool has_single_byte() const { return has_single_byte_; }
  // ^, $, \A, \z, \b or \B.
  bool looks_around() const { return looks_around_; }

  // The results of the two above are known after this one. Go also reads (?<name>…), RE2 only
  // (?P<name>…).
  std::string with_named_groups() {
    std::string text;
    for (size_t i = 0; i < pattern_.size(); ++i) {
      if (pattern_[i] == '\\' && i + 1 < pattern_.size()) {
        const size_t size = escape_size(i);
        text += pattern_.substr(i, size);
        i += size - 1;
        continue;
      }
      const bool is_group = !in_class_ && pattern_.substr(i).starts_with("(?<");
      note_class(i);
      text += pattern_[i];
      if (!is_group) continue;
      text += "?P<";
      i += 2;
    }
    return text;
  }

 private:
  size_t escape_size(size_t at) {
    if (pattern_[at + 1] == 'C') has_single_byte_ = true;
    if (std::string_view("AzbB").contains(pattern_[at + 1])) looks_around_ = true;
    if (pattern_[at + 1] != 'Q' || in_class_) return 2;
    const size_t end = pattern_.find("\\E", at);
    return end == std::string_view::npos ? pattern_.size() - at : end + 2 - at;
  }
  // A ] directly behind [ or [^ is a member of the class.
  void note_class(size_t at) {
    if (!in_class_ && (pattern_[at] == '^' || pattern_[at] == '$')) looks_around_ = true;
    if (in_class_) {
      in_class_ = pattern_[at] != ']' || at == first_member_;
    } else if (pattern_[at] == '[') {
      in_class_ = true;
      first_member_ = at + (pattern_.substr(at + 1).starts_with('^') ? 2 : 1);
    }
  }

  std::string_view pattern_;
  bool has_single_byte_ = false;
  bool looks_around_ = false;
  bool in_class_ = false;
  size_t first_member_ = 0;
};

}  // namespace

Pattern read_pattern(config::Section& section, std::string_view key, const std::string& text) {
  PatternScan scan(text);
  const std::string named = scan.with_named_groups();
  if (scan.has_single_byte()) {
    section.error_at(key, fmt::format("\"{}\": \\C matches a single byte, which may be half of a "
                                      "character; use . for a character",
                                      text));
    return nullptr;
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  auto pattern = std::make_shared<const re2::RE2>(named, options);
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

Pattern any_of(const std::vector<Pattern>& patterns) {
  if (patterns.empty()) return nullptr;
  if (patterns.size() == 1) return patterns.front();
  std::string text;
  for (const Pattern& pattern : patterns) {
    if (!text.empty()) text += '|';
    text += "(?:" + pattern->pattern() + ")";
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  auto made = std::make_shared<const re2::RE2>(text, options);
  return made->ok() ? made : nullptr;
}

bool looks_around(const re2::RE2& pattern) {
  PatternScan scan(pattern.pattern());
  (void)scan.with_named_groups();
  return scan.looks_around();
}

}  // namespace millrace::item_match
