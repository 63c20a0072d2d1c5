// The patterns of calls: regular expressions, and globs where a function reads them.
#pragma once

#include <re2/re2.h>

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ottl/function.h"

namespace millrace::ottl {

inline re2::StringPiece as_piece(std::string_view text) { return {text.data(), text.size()}; }

// Immutable; may be used from any thread.
class Pattern {
 public:
  // The text of the expression may be invalid: see regex().ok().
  Pattern(std::string_view regex, const re2::RE2::Options& options);

  // Whether it matches a part of the text, or the whole.
  bool is_found_in(std::string_view text) const;
  bool matches(std::string_view text) const;
  const re2::RE2& regex() const { return regex_; }

 private:
  const re2::RE2 regex_;
  const std::vector<std::string> prefixes_;  // see required_prefixes()
};

// The index of the argument that is a pattern; negative: the function has none.
int pattern_argument(Function function);

// Bounded in memory by RE2. The error says what is wrong with the pattern.
std::expected<std::shared_ptr<const Pattern>, std::string> prepare_pattern(Function function,
                                                                           std::string_view text);

}  // namespace millrace::ottl
