#include "ottl/pattern.h"

#include "ottl/glob.h"

namespace millrace::ottl {
namespace {

// RE2's memory for one program; its default.
constexpr int64_t kPatternBytesMax = 8 << 20;

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

std::expected<std::shared_ptr<const re2::RE2>, std::string> prepare_pattern(Function function,
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
  auto pattern =
      std::make_shared<const re2::RE2>(re2::StringPiece(text.data(), text.size()), options);
  if (!pattern->ok()) return std::unexpected("the pattern is not valid: " + pattern->error());
  return pattern;
}

}  // namespace millrace::ottl
