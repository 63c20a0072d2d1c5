// The patterns of calls: regular expressions, and globs where a function reads them.
#pragma once

#include <re2/re2.h>

#include <array>
#include <cstdint>
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
  bool is_found_in(std::string_view text) const { return may_begin(text) && is_searched_in(text); }
  bool matches(std::string_view text) const;
  const re2::RE2& regex() const { return regex_; }
  // Texts that are not empty, with one of which each text begins in which it is found; or none.
  const std::vector<std::string>& prefixes() const { return prefixes_; }

 private:
  bool may_begin(std::string_view text) const {
    return prefixes_.empty() || (!text.empty() && first_bytes_[static_cast<uint8_t>(text[0])]);
  }
  bool is_searched_in(std::string_view text) const;

  const re2::RE2 regex_;
  std::vector<std::string> prefixes_;       // see required_prefixes(); none of them is empty
  std::array<bool, 256> first_bytes_ = {};  // of the prefixes
  const std::string before_digit_;          // see required_before_digit()
};

// The index of the argument that is a pattern; negative: the function has none.
int pattern_argument(Function function);

// Bounded in memory by RE2. The error says what is wrong with the pattern.
std::expected<std::shared_ptr<const Pattern>, std::string> prepare_pattern(Function function,
                                                                           std::string_view text);

}  // namespace millrace::ottl
