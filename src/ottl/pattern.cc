#include "ottl/pattern.h"

#include <algorithm>

#include "ottl/glob.h"
#include "ottl/pattern_prefix.h"

namespace millrace::ottl {
namespace {

// RE2's memory for one program; its default.
constexpr int64_t kPatternBytesMax = 8 << 20;

// Whether a digit stands behind the literal somewhere in the text.
bool holds_before_digit(std::string_view text, std::string_view literal) {
  size_t at = 0;
  while ((at = text.find(literal, at)) != std::string_view::npos) {
    const size_t behind = at + literal.size();
    if (behind < text.size() && text[behind] >= '0' && text[behind] <= '9') return true;
    ++at;
  }
  return false;
}

}  // namespace

int pattern_argument(Function function) {
  switch (function) {
    case Function::kIsMatch:
    case Function::kExtractPatterns:
    case Function::kDeleteMatchingKeys:
    case Function::kKeepMatchingKeys:
    case Function::kReplaceAllMatches:
    case Function::kReplaceMatch:
    case Function::kReplacePattern:
      return 1;
    case Function::kReplaceAllPatterns:
      return 2;
    default:
      return -1;
  }
}

Pattern::Pattern(std::string_view regex, const re2::RE2::Options& options)
    : regex_(as_piece(regex), options),
      prefixes_(required_prefixes(regex)),
      before_digit_(required_before_digit(regex)) {
  if (std::ranges::any_of(prefixes_, &std::string::empty)) prefixes_.clear();
  for (const std::string& prefix : prefixes_) first_bytes_[static_cast<uint8_t>(prefix[0])] = true;
}

bool Pattern::is_searched_in(std::string_view text) const {
  const auto begins_with = [&](const std::string& prefix) { return text.starts_with(prefix); };
  if (!prefixes_.empty() && std::ranges::none_of(prefixes_, begins_with)) return false;
  if (!before_digit_.empty() && !holds_before_digit(text, before_digit_)) return false;
  return regex_.Match(as_piece(text), 0, text.size(), re2::RE2::UNANCHORED, nullptr, 0);
}

bool Pattern::matches(std::string_view text) const {
  return regex_.Match(as_piece(text), 0, text.size(), re2::RE2::ANCHOR_BOTH, nullptr, 0);
}

std::expected<std::shared_ptr<const Pattern>, std::string> prepare_pattern(Function function,
                                                                           std::string_view text) {
  const bool is_glob =
      function == Function::kReplaceMatch || function == Function::kReplaceAllMatches;
  std::string translated;
  if (is_glob) {
    auto regex = glob_to_regex(text);
    if (!regex) return std::unexpected("the pattern is not valid: " + regex.error());
    translated = std::move(*regex);
    text = translated;
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kPatternBytesMax);
  auto pattern = std::make_shared<const Pattern>(text, options);
  if (!pattern->regex().ok()) {
    return std::unexpected("the pattern is not valid: " + pattern->regex().error());
  }
  return pattern;
}

}  // namespace millrace::ottl
